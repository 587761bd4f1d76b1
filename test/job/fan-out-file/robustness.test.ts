import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FanOutFileError } from '../../../src/job/fan-out-file/problems.js';
import { readRunFile } from '../../../src/job/read-run-file.js';
import { full as fullManifest } from '../manifest/examples.js';
import { full, fullFiles } from './full-example.js';
import { TestWorld } from './world.js';

/** Commands do not run: a text that was cut anywhere could be any command. */
class Still extends TestWorld {
  override execute(): ReturnType<TestWorld['execute']> {
    return { failure: undefined, stdout: 'x', stderr: '' };
  }
}

const files = { ...fullFiles, '/here/app/build/Dockerfile': 'FROM scratch\n' };
const right = [...full, fullManifest];

/** Whether a text is refused as a file that is wrong; anything else that is thrown is a bug. */
function refused(text: string): boolean {
  try {
    readRunFile(text, 'fjr.yaml', new Still({ files, directories: ['app'] }), { containers: true });
    return false;
  } catch (error) {
    if (!(error instanceof FanOutFileError)) throw error;
    const lines = text.split('\n');
    for (const { line, column, what } of error.problems) {
      expect(what).not.toContain('fjrTemplate');
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
    }
    return true;
  }
}

const piece = fc.oneof(
  fc.constantFrom(
    ...[
      '{{',
      '}}',
      '{{ .RunID }}',
      '{{ Env "X" | Required }}',
      '"',
      "'",
      ': ',
      '- ',
      '\n',
      '&a ',
      '*a',
      '[',
      ']',
    ],
    ...[
      '{',
      '}',
      '|\n',
      '? ',
      '!!str ',
      '# ',
      '~',
      '\t',
      '---\n',
      '__proto__: 1\n',
      '<<: *a\n',
      '\0',
      '-1',
      '1e9',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

test('a file with anything changed in it is read, or refused with places that are there', () => {
  const change = fc.tuple(fc.nat(), fc.nat({ max: 12 }), piece);
  fc.assert(
    fc.property(
      fc.constantFrom(...right),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (file, changes) => {
        let text = file;
        for (const [at, removed, added] of changes) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + added + text.slice(start + removed);
        }
        refused(text);
      },
    ),
    { numRuns: 1000 },
  );
});

test('the files that are changed are right before', () => {
  expect(right.map(refused)).toEqual(right.map(() => false));
});
