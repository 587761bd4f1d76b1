import { existsSync, readFileSync, readdirSync } from 'node:fs';
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
    submitTasks(project.root, 'sweep', 'echo "$INPUT" >> "$LEDGER/seen"; echo "out $FJR_TASK_INDEX"', inputs);
    await rig.startCrew(['--workers', '4']);
    const { code, stdout, stderr } = await rig.run('fjr-dispatcher');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\n\[fjr-dispatcher\] 1000 done, 0 failed in /);
    const seen = readFileSync(`${rig.ledger}/seen`, 'utf8').split('\n').slice(0, -1);
    expect(seen.sort()).toEqual([...inputs].sort());
    expect([...project.entries('jobqueue'), ...project.entries('failed'), ...project.pods()]).toEqual([]);
    const [entry] = project.entries('done');
    expect(entry).toMatch(/^sweep@/);
    const outcomes = outcomesOf(`${project.root}/done/${entry!}`);
    expect(outcomes.accepted.size).toBe(1000);
    expect(outcomes.output(17)).toBe('out 17\n');
    expect(readdirSync(`${project.root}/logs`)).toEqual([]);
    const files = readdirSync(`${project.root}/done/${entry!}`, { recursive: true });
    expect(files.length).toBeLessThan(12);
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
    submitTasks(project.root, 'flaky', line, numbers(60), { retries: 2, retryDelay: 0.1 });
    await rig.startCrew(['--workers', '2']);
    expect(await rig.run('fjr-dispatcher')).toMatchObject({ code: 0, stderr: '' });
    const { accepted, executions } = outcomesOf(`${project.root}/done/${project.entries('done')[0]!}`);
    expect([...accepted.values()].every((kind) => kind === 'done')).toBe(true);
    expect(executions).toBe(20 + 40 + 60);
  }, 30_000);

  test('fails when a task does, and says how many', async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'bad', '[ "$INPUT" != 7 ]', numbers(20), { retries: 1, retryDelay: 0 });
    await rig.startCrew(['--workers', '2']);
    const { code, stdout } = await rig.run('fjr-dispatcher');
    expect(code).toBe(3);
    expect(stdout).toMatch(/19 done, 1 failed/);
    expect(project.entries('failed')).toEqual([expect.stringMatching(/^bad@/)]);
    const [verdict] = project.journal().filter(({ event }) => event === 'verdict');
    expect(verdict).toMatchObject({ outcome: { kind: 'tasks', tasks: 20, failed: 1, left: 0 } });
  }, 30_000);

  test('begins no more tasks once too many have failed', async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'bad', 'false', numbers(10_000), { maxFailures: 5 });
    await rig.startCrew(['--workers', '2']);
    expect((await rig.run('fjr-dispatcher')).code).toBe(3);
    const { executions } = outcomesOf(`${project.root}/failed/${project.entries('failed')[0]!}`);
    expect(executions).toBeGreaterThan(5);
    expect(executions).toBeLessThan(200);
  }, 30_000);

  test('goes before jobs of lower priority, and behind those of higher', async ({ rig }) => {
    const project = rig.project();
    const note = 'echo "$FJR_JOB $INPUT" >> "$LEDGER/order"';
    submitTasks(project.root, 'sweep', note, numbers(3), { priority: 5 });
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
    expect(order).toEqual(['high.conf ', 'sweep 0', 'sweep 1', 'sweep 2', 'low.conf ']);
  }, 30_000);

  test('loses nothing when crews and dispatchers are killed: each task has one outcome', async ({ rig }) => {
    const project = rig.project();
    const count = 3000;
    submitTasks(project.root, 'sweep', 'echo "$FJR_TASK_INDEX" >> "$LEDGER/$FJR_WORKER_ID"', numbers(count));
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
  }, 60_000);

  test('gives back the rest of its slices when a crew is fired', async ({ rig }) => {
    const project = rig.project();
    submitTasks(project.root, 'slow', '[ -e "$LEDGER/gate" ] || exec sleep 600', numbers(10));
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
});
