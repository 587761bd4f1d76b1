import { renameSync } from 'node:fs';
import { expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { isAlive, isStopped } from '../rig/processes.js';
import { test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** Seconds: the shortest lease there is. These tests mostly wait for it, and so they do it at the same time. */
const lease = 10;

/**
 * One story, since a lease takes its time. A crew sleeps beyond its lease with three jobs: one runs on, one ends well
 * and one badly while nobody listens. None of it may count: all three belong to the next crew by then.
 */
test.concurrent(
  'A crew stopped beyond its lease is fenced; it commits nothing when it wakes, and starts afresh',
  async ({ rig }) => {
    const project = rig.project();
    const sleeper = await rig.startCrew(['--workers', '3', '--lease', String(lease)]);
    const [before] = project.crews();
    const dispatcher = rig.start('fjr-dispatcher');
    const names = ['runs.conf', 'ends.conf', 'fails.conf'];
    for (const name of names) project.submit(name, controlledJob());
    const [runs, ends, fails] = await Promise.all(names.map((name) => rig.jobs.started(name)));
    const grandchild = await runs!.spawn();

    sleeper.signal('SIGSTOP');
    await waitUntil('the crew is stopped', () => isStopped(sleeper.pid), Boolean);
    ends!.exit(0);
    fails!.exit(1);
    await rig.startCrew(['--workers', '3', '--lease', String(lease)]);

    // The guardian does not sleep: it kills after two thirds of the lease.
    const alive = (): number[] => [runs!.pid, grandchild].filter(isAlive);
    await waitUntil("the sleeper's job is dead", alive, (left) => left.length === 0, lease);
    expect(isStopped(sleeper.pid)).toBe(true);
    const again = await Promise.all(names.map((name) => rig.jobs.started(name, 2)));
    for (const job of again) expect(job.attempt).toBe('2');
    expect(dispatcher.stdout).toContain(
      `[fjr-dispatcher] Crew ${before!.id} has not been heard of for its whole lease: what it held is taken back.\n`,
    );

    sleeper.signal('SIGCONT');
    await sleeper.says(
      `[fjr-worker] Crew ${before!.id} was taken for dead: its jobs are stopped, and it starts afresh.\n`,
    );
    await waitUntil(
      'the sleeper has a new pod',
      () => project.crews().map(({ id, pid }) => ({ id, pid })),
      (crews) => crews.some(({ id, pid }) => pid === sleeper.pid && id !== before!.id),
    );
    expect(again.map((job) => job.isAlive())).toEqual([true, true, true]);
    expect(project.places()).toMatchObject({ done: [], failed: [] });

    for (const job of again) job.exit(0);
    const { code, stdout } = await dispatcher.ends();
    expect(stdout).toMatch(/\n\[fjr-dispatcher\] 3 done, 0 failed in /);
    expect(code).toBe(0);
    for (const name of names)
      expect(project.outcomes(name)).toMatchObject([{ to: 'done', outcome: { kind: 'exit', code: 0 } }]);
    for (const entry of project.entries('done')) expect(entry).toMatch(/\+l1\.conf$/);
    expect(rig.jobs.executions).toHaveLength(6);
    expect(project.pods()).toEqual([]);
  },
);

test.concurrent.for([
  ['done', 0],
  ['failed', 1],
] as const)('An outcome that comes too late is not counted: %s', async ([, lateCode], { rig }) => {
  const project = rig.project();
  const crew = await rig.startCrew();
  const before = project.crews()[0]!.id;
  const dispatcher = rig.start('fjr-dispatcher');
  project.submit('job.conf', controlledJob());
  const job = await rig.jobs.started('job.conf');
  crew.signal('SIGSTOP');
  await waitUntil('the crew is stopped', () => isStopped(crew.pid), Boolean);

  // A fence, as by a dispatcher that has heard nothing for a whole lease.
  renameSync(`${project.root}/jobpods/${before}`, `${project.root}/jobpods/${before}.fenced`);
  job.exit(lateCode);
  await waitUntil(
    'the job has ended',
    () => isAlive(job.pid),
    (alive) => !alive,
  );
  crew.signal('SIGCONT');

  const again = await rig.jobs.started('job.conf', 2);
  expect(again.env['FJR_WORKER_ID']).not.toContain(before);
  again.exit(0);
  const { code, stdout } = await dispatcher.ends();
  expect(stdout).toMatch(/\n\[fjr-dispatcher\] 1 done, 0 failed in /);
  expect(code).toBe(0);
  expect(project.outcomes('job.conf')).toHaveLength(1);
});

test.concurrent(
  "A sleeping crew's pool item goes to the next job only when its own is dead",
  async ({ rig }) => {
    const project = rig.project();
    project.addPool('PROXY', { only: 'one' });
    const sleeper = await rig.startCrew(['--lease', String(lease)]);
    const dispatcher = rig.start('fjr-dispatcher');
    project.submit('job.conf', controlledJob({ resources: 'PROXY' }));
    const job = await rig.jobs.started('job.conf');
    sleeper.signal('SIGSTOP');
    await rig.startCrew(['--lease', String(lease)]);
    await waitUntil(
      'the job is back in the queue',
      () => project.jobs('jobqueue'),
      (names) => names.length === 1,
    );
    expect(job.isAlive()).toBe(false);

    const look = (): string[] =>
      rig.jobs.executions.map(({ name, attempt }) => `${name}, attempt ${attempt}`);
    await waitUntil(
      'the job has the item again',
      look,
      (executions) => executions.length === 2,
      2 * lease + 5,
    );
    expect(rig.jobs.executions[1]!.env['TASK_RESOURCE_PROXY']).toBe('one');
    expect(isStopped(sleeper.pid)).toBe(true);
    rig.jobs.executions[1]!.exit(0);
    sleeper.signal('SIGCONT');
    expect((await dispatcher.ends()).code).toBe(0);
    expect(project.pool('PROXY')).toEqual(['only']);
    await sleeper.stop();
  },
);

test.concurrent('A dispatcher that was itself asleep fences nobody for it', async ({ rig }) => {
  const project = rig.project();
  await rig.startCrew(['--lease', String(lease)]);
  const crew = project.crews()[0]!.id;
  const dispatcher = rig.start('fjr-dispatcher');
  project.submit('job.conf', controlledJob());
  const job = await rig.jobs.started('job.conf');
  dispatcher.signal('SIGSTOP');
  await waitUntil('the dispatcher is stopped', () => isStopped(dispatcher.pid), Boolean);
  const beats = project.beats(crew) ?? 0;
  // Twelve beats are a lease.
  await waitUntil(
    'a lease is over',
    () => project.beats(crew),
    (seen) => (seen ?? 0) > beats + 14,
  );

  dispatcher.signal('SIGCONT');

  project.submit('next.conf', controlledJob());
  job.exit(0);
  (await rig.jobs.started('next.conf')).exit(0);
  const { code, stdout } = await dispatcher.ends();
  expect(stdout).toMatch(/\n\[fjr-dispatcher\] 2 done, 0 failed in /);
  expect(code).toBe(0);
  expect(project.journal().filter(({ event }) => event === 'fenced')).toEqual([]);
});
