import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect } from 'vitest';
import { outcomesOf } from '../rig/fan-out.js';
import { processesWith } from '../rig/processes.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

function write(rig: Rig, text: string, name = 'fjr.yaml'): string {
  const path = `${rig.directory}/${name}`;
  writeFileSync(path, text);
  return path;
}

/** What a run's tasks printed, as they are numbered. */
function printed(rig: Rig, place: 'done' | 'failed' = 'done'): string[] {
  const project = rig.project();
  const { accepted, output } = outcomesOf(`${project.root}/${place}/${project.entries(place)[0]!}`);
  return [...accepted.keys()].sort((a, b) => a - b).map(output);
}

function ran(rig: Rig, file = 'ran'): string[] {
  return readFileSync(`${rig.ledger}/${file}`, 'utf8').split('\n').slice(0, -1);
}

describe('fail_fast', () => {
  test('stops what runs in every crew, and begins no more', async ({ rig }) => {
    const file = write(
      rig,
      `command: 'echo "$INPUT" >> "$LEDGER/ran"; [ "$INPUT" = 3 ] || exec sleep 600; while [ "$(wc -l < "$LEDGER/ran")" -lt 4 ]; do sleep 0.05; done; exit 9'
input: { range: 1..100 }
fail_fast: true
`,
    );
    for (let crew = 0; crew < 2; crew++) await rig.startCrew(['--workers', '2']);
    await rig.run('fjr', ['submit', file]);
    expect((await rig.run('fjr-dispatcher')).code).toBe(3);
    expect(ran(rig)).toHaveLength(4);
    const project = rig.project();
    const [verdict] = project.journal().filter(({ event }) => event === 'verdict');
    expect(verdict).toMatchObject({ outcome: { kind: 'tasks', tasks: 100, failed: 4, left: 96 } });
    const { accepted } = outcomesOf(`${project.root}/failed/${project.entries('failed')[0]!}`);
    expect([...accepted.values()].sort()).toEqual(['cancelled', 'cancelled', 'cancelled', 'exit']);
  }, 30_000);

  test('counts a task when all its tries have failed, and not before', async ({ rig }) => {
    const file = write(
      rig,
      `command: 'echo "$INPUT" >> "$LEDGER/ran"; [ "$INPUT" != 2 ] || [ "$FJR_ATTEMPT" = 3 ]'
input: { range: 1..30 }
fail_fast: true
retries: 2
retry_delay: 0
workers: { local: 1 }
`,
    );
    expect(await rig.run('fjr', ['run', file])).toMatchObject({ code: 0, stderr: '' });
    expect(ran(rig)).toHaveLength(32);
  }, 30_000);

  test('can be tried again: what failed, and what was not begun', async ({ rig }) => {
    const file = write(
      rig,
      `command: 'test -e "$LEDGER/gate" -o "$INPUT" != 5'
input: { range: 1..40 }
fail_fast: true
workers: { local: 2 }
`,
    );
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/ tasks failed, \d+ not begun\n/);
    writeFileSync(`${rig.ledger}/gate`, '');
    await rig.run('fjr', ['retry', /^\S+?(?=:)/.exec(stdout)![0]]);
    await rig.startCrew(['--workers', '2']);
    expect((await rig.run('fjr-dispatcher')).stdout).toMatch(/40 done, 0 failed/);
  }, 30_000);
});

