import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, test } from '../rig/rig.js';

/** What one call of `fjr run` comes to. */
async function run(
  rig: Rig,
  ...args: string[]
): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await rig.run('fjr', ['run', ...args]);
  return { code: code ?? undefined, stdout, stderr };
}

describe('fjr run', () => {
  test('passes inputs exactly, in the order asked for, and leaves no project behind', async ({ rig }) => {
    const inputs = [
      'plain',
      'a b',
      "it's",
      'say "hi"',
      '$HOME',
      '`id`',
      'back\\slash',
      'é日本',
      'two\nlines',
      '*',
      '',
    ];
    const { code, stdout, stderr } = await run(rig, '-k', 'printf', '<%s>', '{}', ':::', ...inputs);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: inputs.map((input) => `<${input}>`).join(''),
      stderr: '',
    });
    expect(readdirSync(rig.fjrHome)).toEqual([]);
  });

  test('quotes placeholders for where they stand in a line for the shell', async ({ rig }) => {
    const line = `echo {#} {.} "in {/}" 'and {//}'`;
    const { stdout } = await run(rig, line, ':::', 'some dir/x y.txt');
    expect(stdout).toBe('1 some dir/x y in x y.txt and some dir\n');
  });

  test('gives each combination of several lists', async ({ rig }) => {
    const { stdout } = await run(rig, '-k', 'echo {1}-{2}', ':::', 'a', 'b', ':::', '1', '2');
    expect(stdout).toBe('a-1\na-2\nb-1\nb-2\n');
  });

  test("knows fjd's forms: numbered parameters, and the same again", async ({ rig }) => {
    const parameters = await run(rig, '-k', '--exe', 'echo got $1 and', '--parameters', 'a b#c,d#e');
    expect(parameters.stdout).toBe('got a b and c\ngot d and e\n');
    expect((await run(rig, '--exe', 'echo x', '--repeat', '3')).stdout).toBe('x\nx\nx\n');
  });

  test('says which inputs failed, and exits with 3', async ({ rig }) => {
    const { code, stderr } = await run(rig, 'test {} != 2', ':::', '1', '2', '3');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^fjr: input 2: exit code 1\nfjr: 1 of 3 jobs failed\.\n/);
  });

  test('passes options after the command to the command', async ({ rig }) => {
    const { code } = await run(rig, 'mkdir', '-p', '{}', ':::', join(rig.fjrHome, '../made/deep'));
    expect(code).toBe(0);
  });

  test('reads inputs from a file, and settings from its own options', async ({ rig }) => {
    const list = join(rig.fjrHome, '..', 'list');
    writeFileSync(list, 'one\n\ntwo\n');
    const { stdout } = await run(rig, '-k', '--inputs', list, 'echo {}');
    expect(stdout).toBe('one\ntwo\n');
    const slow = await run(rig, '--timeout', '0.2', 'sleep {}', ':::', '60');
    expect(slow.code).toBe(3);
    expect(slow.stderr).toContain('fjr: input 60: timed out after 0.2 s\n');
  });
});
