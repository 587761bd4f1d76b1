import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { outcomesOf, submitTasks } from '../rig/fan-out.js';
import { test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

describe('A fan-out job', () => {
  test('runs its command once for each input, exactly as it is, and leaves a handful of files', async ({
    rig,
  }) => {
    const project = rig.project();
    const inputs = Array.from({ length: 1000 }, (_, index) => `input ${index}'"$ *`);
    submitTasks(
      project.root,
      'sweep.run',
      'echo "$INPUT" >> "$LEDGER/seen"; echo "out $FJR_TASK_INDEX"',
      inputs,
    );
    await rig.startCrew(['--workers', '4']);
    const { code, stdout, stderr } = await rig.run('fjr-dispatcher');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\n\[fjr-dispatcher\] 1000 done, 0 failed in /);
    const seen = readFileSync(`${rig.ledger}/seen`, 'utf8').split('\n').slice(0, -1);
    expect(seen.sort()).toEqual([...inputs].sort());
    expect([...project.entries('jobqueue'), ...project.entries('failed'), ...project.pods()]).toEqual([]);
    const [entry] = project.entries('done');
    expect(entry).toMatch(/^sweep@.*\.run$/);
    const outcomes = outcomesOf(`${project.root}/done/${entry!}`);
    expect(outcomes.accepted.size).toBe(1000);
    expect(outcomes.output(17)).toBe('out 17\n');
    expect(readdirSync(`${project.root}/logs`)).toEqual([]);
    const files = readdirSync(`${project.root}/done/${entry!}`, { recursive: true });
    expect(files.length).toBeLessThan(13);
  }, 60_000);

  test('gives a program its arguments exactly, with placeholders replaced', async ({ rig }) => {
    const project = rig.project();
    const argv = ['printf', '%s|', '{}', 'x{1}y{2}', '{#}'];
    submitTasks(
      project.root,
      'exact',
      '',
      [
        ['a b', '$HOME'],
        ["it's", '*'],
      ],
      {
        command: { kind: 'argv', argv },
        columns: ['first', 'second one'],
      },
    );
    await rig.startCrew();
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    const outcomes = outcomesOf(`${project.root}/done/${project.entries('done')[0]!}`);
    expect([0, 1].map((task) => outcomes.output(task))).toEqual([
      'a b $HOME|xa by$HOME|1|',
      "it's *|xit'sy*|2|",
    ]);
  });

  test('tries failed tasks again, each as often as it may', async ({ rig }) => {
    const project = rig.project();
    const line = 'echo "$FJR_ATTEMPT"; [ $((INPUT % 3)) = 0 ] || [ "$FJR_ATTEMPT" -gt "$((INPUT % 3))" ]';
    submitTasks(project.root, 'flaky.run', line, numbers(60), { retries: 2, retryDelay: 0.1 });
    await rig.startCrew(['--workers', '2']);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    const { accepted, executions } = outcomesOf(`${project.root}/done/${project.entries('done')[0]!}`);
    expect([...accepted.values()].every((kind) => kind === 'done')).toBe(true);
    expect(executions).toBe(20 + 40 + 60);
  }, 30_000);

  test('fails when a task does, and says how many', async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'bad.run', '[ "$INPUT" != 7 ]', numbers(20), { retries: 1, retryDelay: 0 });
    await rig.startCrew(['--workers', '2']);
    const { code, stdout } = await rig.run('fjr-dispatcher');
    expect(code).toBe(3);
    expect(stdout).toMatch(/19 done, 1 failed/);
    expect(project.entries('failed')).toEqual([expect.stringMatching(/^bad@.*\.run$/)]);
    const [verdict] = project.journal().filter(({ event }) => event === 'verdict');
    expect(verdict).toMatchObject({ outcome: { kind: 'tasks', tasks: 20, failed: 1, left: 0 } });
  }, 30_000);

  test('begins no more tasks once too many have failed', async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'bad.run', 'false', numbers(10_000), { maxFailures: 5 });
    await rig.startCrew(['--workers', '2']);
    expect((await rig.run('fjr-dispatcher')).code).toBe(3);
    const { executions } = outcomesOf(`${project.root}/failed/${project.entries('failed')[0]!}`);
    // A crew stops by itself: what has failed too often, and one more that the other worker had begun.
    expect([6, 7]).toContain(executions);
  }, 30_000);

  test('goes before jobs of lower priority, and behind those of higher', async ({ rig }) => {
    const project = rig.project();
    const note = 'echo "$FJR_JOB $INPUT" >> "$LEDGER/order"';
    submitTasks(project.root, 'sweep.run', note, numbers(3), { priority: 5 });
    for (const [name, priority] of [
      ['high', 9],
      ['low', 1],
    ] as const)
      project.submitOld(`${name}.conf`, `[fjr]\nexecutable: sh -c '${note}'\npriority: ${priority}\n`);
    const dispatcher = rig.start('fjr-dispatcher');
    await dispatcher.says('Found');
    await rig.startCrew(['--workers', '1']);
    expect(await dispatcher.ends()).toMatchObject({ code: 0 });
    const order = readFileSync(`${rig.ledger}/order`, 'utf8').split('\n').slice(0, -1);
    expect(order).toEqual(['high.conf ', 'sweep.run 0', 'sweep.run 1', 'sweep.run 2', 'low.conf ']);
  }, 30_000);

  test('loses nothing when crews and dispatchers are killed: each task has one outcome', async ({ rig }) => {
    const project = rig.project();
    const count = 3000;
    submitTasks(
      project.root,
      'sweep.run',
      'echo "$FJR_TASK_INDEX" >> "$LEDGER/$FJR_WORKER_ID"',
      numbers(count),
    );
    const ran = (): number =>
      readdirSync(rig.ledger)
        .map((name) => readFileSync(`${rig.ledger}/${name}`, 'utf8').split('\n').length - 1)
        .reduce((sum, lines) => sum + lines, 0);
    for (let round = 1; round <= 3; round++) {
      const crew = await rig.startCrew(['--workers', '3']);
      const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
      await waitUntil('some tasks have run', ran, (tasks) => tasks >= (round * count) / 5);
      for (const one of round % 2 === 0 ? [crew, dispatcher] : [dispatcher, crew]) {
        one.signal('SIGKILL');
        await one.ends();
      }
    }
    await rig.startCrew(['--workers', '3']);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0 });
    const { accepted } = outcomesOf(`${project.root}/done/${project.entries('done')[0]!}`);
    expect(accepted.size).toBe(count);
    expect([...accepted.values()].filter((kind) => kind !== 'done')).toEqual([]);
    expect([...project.entries('jobqueue'), ...project.entries('failed'), ...project.pods()]).toEqual([]);
    // Few ran twice: those whose lines had not been written when their crew died.
    expect(ran()).toBeLessThan(count + 200);
  }, 120_000);

  test('gives back the rest of its slices when a crew is fired', async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'slow.run', '[ -e "$LEDGER/gate" ] || exec sleep 600', numbers(10));
    const first = await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher');
    await waitUntil(
      'tasks run',
      () => project.places().running.length,
      (running) => running === 2,
    );
    first.signal('SIGTERM');
    await first.ends();
    expect(project.places().running).toEqual([]);
    await rig.run('touch', [`${rig.ledger}/gate`]);
    await rig.startCrew(['--workers', '2']);
    expect(await dispatcher.ends()).toMatchObject({ code: 0 });
    expect(existsSync(`${project.root}/done/${project.entries('done')[0]!}/sealed`)).toBe(true);
    const { accepted, executions } = outcomesOf(`${project.root}/done/${project.entries('done')[0]!}`);
    expect([accepted.size, executions]).toEqual([10, 10]);
  }, 30_000);

  test('is shown by status, show and logs, while it runs and after', async ({ rig }) => {
    const project = rig.project();
    const line =
      'echo "hello $INPUT"; [ "$INPUT" != b ] || { echo oh >&2; exit 3; }; [ "$INPUT" != c ] || exec sleep 600';
    submitTasks(project.root, 'sweep.run', line, ['a', 'b', 'c', 'd']);
    await rig.startCrew(['--workers', '1']);
    const dispatcher = rig.start('fjr-dispatcher');
    const seen = await waitUntil(
      'the third task has a file of its own',
      async () => (await rig.run('fjr', ['logs', 'sweep/2'])).stdout,
      (stdout) => stdout !== '',
    );
    expect(seen).toBe('hello c\n');
    const follower = rig.start('fjr', ['logs', '-f', 'sweep/2']);
    await follower.says('hello c');
    const status = await rig.run('fjr', ['status']);
    expect(status.stdout).toContain('  fan-out  sweep.run: 1 of 4 tasks done (50%), 1 failed\n');
    expect(JSON.parse((await rig.run('fjr', ['--json', 'status'])).stdout)).toMatchObject({
      fanOuts: [{ name: 'sweep.run', tasks: 4, done: 1, failed: 1 }],
    });
    expect((await rig.run('fjr', ['cancel', 'sweep'])).stdout).toContain('sweep.run');
    expect((await dispatcher.ends()).code).toBe(3);
    expect(await follower.ends()).toMatchObject({ code: 0 });
    expect((await rig.run('fjr', ['logs', 'sweep/0'])).stdout).toBe('hello a\n');
    expect(await rig.run('fjr', ['logs', 'sweep/1'])).toMatchObject({ stdout: 'hello b\n', stderr: 'oh\n' });
    const show = (await rig.run('fjr', ['show', 'sweep'])).stdout;
    expect(show).toContain('  tasks: 4, of them 1 done, 2 failed\n');
    expect(show).toContain('    task 1 (b): exit code 3\n');
    expect(show).toContain('    task 2 (c): cancelled\n');
    const missing = await rig.run('fjr', ['logs', 'sweep/9']);
    expect(missing).toMatchObject({ code: 4, stdout: '' });
    expect(missing.stderr).toBe('fjr: "sweep" has no task 9\nhint: its tasks are numbered from 0 to 3\n');
  }, 30_000);

  test('is retried where it failed: what is done is not done again', async ({ rig }) => {
    const project = rig.project();
    const line = 'echo "$INPUT" >> "$LEDGER/ran"; [ -e "$LEDGER/gate" ] || [ "$((INPUT % 10))" != 0 ]';
    submitTasks(project.root, 'sweep.run', line, numbers(50), { retries: 1, retryDelay: 0 });
    await rig.startCrew(['--workers', '2']);
    expect((await rig.run('fjr-dispatcher')).code).toBe(3);
    writeFileSync(`${rig.ledger}/gate`, '');
    expect(await rig.run('fjr', ['retry', 'sweep'])).toMatchObject({
      code: 0,
      stdout: 'sweep.run: back in the queue\n',
    });
    await rig.startCrew(['--workers', '2']);
    const again = await rig.run('fjr-dispatcher');
    expect(again.stdout).toMatch(/50 done, 0 failed/);
    expect(again.code).toBe(0);
    const ran = readFileSync(`${rig.ledger}/ran`, 'utf8').split('\n').slice(0, -1);
    expect(ran).toHaveLength(45 + 5 * 3);
    expect(project.entries('done')).toHaveLength(1);
    expect(project.entries('failed')).toEqual([]);
  }, 30_000);

  test('keeps the beginning and the end of what a task prints too much of, and says so', async ({ rig }) => {
    const project = rig.project();
    const line =
      'echo begin; yes | head -c 3000000; if [ "$INPUT" = slow ]; then sleep 1.5; yes | head -c 3000000; sleep 1; fi; echo end';
    submitTasks(project.root, 'much.run', line, ['quick', 'slow'], { outputCap: 1_000_000 });
    await rig.startCrew(['--workers', '2']);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0 });
    const { output } = outcomesOf(`${project.root}/done/${project.entries('done')[0]!}`);
    for (const [task, printed] of [3_000_010, 6_000_010].entries()) {
      const text = output(task);
      expect(text.length).toBeLessThan(1_000_100);
      expect([text.slice(0, 8), text.slice(-6)]).toEqual(['begin\ny\n', 'y\nend\n']);
      const [note = '', cut] = /\n\[fjr: (\d+) bytes left out here\]\n/.exec(text) ?? [];
      // The notes of earlier cuts went with the middle.
      const missing = printed - (text.length - note.length) - Number(cut);
      expect(Math.abs(missing)).toBeLessThan(200);
    }
  }, 30_000);

  test('that somebody removes is gone, and holds up nobody', async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'slow.run', 'echo x >> "$LEDGER/ran"; sleep 0.2', numbers(100));
    await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher');
    await waitUntil(
      'two tasks run',
      () => project.places().running.length,
      (running) => running === 2,
    );
    rmSync(`${project.root}/jobqueue/slow.run`, { recursive: true });
    project.submit('other.conf', '[fjr]\nexecutable: true\n');
    const { code, stderr } = await dispatcher.ends(30);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect([...project.entries('jobqueue'), ...project.entries('failed'), ...project.pods()]).toEqual([]);
    expect(project.jobs('done')).toEqual(['other.conf']);
    expect(readFileSync(`${rig.ledger}/ran`, 'utf8').length / 2).toBeLessThan(50);
  }, 60_000);

  test('goes on beside jobs and fan-out jobs that nobody can run', async ({ rig }) => {
    const project = rig.project();
    const needs = { cpus: 1, memory: 0, gpus: 3, resources: [], labels: [], seconds: 0 };
    submitTasks(project.root, 'gpus.run', 'true', numbers(50), { needs });
    for (let n = 0; n < 6; n++) project.submitOld(`unfit${n}.conf`, '[fjr]\nexecutable: true\ngpus: 3\n');
    submitTasks(project.root, 'plain.run', 'true', numbers(50));
    await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    await waitUntil(
      'the plain one is done',
      () => project.jobs('done'),
      (done) => done.includes('plain.run'),
    );
    dispatcher.signal('SIGTERM');
    await dispatcher.ends();
    await rig.run('fjr-recruiter', ['fire']);
  }, 30_000);
});