describe('A task that is tried again', () => {
  const note = 'echo "$INPUT $FJR_WORKER_ID" >> "$LEDGER/ran"';
  function workersOf(rig: Rig, input: number): string[] {
    return ran(rig).flatMap((line) => (line.startsWith(`${input} `) ? [line.split(' ')[1]!] : []));
  }

  test('goes to another worker each time, of its own crew or another', async ({ rig }) => {
    const file = write(
      rig,
      `command: '${note}; [ "$FJR_ATTEMPT" = 4 ]'\ninput: { range: 1..12 }\nretries: 3\nretry_delay: 0\n`,
    );
    for (const workers of ['3', '1']) await rig.startCrew(['--workers', workers]);
    await rig.run('fjr', ['submit', file]);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    const each = Array.from({ length: 12 }, (_, index) => new Set(workersOf(rig, index + 1)).size);
    // On a host that stands still for a second, one may have been given to whoever was free.
    expect(each.filter((workers) => workers === 4).length).toBeGreaterThanOrEqual(11);
  }, 60_000);

  test('goes to the same worker at once if there is no other', async ({ rig }) => {
    const file = write(
      rig,
      `command: '${note}; [ "$FJR_ATTEMPT" = 3 ]'\ninput: [1]\nretries: 2\nretry_delay: 0\n`,
    );
    await rig.startCrew(['--workers', '1']);
    await rig.run('fjr', ['submit', file]);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    const slices = rig
      .project()
      .journal()
      .filter(({ event }) => event === 'slice');
    const [first, , third] = slices.map(({ time }) => Date.parse(time));
    // Waiting for another would have taken five seconds each time.
    expect(third! - first!).toBeLessThan(5000);
    expect(workersOf(rig, 1)).toHaveLength(3);
  }, 30_000);

  test('goes to the same worker after some waiting if the others stay busy, who lacks no work meanwhile', async ({
    rig,
  }) => {
    // Slices begin with two tasks: the other worker has the third until the first has been tried twice.
    const file = write(
      rig,
      `command: |
  ${note}
  case "$INPUT" in
    1) while ! grep -q "^3 " "$LEDGER/ran"; do sleep 0.05; done; [ "$FJR_ATTEMPT" = 2 ];;
    3) while [ "$(grep -c "^1 " "$LEDGER/ran")" -lt 2 ]; do sleep 0.05; done;;
  esac
input: { range: 1..30 }
retries: 1
retry_delay: 0
`,
    );
    await rig.startCrew(['--workers', '2']);
    await rig.run('fjr', ['submit', file]);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    expect(new Set(workersOf(rig, 1)).size).toBe(1);
    const order = ran(rig).map((line) => line.split(' ')[0]);
    expect(order.lastIndexOf('1')).toBeGreaterThan(order.indexOf('20'));
  }, 60_000);
});

