import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { test } from '../rig/rig.js';
import { SlurmCluster, hasSlurm } from '../rig/slurm.js';
import { waitUntil } from '../rig/wait-until.js';

/** Slurm's shortest limit is a minute, so these take two: FJR_TEST_SLOW=1 asks for them. */
const isAskedFor = process.env['FJR_TEST_SLOW'] === '1';

describe.skipIf(!hasSlurm || !isAskedFor)("A pilot at Slurm's own time limit", () => {
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

  test.for(['goes by its own clock', 'goes when Slurm warns it'])(
    '%s, and gives back what it holds, uncounted',
    { timeout: 240_000 },
    async (how, { rig }) => {
      const project = rig.project();
      mkdirSync(`${rig.directory}/unlimited`);
      writeFileSync(`${rig.directory}/unlimited/squeue`, '#!/bin/sh\necho UNLIMITED\n');
      chmodSync(`${rig.directory}/unlimited/squeue`, 0o755);
      const site = cluster.site(rig, {
        time: 1,
        ...(how.includes('own')
          ? {}
          : {
              env: `PATH=${rig.directory}/unlimited:${process.env['PATH'] ?? ''}`,
              sbatch_options: '--signal=B:TERM@1',
            }),
      });
      await site.hire();
      project.submit('job.conf', controlledJob());
      const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
      const job = await rig.jobs.started('job.conf');
      await waitUntil(
        'the pilot has gone',
        () => cluster.jobs(),
        (jobs) => jobs.length === 0,
        200,
      );
      expect(job.isAlive()).toBe(false);
      expect(project.entries('jobqueue')).toEqual([expect.stringMatching(/^job@[0-9a-z]{10}\.conf$/)]);
      expect([...project.pods(), ...project.announced()]).toEqual([]);
      // It ended by itself: nothing is left of it that Slurm would call a failure.
      expect(await site.pending()).toEqual([]);
      await dispatcher.stop();
    },
  );
});
