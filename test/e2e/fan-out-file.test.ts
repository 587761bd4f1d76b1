import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { type TaskLine, parseTaskLines } from '../../src/queue/task-line.js';
import { outcomesOf } from '../rig/fan-out.js';
import { type Rig, test } from '../rig/rig.js';

function write(rig: Rig, text: string): string {
  const path = `${rig.directory}/fjr.yaml`;
  writeFileSync(path, text);
  return path;
}

describe('fjr.yaml', () => {
  test('runs here and now, on workers of its own, and says what came of it', async ({ rig }) => {
    writeFileSync(`${rig.directory}/input.txt`, 'one\r\n\ntwo words\n$HOME `id`\n');
    const file = write(
      rig,
      'command: [sh, -c, \'printf "%s|%s" "$1" "$FJR_RUN_ID" > "$LEDGER/$FJR_TASK_INDEX"\', sh, "<{}>"]\n' +
        'input:\n  file:\n    path: input.txt\n    format: eachLine\nworkers:\n  local: 2\n',
    );
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(fjr-([0-9a-z]{10})\.run): 3 tasks\n\1: done\n$/);
    const id = /^fjr-(\w+)/.exec(stdout)?.[1] ?? '';
    const seen = [0, 1, 2].map((task) => readFileSync(`${rig.ledger}/${task}`, 'utf8'));
    expect(seen).toEqual([`<one>|${id}`, `<two words>|${id}`, `<$HOME \`id\`>|${id}`]);
    expect(rig.project().pods()).toEqual([]);
  }, 30_000);

  test('notes of every task how long it ran, and when it ended', async ({ rig }) => {
    const file = write(rig, 'command: sleep 0.0{}\ninput: [1, 5]\nworkers: { local: 1 }\n');
    const before = Date.now();
    await rig.run('fjr', ['run', file]);
    const after = Date.now();
    const outcomes = `${rig.project().root}/done/${rig.project().entries('done')[0]!}/outcomes`;
    const lines = parseTaskLines(readFileSync(`${outcomes}/${readdirSync(outcomes)[0]!}`, 'utf8'));
    const [first, second] = lines.map((line) => line as TaskLine);
    expect(lines).toHaveLength(2);
    expect(Number.isInteger(first!.at)).toBe(true);
    expect(first!.at).toBeGreaterThan(before);
    expect(second!.at! - first!.at!).toBeGreaterThanOrEqual(45);
    expect(second!.at).toBeLessThanOrEqual(after);
  });

  test('is resumed by what its inputs are, not by where they stand', async ({ rig }) => {
    const text = (inputs: string, end: string): string =>
      `name: sweep\ncommand: 'echo "$INPUT {{ .RunID }}" >> "$LEDGER/ran"; ${end}'\ninput: [${inputs}]\nworkers: { local: 2 }\n`;
    const file = write(rig, text('a, b, c', 'test -e "$LEDGER/gate" -o "$INPUT" != b'));
    const first = await rig.run('fjr', ['run', file]);
    expect(first.code).toBe(3);
    const name = /^(sweep-\w+\.run): 3 tasks/.exec(first.stdout)?.[1] ?? '';
    expect(first.stderr).toBe(
      `fjr: ${name}: 1 of 3 tasks failed\nhint: fjr --project default show ${name} says which; fjr --project default retry ${name} tries those again\n`,
    );
    writeFileSync(`${rig.ledger}/gate`, '');
    write(rig, text('new, c, b, a', 'test -e "$LEDGER/gate" -o "$INPUT" != b'));
    const second = await rig.run('fjr', ['run', '--resume', name, file]);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain(': 2 tasks\n');
    const ran = readFileSync(`${rig.ledger}/ran`, 'utf8').split('\n').slice(0, -1);
    expect(ran.map((line) => line.split(' ')[0]).sort()).toEqual(['a', 'b', 'b', 'c', 'new']);
  }, 30_000);

  test('is resumed input by input: of equal ones as many are left out as are done', async ({ rig }) => {
    // Of each input the first task that comes fails, as long as the gate is shut.
    const once =
      'mkdir "$LEDGER/$INPUT" && test -e "$LEDGER/gate" || test -d "$LEDGER/$INPUT/again" || { mkdir "$LEDGER/$INPUT/again"; exit 1; }';
    const text = (inputs: string): string =>
      `command: 'echo "$INPUT" >> "$LEDGER/ran"; ${once}'\ninput: [${inputs}]\nworkers: { local: 1 }\n`;
    const file = write(rig, text('a, a, b, b, b, c, c'));
    const first = await rig.run('fjr', ['run', file]);
    const name = /^\S+?(?=:)/.exec(first.stdout)![0];
    expect(first.stderr).toContain(': 3 of 7 tasks failed\n');
    writeFileSync(`${rig.ledger}/gate`, '');
    for (const [inputs, left] of [
      ['a, a, b, b, b, c, c', 'a,b,c'],
      ['c, b, a', ''],
      ['c, a, b, b, a, b, b', 'a,b,b'],
      ['a, a, c', 'a'],
    ] as const) {
      writeFileSync(`${rig.ledger}/ran`, '');
      write(rig, text(inputs));
      const { code, stdout, stderr } = await rig.run('fjr', ['run', '--resume', name, file]);
      const all = readFileSync(`${rig.ledger}/ran`, 'utf8').split('\n').slice(0, -1);
      expect([inputs, all.sort().join(',')]).toEqual([inputs, left]);
      expect([code, stderr]).toEqual([0, '']);
      if (left === '') expect(stdout).toBe(`${name}: nothing is left to do\n`);
    }
  }, 60_000);

  test('is submitted to the project’s crews, with items of its pools', async ({ rig }) => {
    await rig.run('fjr', ['pool', 'add', 'PROXY', 'p1', 'p2']);
    const file = write(
      rig,
      `command: |
  mkdir "$LEDGER/$TASK_RESOURCE_PROXY" || exit 9
  echo "$TASK_RESOURCE_PROXY" >> "$LEDGER/used"
  rmdir "$LEDGER/$TASK_RESOURCE_PROXY"
input: { range: 1..60 }
task_resources:
  - PROXY: { pool: PROXY }
`,
    );
    await rig.startCrew(['--workers', '4']);
    const { stdout } = await rig.run('fjr', ['submit', file]);
    expect(stdout).toMatch(/^fjr-\w+\.run\n$/);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    const used = readFileSync(`${rig.ledger}/used`, 'utf8').split('\n').slice(0, -1);
    expect(used).toHaveLength(60);
    expect([...new Set(used)].sort()).toEqual(['p1', 'p2']);
    const { accepted } = outcomesOf(`${rig.project().root}/done/${rig.project().entries('done')[0]!}`);
    expect([...accepted.values()].every((kind) => kind === 'done')).toBe(true);
  }, 30_000);

  test('brings items of its own, which go with it, and calls the project’s as it likes', async ({ rig }) => {
    await rig.run('fjr', ['pool', 'add', 'licences', 'l1']);
    writeFileSync(`${rig.directory}/accounts.txt`, 'me:1\nyou:2\n');
    const file = write(
      rig,
      `command: 'echo "$TASK_RESOURCE_ACCOUNT $TASK_RESOURCE_LICENCE" >> "$LEDGER/used"'
input: { range: 1..20 }
workers: { local: 3 }
task_resources:
  - ACCOUNT: { file: { path: accounts.txt, format: eachLine } }
  - LICENCE: { pool: licences }
`,
    );
    expect((await rig.run('fjr', ['check', file])).stdout).toContain(
      '  at once  1: items of pool licences\n',
    );
    expect(await rig.run('fjr', ['run', file])).toMatchObject({ code: 0, stderr: '' });
    const used = readFileSync(`${rig.ledger}/used`, 'utf8').split('\n').slice(0, -1);
    expect(used).toHaveLength(20);
    expect(used.filter((line) => !/^(me:1|you:2) l1$/.test(line))).toEqual([]);
    expect(readdirSync(`${rig.project().root}/resources`)).toEqual(['licences']);
  }, 30_000);

  test('is checked without running anything, secrets left out', async ({ rig }) => {
    const file = write(
      rig,
      'command: "curl -u me:{{ Env "PASSWORD" }} {}"\ninput: { range: 1..5 }\nworkers: { local: 2 }\n',
    );
    const env = { PASSWORD: 's3cret: "x' };
    const { code, stdout, stderr } = await rig.run('fjr', ['check', file], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('s3cret');
    expect(stdout).toContain(' is fine: 5 tasks\n');
    expect(stdout).toContain('  at once  2: workers.local\n  at once  5: tasks\n');
    const json = JSON.parse((await rig.run('fjr', ['--json', 'check', file], { env })).stdout) as unknown;
    expect(json).toMatchObject({ tasks: 5, columns: [], limits: [{ tasks: 2 }, { tasks: 5 }] });
    expect(rig.project().places()).toEqual({ jobqueue: [], running: [], done: [], failed: [] });
    const { stdout: name } = await rig.run('fjr', ['submit', file], { env });
    expect((await rig.run('fjr', ['show', name.trim()])).stdout).not.toContain('s3cret');
  });

  test('that is wrong is told of whole, and nothing runs', async ({ rig }) => {
    const file = write(rig, 'comand: "true"\ninput: [a]\nretries: many\n');
    for (const command of ['check', 'submit', 'run']) {
      const { code, stdout, stderr } = await rig.run('fjr', [command, file]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr.split('\n')[0]).toBe(`fjr: ${file} has 3 problems:`);
      expect(stderr).toContain('unknown key "comand" (did you mean "command"?)');
    }
    expect(rig.project().entries('jobqueue')).toEqual([]);
  });
});