describe('worker_resources', () => {
  // Each task makes a directory named after its item, and fails if somebody else is in it.
  const exclusive = `
  mkdir "$LEDGER/$WORKER_RESOURCE_PROXY" || { echo "$WORKER_RESOURCE_PROXY" >> "$LEDGER/overlap"; exit 9; }
  echo "$FJR_WORKER_ID $WORKER_RESOURCE_PROXY $TASK_RESOURCE_SEAT" >> "$LEDGER/ran"
  sleep 0.02
  rmdir "$LEDGER/$WORKER_RESOURCE_PROXY"`;

  function holdings(rig: Rig): Map<string, Set<string>> {
    const held = new Map<string, Set<string>>();
    for (const line of ran(rig)) {
      const [worker = '', item = ''] = line.split(' ');
      held.set(worker, (held.get(worker) ?? new Set()).add(item));
    }
    return held;
  }

  test('give each worker one item for the whole run, and use no more workers than there are items', async ({
    rig,
  }) => {
    const file = write(
      rig,
      `command: |${exclusive}
input: { range: 1..200 }
worker_resources: [{ PROXY: { items: [p1, p2, p3] } }]
task_resources: [{ SEAT: { items: [s1, s2, s3, s4] } }]
`,
    );
    for (let crew = 0; crew < 2; crew++) await rig.startCrew(['--workers', '3']);
    expect((await rig.run('fjr', ['check', file])).stdout).toContain('\n  at once  3: items of PROXY\n');
    await rig.run('fjr', ['submit', file]);
    const status = await rig.run('fjr', ['status']);
    expect(status.stdout).toContain('\n    at once 3: items of PROXY\n');
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    const held = [...holdings(rig).values()].map((items) => [...items]);
    expect(held.map((items) => items.length)).toEqual([1, 1, 1]);
    expect(held.flat().sort()).toEqual(['p1', 'p2', 'p3']);
    expect(new Set(ran(rig).map((line) => line.split(' ')[2])).has('')).toBe(false);
    expect(readdirSync(`${rig.project().root}/resources`)).toEqual([]);
  }, 60_000);

  test('never give one item to two, whoever is killed, and go to others when a crew has died', async ({
    rig,
  }) => {
    await rig.run('fjr', ['pool', 'add', 'shared', 'p1', 'p2']);
    const file = write(
      rig,
      // What a killed task leaves behind is removed by who knows that it is dead: the next of its worker's item.
      `command: |
  trap 'rmdir "$LEDGER/$WORKER_RESOURCE_PROXY"; exit 1' TERM${exclusive}
input: { range: 1..400 }
worker_resources: [{ PROXY: { pool: shared } }]
retries: 3
retry_delay: 0
`,
    );
    await rig.run('fjr', ['submit', file]);
    let dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    let crew = await rig.startCrew(['--workers', '3']);
    for (let round = 1; round <= 3; round++) {
      await waitUntil(
        'some tasks have run',
        () => (existsSync(`${rig.ledger}/ran`) ? ran(rig).length : 0),
        (count) => count >= round * 60,
      );
      dispatcher.signal('SIGKILL');
      await dispatcher.ends();
      if (round < 3) {
        crew.signal('SIGKILL');
        await crew.ends();
        // Its tasks died with it, and could not clear up.
        const theirs = [...holdings(rig).values()].flatMap((items) => [...items]);
        await waitUntil(
          'its tasks are dead',
          () => processesWith('LEDGER', rig.ledger).filter(({ command }) => command.startsWith('/bin/sh -c')),
          (left) => left.length === 0,
        );
        for (const item of theirs) rmSync(`${rig.ledger}/${item}`, { recursive: true, force: true });
        crew = await rig.startCrew(['--workers', '3']);
      }
      dispatcher = rig.start('fjr-dispatcher', round < 3 ? ['--keep-running'] : []);
    }
    expect((await dispatcher.ends(60)).code).toBe(0);
    expect(existsSync(`${rig.ledger}/overlap`)).toBe(false);
    const held = [...holdings(rig)];
    for (const [worker, items] of held) expect([worker, items.size]).toEqual([worker, 1]);
    expect(held.length).toBe(6);
    expect(readdirSync(`${rig.project().root}/resources/shared`).sort()).toEqual(['p1', 'p2']);
  }, 120_000);

  test('that name a pool twice are refused', async ({ rig }) => {
    const file = write(
      rig,
      'command: "true"\ninput: [a]\nworker_resources: [{ A: { pool: P } }]\ntask_resources: [{ B: { pool: P } }]\n',
    );
    expect(await rig.run('fjr', ['check', file])).toMatchObject({
      code: 1,
      stderr: `fjr: ${file}: the pool P is named twice\nhint: a task has one item of a pool: name it once, or make another pool\n`,
    });
  });
});

