import { describe, expect, test } from 'vitest';
import { FanOutFileError } from '../../../src/job/fan-out-file/problems.js';
import { readFanOutFile } from '../../../src/job/fan-out-file/read-fan-out-file.js';
import { TestWorld } from './world.js';
import { files, wrongFiles } from './wrong-files.js';

/** Message and hint of a refusal, line by line. */
function refusal(text: string, world: TestWorld): string[] {
  try {
    readFanOutFile(text, 'fjr.yaml', world);
  } catch (error) {
    if (!(error instanceof FanOutFileError)) throw error;
    expect(error.code).toBe('bad-fan-out-file');
    const hint = error.hint === undefined ? [] : [`hint: ${error.hint}`];
    return [error.message, ...hint].join('\n').split('\n');
  }
  throw new Error('the file was accepted');
}

describe('a wrong fan-out file is refused, and told all that is wrong with it', () => {
  test.each(wrongFiles)('$what', ({ lines, says }) => {
    const world = new TestWorld({ env: { SECRET: 'hunter2' }, files });
    expect(refusal(lines.map((line) => `${line}\n`).join(''), world)).toEqual(says);
  });

  test('with line ends of Windows, too', () => {
    const text = 'command: a\r\ninput: [1]\r\nretries: many\r\n';
    expect(refusal(text, new TestWorld())).toEqual([
      'fjr.yaml, line 3, column 10: retries is "many"',
      'hint: expected a whole number from 0 to 1000',
    ]);
  });

  test('behind a byte order mark, too', () => {
    expect(refusal('\uFEFFinput: [1]\n', new TestWorld())).toEqual([
      'fjr.yaml, line 1, column 1: neither docker nor command is there',
      'hint: say what each task runs',
    ]);
  });

  test('at its place in the text as it was written, behind templates of any length', () => {
    const text = 'command: [{{ Env "A_RATHER_LONG_NAME_OF_A_VARIABLE" }}, {{ .RunID }}, {}]\ninput: [1]\n';
    expect(refusal(text, new TestWorld())).toEqual([
      'fjr.yaml, line 1, column 71: command[2] is an empty map',
      'hint: expected text',
    ]);
  });

  test('without running a command, if it is no YAML', () => {
    const world = new TestWorld();
    refusal('command: {{ Exec "echo a" }}\n  input: [1]\n', world);
    expect(world.commands).toEqual([]);
  });

  test('however deep it is', () => {
    const depth = 20_000;
    const [first] = refusal(`command: a\ninput: ${'['.repeat(depth)}${']'.repeat(depth)}\n`, new TestWorld());
    expect(first).toMatch(/^fjr\.yaml/);
  });

  test('however much is wrong with it, in one page', () => {
    const count = 20_000;
    const text = `command: a\ninput:\n${'  - { a: 1 }\n'.repeat(count)}`;
    const said = refusal(text, new TestWorld());
    expect(said).toHaveLength(1 + 50 + 1);
    expect([said[0], said[50], said[51]]).toEqual([
      'fjr.yaml has 20000 problems:',
      '  line 52, column 5: input[49] is a map (expected text)',
      '  and 19950 more',
    ]);
  });

  test('without showing what a template may have taken from a password', () => {
    const password = 'hunter2 is long enough to be found';
    for (const key of [
      'retries',
      'timeout',
      'max_failures',
      'fail_fast',
      'labels',
      'input',
      'nice',
      'docker',
    ]) {
      const text = `command: a\ninput: [1]\n${key}: {{ Env "P" }}\n`.replace(/input: \[1\]\n(?=input)/, '');
      const world = new TestWorld({ env: { P: password } });
      const said = refusal(key === 'labels' ? text.replace('{{', '/ {{') : text, world);
      expect(said.join('\n')).not.toContain('hunter2');
    }
  });
});
