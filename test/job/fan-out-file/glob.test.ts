import { describe, expect, test } from 'vitest';
import { type DirectoryEntry, expandGlob } from '../../../src/job/fan-out-file/glob.js';

const paths = [
  'a.png',
  'b10.png',
  'b2.png',
  '.hidden.png',
  'x*y',
  'data/c.png',
  'data/deep/d.png',
  'data/deep/e.jpg',
  'data/.secret/f.png',
  'run[1]/g.png',
  '{z}/h.png',
];

/** Directories by their paths, and which were looked at. `data/loop` is a link to `data`. */
function tree(): { list: (path: string) => readonly DirectoryEntry[] | undefined; seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    list(path) {
      seen.push(path);
      const inside = path.replace(/^\.\//, '').replace('data/loop/', 'data/');
      const entries = new Map<string, DirectoryEntry>();
      for (const rest of paths
        .filter((file) => file.startsWith(inside))
        .map((file) => file.slice(inside.length))) {
        const [name = '', ...below] = rest.split('/');
        entries.set(name, { name, kind: below.length === 0 ? 'file' : 'directory' });
      }
      if (inside === 'data/') entries.set('loop', { name: 'loop', kind: 'link-to-directory' });
      return entries.size === 0 ? undefined : [...entries.values()];
    },
  };
}

function expand(pattern: string): string[] {
  return [...expandGlob(pattern, tree().list)];
}

describe('a pattern', () => {
  test.each([
    ['*.png', ['a.png', 'b2.png', 'b10.png']],
    ['b?.png', ['b2.png']],
    ['[ab]*', ['a.png', 'b2.png', 'b10.png']],
    ['[!b]*.png', ['a.png']],
    ['.*', ['.hidden.png']],
    ['x\\*y', ['x*y']],
    ['{a,b{2,3}}.png', ['a.png', 'b2.png']],
    ['{z}/*', ['{z}/h.png']],
    ['run[[]1]/*', ['run[1]/g.png']],
    ['data/*', ['data/c.png', 'data/deep', 'data/loop']],
    ['*/c.png', ['data/c.png']],
    ['data/loop/c.*', ['data/loop/c.png']],
    ['data/**/*.png', ['data/c.png', 'data/deep/d.png']],
    ['data/deep/**', ['data/deep/d.png', 'data/deep/e.jpg']],
    ['**/**/e.jpg', ['data/deep/e.jpg']],
    ['./a.*', ['./a.png']],
    ['a.png', ['a.png']],
    ['none/*', []],
    ['[z-a]*', []],
    ['[*', []],
    ['a.png/*', []],
    ['', []],
  ])('%s', (pattern, expected) => {
    expect(expand(pattern)).toEqual(expected);
  });

  test('is followed as its paths are asked for', () => {
    const { list, seen } = tree();
    for (const _ of expandGlob('**/*.png', list)) break;
    expect(seen).toEqual(['']);
  });
});