describe('workers.logs.file', () => {
  const text = (levels: string, directory = 'logs/{{ .RunID }}'): string => `command: |
  echo "out $INPUT"
  printf "err $INPUT" >&2
  if [ "$INPUT" = 2 ]; then yes | head -c 3000000; fi
  [ "$INPUT" != 1 ] || [ "$FJR_ATTEMPT" = 2 ]
input: { range: 1..3 }
retries: 1
retry_delay: 0
workers:
  local: 1
  logs: { file: { directory: '${directory}'${levels} } }
`;

  function logsBelow(rig: Rig, stdout: string): Map<string, string> {
    const directory = `${rig.directory}/logs/${/^fjr-(\w+)/.exec(stdout)![1]!}`;
    const [worker] = readdirSync(directory);
    expect(worker).toMatch(/^worker=\S+\.1$/);
    const names = readdirSync(`${directory}/${worker!}`);
    return new Map(names.map((name) => [name, readFileSync(`${directory}/${worker!}/${name}`, 'utf8')]));
  }

  test('has what each task printed, how it ended, and that it was tried again, of long output both ends', async ({
    rig,
  }) => {
    const { code, stdout, stderr } = await rig.run('fjr', ['run', write(rig, text(''))]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const logs = logsBelow(rig, stdout);
    expect([...logs.keys()].sort()).toEqual(['task=0.txt', 'task=1.txt', 'task=2.txt']);
    const time = String.raw`\d{4}-\d\d-\d\dT\S+Z`;
    const tried = (attempt: number, end: string): string =>
      `\\[fjr\\] ${time} started by worker \\S+\\.1, attempt ${attempt}\nout 1\n\\[fjr\\] standard error:\nerr 1\n` +
      `\\[fjr\\] ${time} exit code ${end}\n`;
    expect(logs.get('task=0.txt')).toMatch(
      new RegExp(`^${tried(1, '1 after \\d+ ms; it is tried again')}${tried(2, '0 after \\d+ ms')}$`),
    );
    const long = logs.get('task=1.txt')!;
    expect(long.length).toBeLessThan(2 * 2 ** 20 + 500);
    expect(long).toContain(`\n[fjr: ${3_000_006 - 2 * 2 ** 20} bytes left out here]\n`);
    expect(long).toMatch(/y\n\[fjr\] standard error:\nerr 2\n\[fjr\] \S+ exit code 0 after \d+ ms\n$/);
  }, 30_000);

  test('leaves out the levels that are switched off', async ({ rig }) => {
    const { stdout } = await rig.run('fjr', ['run', write(rig, text(', system: false, stdout: false'))]);
    expect(logsBelow(rig, stdout).get('task=0.txt')).toBe('err 1\nerr 1\n');
  }, 30_000);

  test('costs a line and no task where it cannot be written', async ({ rig }) => {
    writeFileSync(`${rig.directory}/taken`, '');
    const crew = await rig.startCrew(['--workers', '1']);
    const file = write(rig, text('', 'taken/logs').replace('  local: 1\n', ''));
    await rig.run('fjr', ['submit', file]);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    await crew.ends();
    expect(crew.stderr).toMatch(
      /^\[fjr-worker\] logs of tasks cannot be written: cannot make the directory \S+\/taken\/logs\/worker=\S+: ENOTDIR\nhint: tasks go on; /,
    );
    expect(printed(rig)).toHaveLength(3);
  }, 30_000);
});

describe('A fan-out file in the queue', () => {
  test('is submitted by a crew, its paths beginning where workers were hired, and runs once', async ({
    rig,
  }) => {
    mkdirSync(`${rig.directory}/lab`);
    writeFileSync(`${rig.directory}/lab/input.txt`, 'a\nb c\n');
    await rig.startCrew(['--workers', '2'], { cwd: `${rig.directory}/lab` });
    const project = rig.project();
    for (const name of ['sweep.yaml', 'other.YML'])
      writeFileSync(
        `${project.root}/jobqueue/${name}`,
        'command: \'echo "$INPUT $(basename "$PWD")" >> "$LEDGER/ran"\'\ninput: { file: { path: input.txt } }\n',
      );
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    expect(ran(rig).sort()).toEqual(['a lab', 'a lab', 'b c lab', 'b c lab']);
    const done = project.jobs('done').sort();
    expect(done).toEqual([
      expect.stringMatching(/^other-\w+\.run$/),
      'other.YML',
      expect.stringMatching(/^sweep-\w+\.run$/),
      'sweep.yaml',
    ]);
    expect((await rig.run('fjr', ['logs', 'sweep.yaml'])).stdout).toBe(`${done[2]!}\n`);
  }, 30_000);

  test('fails with all that is wrong with it, where its job’s errors are', async ({ rig }) => {
    await rig.startCrew();
    const project = rig.project();
    writeFileSync(`${project.root}/jobqueue/fjr.yaml`, 'comand: "true"\ninput: { range: 1..x }\n');
    expect((await rig.run('fjr-dispatcher')).code).toBe(3);
    expect(project.jobs('failed')).toEqual(['fjr.yaml']);
    const { stderr } = await rig.run('fjr', ['logs', 'fjr.yaml']);
    expect(stderr).toMatch(/fjr@\w+\.yaml has 3 problems:\n/);
    expect(stderr).toContain('unknown key "comand" (did you mean "command"?)');
  }, 30_000);

  test('that was submitted before is left out, unless it is another file or was written since', async ({
    rig,
  }) => {
    const file = write(rig, 'command: "true"\ninput: [a]\n');
    const submit = (path: string): ReturnType<Rig['run']> => rig.run('fjr', ['submit', '--once', path]);
    const first = await submit(file);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    renameSync(file, `${rig.directory}/fjr@0123456789.yaml`);
    const again = await submit(`${rig.directory}/fjr@0123456789.yaml`);
    expect(again).toEqual({
      ...first,
      stderr: `fjr: ${first.stdout.trim()} was submitted before\n`,
    });
    await rig.startCrew();
    expect((await rig.run('fjr-dispatcher')).code).toBe(0);
    expect((await submit(`${rig.directory}/fjr@0123456789.yaml`)).stderr).toBe(again.stderr);
    const other = await submit(write(rig, 'command: "true"\ninput: [a]\n'));
    expect(other).toMatchObject({ code: 0, stderr: '' });
    expect(rig.project().entries('jobqueue')).toEqual([other.stdout.trim()]);
  }, 30_000);
});

describe('shards', () => {
  test('of a range are contiguous pieces, each of which is a task that knows its bounds and has its numbers', async ({
    rig,
  }) => {
    const file = write(
      rig,
      `command: 'echo "$FJR_SHARD/$FJR_SHARD_COUNT {1}-{2} $INPUT $FJR_RANGE_START $FJR_RANGE_END $(paste -sd+ "$FJR_SHARD_FILE" | bc)"'
input: { range: 1..1000 }
shards: 10
workers: { local: 2 }
`,
    );
    const check = await rig.run('fjr', ['check', file]);
    expect(check.stdout).toContain(' is fine: 10 tasks\n');
    expect(check.stdout).toContain('  input    1 100\n  input    101 200\n');
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^fjr-\w+\.run: 10 tasks\n/);
    const sum = (first: number): number => ((2 * first + 99) * 100) / 2;
    expect(printed(rig)).toEqual(
      Array.from({ length: 10 }, (_, shard) => {
        const [start, end] = [shard * 100 + 1, shard * 100 + 100];
        return `${shard}/10 ${start}-${end} ${start} ${end} ${start} ${end} ${sum(start)}\n`;
      }),
    );
  }, 30_000);

  test('of a list hold its lines as they are, and of a table an object for each', async ({ rig }) => {
    writeFileSync(`${rig.directory}/names.txt`, 'one\ntwo words\n$HOME `id`\n\nlast');
    writeFileSync(`${rig.directory}/table.csv`, 'name,"x y"\na,"1\n2"\nb,3\n');
    const text = (input: string): string =>
      `command: 'echo "$FJR_SHARD $FJR_RANGE_START-$FJR_RANGE_END"; cat "$FJR_SHARD_FILE"'\n${input}\nworkers: { local: 2 }\n`;
    const list = write(rig, text('input: { command: cat names.txt }\nshards: 3'));
    expect(await rig.run('fjr', ['run', list])).toMatchObject({ code: 0, stderr: '' });
    expect(printed(rig)).toEqual(['0 1-2\none\ntwo words\n', '1 3-3\n$HOME `id`\n', '2 4-4\nlast\n']);
    await rig.run('fjr', ['gc', '--older-than', '0s']);
    const table = write(rig, text('input: { file: { path: table.csv } }\nshards: 100'));
    expect(await rig.run('fjr', ['run', table])).toMatchObject({ code: 0, stderr: '' });
    expect(printed(rig)).toEqual(['0 1-1\n{"name":"a","x y":"1\\n2"}\n', '1 2-2\n{"name":"b","x y":"3"}\n']);
  }, 30_000);

  test('of a range that is too long to be written down cost nothing but their tasks', async ({ rig }) => {
    const file = write(
      rig,
      `command: 'echo "$INPUT \${FJR_SHARD_FILE-none}"'\ninput: { range: 1..1000000000000 }\nshards: 4\nworkers: { local: 1 }\n`,
    );
    expect(await rig.run('fjr', ['run', file])).toMatchObject({ code: 0, stderr: '' });
    expect(printed(rig)[1]).toBe('250000000001 500000000000 none\n');
  }, 30_000);

  test('are resumed with the numbers and the inputs that they had', async ({ rig }) => {
    const gate = `test -e "$LEDGER/gate" -o "$FJR_SHARD" != 2`;
    const text = (items: string): string =>
      `command: 'echo "$FJR_SHARD/$FJR_SHARD_COUNT $(cat "$FJR_SHARD_FILE" | tr "\\n" " ")" >> "$LEDGER/ran"; ${gate}'\ninput: [${items}]\nshards: 4\nworkers: { local: 1 }\n`;
    const file = write(rig, text('a, b, c, d, e, f, g, h'));
    const first = await rig.run('fjr', ['run', file]);
    expect(first.code).toBe(3);
    writeFileSync(`${rig.ledger}/gate`, '');
    write(rig, text('a, b, c, d, e, f, g, changed'));
    const again = await rig.run('fjr', ['run', '--resume', /^\S+?(?=:)/.exec(first.stdout)![0], file]);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain(': 2 tasks\n');
    expect(ran(rig)).toEqual(['0/4 a b ', '1/4 c d ', '2/4 e f ', '3/4 g h ', '2/4 e f ', '3/4 g changed ']);
  }, 30_000);

  test('that cannot be split are told of before anything runs, and nothing is left behind', async ({
    rig,
  }) => {
    const file = write(rig, 'command: "true"\ninput: ["a", "b\\nc"]\nshards: 2\n');
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^fjr: "b.c" holds a line break, and a shard's file has an input a line\nhint: leave out shards, or give the inputs as a table\n$/,
    );
    expect(readdirSync(`${rig.directory}/tmp`).filter((name) => name.includes('shards'))).toEqual([]);
    expect(rig.project().entries('jobqueue')).toEqual([]);
  });
});

