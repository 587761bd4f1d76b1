import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Layout } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { newToken } from '../../src/queue/token.js';
import { ensureNumbers, nextNumber } from '../../src/server/claim-numbers.js';
import { placeFile, replaceFile } from '../../src/server/place-file.js';
import { ServerPaths } from '../../src/server/server-paths.js';
import { type FileCall, type FileReply, MountedFiles } from '../../src/system/files.js';

let root: string;
let paths: ServerPaths;

beforeEach(() => {
  root = mkdtempSync('/tmp/fjr-place-');
  paths = new ServerPaths(new Layout(root));
  mkdirSync(paths.tokens, { recursive: true });
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Whose drafts somebody removes, so many times, before they have their names. */
class Raided {
  readonly #files = new MountedFiles({ shared: false, fsync: false });
  #raids: number;

  constructor(raids: number) {
    this.#raids = raids;
  }

  call(call: FileCall): FileReply {
    if ((call.op === 'link' || call.op === 'rename') && call.from.includes('/.draft-') && this.#raids > 0) {
      this.#raids -= 1;
      rmSync(call.from, { recursive: true });
    }
    return this.#files.call(call);
  }
}

/** A file server that makes links, and says that there was one. */
class Stammering {
  readonly #files = new MountedFiles({ shared: false, fsync: false });

  call(call: FileCall): FileReply {
    if (call.op === 'link') this.#files.call(call);
    return this.#files.call(call);
  }
}

function content(path: string): string {
  return readFileSync(path, 'utf8');
}

describe('a file whose draft goes away', () => {
  test('is placed all the same', () => {
    const path = paths.token('x');
    expect(perform(new Raided(2), placeFile(paths, path, 'whole', newToken()))).toBe('placed');
    expect(content(path)).toBe('whole');
    expect(readdirSync(dirname(path))).toEqual(['x.json']);
    expect(readdirSync(paths.directory)).toEqual(['tokens']);
  });

  test('again and again is not said to be placed', () => {
    const steps = placeFile(paths, paths.token('x'), 'whole', newToken());
    expect(() => perform(new Raided(Infinity), steps)).toThrow(
      `${paths.token('x')} cannot be written: its drafts disappear from ${paths.directory}`,
    );
  });

  test('is replaced all the same, or it is said that it was not', () => {
    const path = paths.token('x');
    perform(new Raided(1), replaceFile(paths, path, 'one', newToken()));
    expect(content(path)).toBe('one');
    const steps = replaceFile(paths, path, 'two', newToken());
    expect(() => perform(new Raided(Infinity), steps)).toThrow('cannot be written');
    expect(content(path)).toBe('one');
  });

  test('may be the directory of numbers', () => {
    perform(new Raided(2), ensureNumbers(paths, { job: 7, artifact: 1 }));
    expect(perform(new Raided(0), nextNumber(paths, 'job'))).toBe(7);
  });
});

test('what was placed, and is said to have been there, is ours', () => {
  const path = paths.token('x');
  expect(perform(new Stammering(), placeFile(paths, path, 'mine', newToken()))).toBe('placed');
  expect(perform(new Stammering(), placeFile(paths, path, 'yours', newToken()))).toBe('exists');
  expect(content(path)).toBe('mine');
});
