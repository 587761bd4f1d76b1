import { describe, expect, test } from 'vitest';
import { FanOutFileError } from '../../../src/job/fan-out-file/problems.js';
import { readRunFile } from '../../../src/job/read-run-file.js';
import { TestWorld } from '../fan-out-file/world.js';
import { given, wrongManifests } from './wrong-manifests.js';

/** Message and hint of a refusal, line by line. */
function refusal(text: string, containers: boolean): string[] | undefined {
  try {
    readRunFile(text, 'manifest.yaml', new TestWorld(given), { containers });
    return undefined;
  } catch (error) {
    if (!(error instanceof FanOutFileError)) throw error;
    const hint = error.hint === undefined ? [] : [`hint: ${error.hint}`];
    return [error.message, ...hint].join('\n').split('\n');
  }
}

describe('a wrong manifest is refused, and told all that is wrong with it', () => {
  test.each(wrongManifests)('$what', ({ lines, says }) => {
    expect(refusal(lines.map((line) => `${line}\n`).join(''), true)).toEqual(says);
  });
});

test('without containers nobody asks for a Dockerfile, but the directory must be there', () => {
  const text = (context: string): string =>
    `kind: AIchorManifest
apiVersion: 0.2.1
builder: { image: x, context: ${context} }
spec:
  operator: tf
  command: a
  types: { Worker: { count: 1, resources: { cpus: 1, ramRatio: 1 } } }
`;
  expect(refusal(text('empty'), false)).toBeUndefined();
  expect(refusal(text('nowhere'), false)).toEqual([
    'manifest.yaml, line 3, column 31: builder.context: nowhere is no directory',
    'hint: it was looked for as /here/nowhere',
  ]);
});