describe('task_resources', () => {
  test('go away with their run, as soon as nobody has any of them', async ({ rig }) => {
    const { root } = rig.project();
    const file = write(
      rig,
      `command: ': > "$LEDGER/runs"; while [ ! -e "$LEDGER/go" ]; do sleep 0.02; done'
input: { range: 1..1 }
task_resources: [{ SEAT: { items: [s1, s2] } }]
`,
    );
    const crew = await rig.startCrew(['--workers', '1']);
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    await rig.run('fjr', ['submit', file]);
    await waitUntil(
      'it runs',
      () => existsSync(`${rig.ledger}/runs`),
      (is) => is,
    );
    const [pool = ''] = readdirSync(`${root}/resources`);
    // Another program takes the item that is left.
    const left = readdirSync(`${root}/resources/${pool}`).find(
      (name) => !name.endsWith('.lock') && !existsSync(`${root}/resources/${pool}/${name}.lock`),
    );
    mkdirSync(`${root}/resources/${pool}/${left}.lock`);
    writeFileSync(`${rig.ledger}/go`, '');
    await waitUntil(
      'the run is done',
      () => readdirSync(`${root}/done`),
      (done) => done.length === 1,
    );
    expect(readdirSync(`${root}/resources`)).toEqual([pool]);
    rmdirSync(`${root}/resources/${pool}/${left}.lock`);
    await waitUntil(
      'the pool is gone',
      () => readdirSync(`${root}/resources`),
      (pools) => pools.length === 0,
    );
    await Promise.all([dispatcher.stop(), crew.stop()]);
  }, 60_000);
});
