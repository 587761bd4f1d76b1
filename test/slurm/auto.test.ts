import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { Layout } from '../../src/queue/layout.js';
import { type ScaleEvent, autoScale } from '../../src/recruiter/auto-scale.js';
import type { PilotSite } from '../../src/recruiter/pilot-site.js';
import { systemClock } from '../../src/system/clock.js';
import { MountedFiles } from '../../src/system/files.js';
import { controlledJob } from '../rig/controlled-job.js';
import { type Rig, test } from '../rig/rig.js';
import { SlurmCluster, hasSlurm } from '../rig/slurm.js';
import { waitUntil } from '../rig/wait-until.js';

describe.skipIf(!hasSlurm)('Hiring automatically', () => {
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

  function scale(
    rig: Rig,
    site: PilotSite,
    idleExit: number,
  ): { events: ScaleEvent[]; stop: () => Promise<void> } {
    const events: ScaleEvent[] = [];
    const over = new AbortController();
    const system = {
      files: new MountedFiles({ shared: false, fsync: false }),
      clock: systemClock,
      wait: async (milliseconds: number) => setTimeout(milliseconds),
      report: (event: ScaleEvent) => events.push(event),
    };
    const layout = new Layout(rig.project().root);
    const options = { interval: 0.2, idleExit };
    const ended = autoScale(system, layout, [site], options, () => over.signal.aborted);
    return {
      events,
      stop: async () => {
        over.abort();
        await ended;
      },
    };
  }

  test('takes as many pilots as the backlog needs, within max, and none when it is empty', async ({
    rig,
  }) => {
    const project = rig.project();
    const site = cluster.site(rig, { workers_per_node: 1, max: 3 });
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const scaling = scale(rig, site, 2);
    const names = ['1.conf', '2.conf', '3.conf', '4.conf', '5.conf'];
    for (const name of names) project.submit(name, controlledJob());

    for (const name of names.slice(0, 3)) await rig.jobs.started(name);
    expect(await cluster.jobs()).toHaveLength(3);
    for (const name of names) (await rig.jobs.started(name)).exit(0);
    const jobs = await waitUntil(
      'the idle pilots have gone',
      () => cluster.jobs(),
      (seen) => seen.length === 0,
    );
    await scaling.stop();
    await dispatcher.stop();

    expect(jobs).toEqual([]);
    expect(project.jobs('done')).toEqual(names);
    const submitted = scaling.events.flatMap((event) => (event.kind === 'submitted' ? event.ids : []));
    expect(submitted).toHaveLength(3);
    expect(project.pods()).toEqual([]);
  });

  test('keeps min pilots, however idle they are', async ({ rig }) => {
    const site = cluster.site(rig, { min: 1, max: 2 });
    const scaling = scale(rig, site, 1);
    const project = rig.project();
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    await waitUntil(
      'the lasting one is there',
      () => project.crews().length,
      (crews) => crews === 1,
    );
    const [lasting] = project.crews();
    for (const name of ['1.conf', '2.conf']) project.submit(name, controlledJob());
    const jobs = [await rig.jobs.started('1.conf'), await rig.jobs.started('2.conf')];
    expect(project.crews()).toHaveLength(2);
    for (const job of jobs) job.exit(0);
    await waitUntil(
      'the other has gone',
      () => project.crews().map(({ id }) => id),
      (crews) => crews.length === 1,
    );
    expect(project.crews()[0]!.id).toBe(lasting!.id);
    await scaling.stop();
    await dispatcher.stop();
    await site.fire(false);
  });

  test('tries ever more rarely where pilots do not come to life', async ({ rig }) => {
    const site = cluster.site(rig, { node: '/nowhere/node', max: 1 });
    rig.project().submit('job.conf', controlledJob());
    const scaling = scale(rig, site, 60);
    await waitUntil(
      'the failure has been seen',
      () => scaling.events,
      (events) => events.some(({ kind }) => kind === 'stillborn'),
    );
    await scaling.stop();
    expect(scaling.events).toMatchObject([
      { kind: 'submitted' },
      { kind: 'stillborn', site: 'host3', pause: 10, log: expect.stringMatching(/\/slurm-\d+\.log$/) },
    ]);
  });
});
