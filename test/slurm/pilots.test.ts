import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { processesWith, signal } from '../rig/processes.js';
import type { ProjectFiles } from '../rig/project-files.js';
import { test } from '../rig/rig.js';
import { SlurmCluster, hasSlurm } from '../rig/slurm.js';
import { waitUntil } from '../rig/wait-until.js';

describe.skipIf(!hasSlurm)('Pilots in Slurm', () => {
  const cluster = new SlurmCluster();
  beforeAll(() => {
    cluster.up();
  });
  afterEach(async () => {
    await cluster.clear();
  });
  afterAll(() => {
    cluster.down();
  });

  async function crewsAreBorn(project: ProjectFiles, count: number): Promise<void> {
    await waitUntil(
      `${count} crews are born`,
      async () => ({ crews: project.crews().map(({ id }) => id), jobs: await cluster.jobs() }),
      ({ crews }) => crews.length === count,
    );
  }

  test('come to life on two nodes, run jobs and go when they are fired', async ({ rig }) => {
    const project = rig.project();
    const site = cluster.site(rig, { nodes: 2, workers_per_node: 2, labels: 'big', time: '2h' });

    expect(await site.hire()).toEqual({
      lines: ['Submitted 2 pilots of 2 workers in project "default": slurm jobs 1, 2.'],
    });
    await crewsAreBorn(project, 2);

    expect((await cluster.jobs()).sort()).toEqual(['1 RUNNING n1', '2 RUNNING n2']);
    const crews = project.crews().sort((a, b) => a.session.name.localeCompare(b.session.name));
    expect(crews).toMatchObject([
      { session: { kind: 'slurm', name: '1' }, workers: 2, cpus: 2, memory: 200 * 2 ** 20, labels: ['big'] },
      { session: { kind: 'slurm', name: '2' }, workers: 2, cpus: 2, memory: 200 * 2 ** 20, labels: ['big'] },
    ]);
    expect(await site.pending()).toEqual([]);
    expect(await site.hire()).toEqual({
      lines: ['There are 2 pilots in project "default" already: slurm jobs 1, 2.'],
    });
    for (const name of ['1.conf', '2.conf', '3.conf', '4.conf']) project.submit(name, controlledJob());
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    for (const name of ['1.conf', '2.conf', '3.conf', '4.conf']) (await rig.jobs.started(name)).exit(0);
    await waitUntil(
      'all jobs are done',
      () => project.places(),
      () => project.jobs('done').length === 4,
    );
    await dispatcher.stop();

    expect(await site.fire(false)).toEqual({
      lines: ['Fired 4 workers in project "default": slurm jobs 1, 2.'],
    });
    expect(await cluster.jobs()).toEqual([]);
    expect(project.pods()).toEqual([]);
  });

  test('are submitted again where they are missing, and nowhere else', async ({ rig }) => {
    const site = cluster.site(rig, { nodes: 2 });
    await site.hire();
    const [first = '', second = ''] = (await site.survey()).starting
      .concat((await site.survey()).waiting)
      .map(({ id }) => id);
    await cluster.run('scancel', '--signal=KILL', '--full', first);
    await cluster.run('scancel', first);
    await waitUntil(
      'one is left',
      () => cluster.jobs(),
      (jobs) => jobs.length === 1,
    );
    const { lines } = await site.hire();
    expect(lines).toEqual([expect.stringMatching(/^Submitted 1 pilot of a worker for each CPU /)]);
    expect((await cluster.jobs()).some((line) => line.startsWith(`${second} `))).toBe(true);
    await crewsAreBorn(rig.project(), 2);
    await site.fire(false);
  });

  test('of another project or section are left alone', async ({ rig }) => {
    const ours = cluster.site(rig, {}, { project: 'exp' });
    const others = [
      cluster.site(rig, {}, { project: 'exp2' }),
      cluster.site(rig, {}, { project: 'exp', section: 'host4' }),
    ];
    for (const site of [ours, ...others]) await site.hire();
    await crewsAreBorn(rig.project('exp'), 2);
    await crewsAreBorn(rig.project('exp2'), 1);
    await ours.fire(false);
    for (const site of others) expect((await site.survey()).born.size).toBe(1);
    expect((await ours.survey()).born.size).toBe(0);
    for (const site of others) await site.fire(false);
  });

  test('wait when the nodes are full, and are cancelled with the others; what was held comes back uncounted', async ({
    rig,
  }) => {
    const project = rig.project();
    const site = cluster.site(rig, { nodes: 3, workers_per_node: 2 });
    await site.hire();
    await crewsAreBorn(project, 2);

    expect(await site.pending()).toEqual([
      { id: expect.any(String), state: 'PENDING', reason: expect.stringMatching(/^(Resources|Priority)$/) },
    ]);
    project.submit('job.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const job = await rig.jobs.started('job.conf');
    await dispatcher.stop();

    const { lines } = await site.fire(false);

    expect(lines).toEqual([
      expect.stringMatching(/^Fired 4 workers in project "default": slurm jobs \d+, \d+, \d+\.$/),
    ]);
    expect(await cluster.jobs()).toEqual([]);
    expect(job.isAlive()).toBe(false);
    expect(project.entries('jobqueue')).toEqual([expect.stringMatching(/^job@[0-9a-z]{10}\.conf$/)]);
    expect([...project.pods(), ...project.announced()]).toEqual([]);
  });

  test('that are drained let what runs end, and start nothing new', async ({ rig }) => {
    const project = rig.project();
    const site = cluster.site(rig, { nodes: 3, workers_per_node: 2 });
    await site.hire();
    await crewsAreBorn(project, 2);
    project.submit('job.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const job = await rig.jobs.started('job.conf');

    const firing = site.fire(true);
    await waitUntil(
      'only the one with the job is left',
      () => cluster.jobs(),
      (jobs) => jobs.length === 1,
    );
    project.submit('late.conf', controlledJob());
    job.exit(0);
    await firing;
    await dispatcher.stop();

    expect(project.jobs('done')).toEqual(['job.conf']);
    expect(project.jobs('jobqueue')).toEqual(['late.conf']);
    expect([...project.pods(), ...(await cluster.jobs())]).toEqual([]);
  });

  test('leave before their time is over, and what they held runs elsewhere, its attempt uncounted', async ({
    rig,
  }) => {
    const project = rig.project();
    mkdirSync(`${rig.directory}/short`);
    // What a pilot asks when it starts; in a limit of whole minutes the test would have to wait.
    writeFileSync(`${rig.directory}/short/squeue`, '#!/bin/sh\necho 0:05\n');
    chmodSync(`${rig.directory}/short/squeue`, 0o755);
    const short = cluster.site(rig, { env: `PATH=${rig.directory}/short:${process.env['PATH'] ?? ''}` });
    await short.hire();
    project.submit('job.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const job = await rig.jobs.started('job.conf');
    await waitUntil(
      'the pilot has gone',
      () => cluster.jobs(),
      (jobs) => jobs.length === 0,
    );
    expect(job.isAlive()).toBe(false);
    expect(project.entries('jobqueue')).toEqual([expect.stringMatching(/^job@[0-9a-z]{10}\.conf$/)]);

    const long = cluster.site(rig);
    await long.hire();
    const again = await rig.jobs.started('job.conf', 2);
    expect(again.attempt).toBe('1');
    again.exit(0);
    await waitUntil(
      'the job is done',
      () => project.places(),
      ({ done }) => done.length === 1,
    );
    await dispatcher.stop();
    await long.fire(false);
    expect(project.outcomes('job.conf')).toHaveLength(1);
  });

  test('that are killed without warning lose nothing', async ({ rig }) => {
    const project = rig.project();
    const site = cluster.site(rig, {}, { lease: '10' });
    await site.hire();
    project.submit('job.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const job = await rig.jobs.started('job.conf');

    // All of the pilot's processes at once, as when the node fails or Slurm's patience ends.
    const [id = ''] = (await cluster.jobs())[0]!.split(' ');
    for (const { pid } of processesWith('SLURM_JOB_ID', id)) signal(pid, 'SIGKILL');
    await waitUntil(
      'the job is dead',
      () => job.isAlive(),
      (alive) => !alive,
    );
    await waitUntil(
      'Slurm has ended the pilot',
      () => cluster.jobs(),
      (jobs) => jobs.length === 0,
    );
    await site.hire();
    (await rig.jobs.started('job.conf', 2)).exit(0);
    await waitUntil(
      'the job is done',
      () => project.places(),
      ({ done }) => done.length === 1,
    );
    await dispatcher.stop();
    await site.fire(false);
    expect(project.outcomes('job.conf')).toHaveLength(1);
    expect(project.entries('done')).toEqual([expect.stringMatching(/^job@[0-9a-z]{10}\+l1\.conf$/)]);
  });

  test('that cannot start say where to look', async ({ rig }) => {
    const site = cluster.site(rig, { node: '/nowhere/node' });
    await site.hire();
    const [failed] = await waitUntil(
      'the pilot has failed',
      () => site.pending(),
      (pending) => pending[0]?.state === 'FAILED',
    );
    expect(failed?.reason).toMatch(/; it printed to .*\/journal\/slurm-\d+\.log$/);
    const { stdout } = await rig.run('cat', [/printed to (.*)$/.exec(failed!.reason)![1]!]);
    expect(stdout).toContain('/nowhere/node: not found');
  });

  describe('A refusal is told in words of Slurm, with a hint', () => {
    test('for a partition that is not there', async ({ rig }) => {
      const { lines, failure } = await cluster.site(rig, { partition: 'nosuch' }).hire();
      expect({ lines, failure }).toEqual({
        lines: [],
        failure: {
          reason:
            'sbatch: invalid partition specified: nosuch; Batch job submission failed: Invalid partition name specified',
          hint: `in [host3] of ${rig.fjrHome}/default/remote.conf see \`partition\`; sinfo --summarize lists those there are`,
        },
      });
    });

    test('for an option that sbatch does not know', async ({ rig }) => {
      const { failure } = await cluster.site(rig, { sbatch_options: '--bogus' }).hire();
      expect(failure?.reason).toBe(
        'sbatch: unrecognized option \'--bogus\'; Try "sbatch --help" for more information',
      );
      expect(failure?.hint).toContain('see `sbatch_options`');
    });
  });
});

describe.skipIf(!hasSlurm)('Without a controller', () => {
  test('hire and fire fail with a hint, and list with an error', async ({ rig }) => {
    const cluster = new SlurmCluster();
    cluster.up('--nodes', '1');
    const site = cluster.site(rig);
    expect((await site.hire()).failure).toBeUndefined();
    await site.fire(false);
    await cluster.run('scontrol', 'shutdown', 'slurmctld');
    const gone = await waitUntil(
      'the controller has gone',
      () => site.hire(),
      ({ failure }) => failure !== undefined,
    );
    expect(gone.failure?.reason).toMatch(/^squeue: .*Unable to contact slurm controller/);
    expect(gone.failure?.hint).toBe('see whether Slurm is well: scontrol ping');
    expect((await site.fire(false)).failure).toEqual(gone.failure);
    await expect(site.pending()).rejects.toThrow(gone.failure?.reason);
    cluster.down();
  });
});
