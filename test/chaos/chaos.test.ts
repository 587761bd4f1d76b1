import { describe, expect, test } from 'vitest';
import { obstacleTo } from '../cluster/cluster.js';
import { Cluster, checkout } from './cluster.js';
import { runSeed } from './seed.js';

/** One seed, chosen for what it hits in little time; `npm run test:chaos` runs others. */
const seed = 220;
const obstacle = obstacleTo('sshfs');
const title = `Three hosts with a home on sshfs${obstacle === '' ? '' : ` (not here: ${obstacle})`}`;

describe.skipIf(obstacle !== '')(title, () => {
  test('Whatever is killed, stopped or cut off, each job has one outcome, each start is accounted for, and nothing is left', async () => {
    // Not in /tmp: hosts have a /tmp of their own.
    const state = `/var/tmp/fjr-chaos-test-${process.pid}`;
    const { findings, figures } = await runSeed({
      cluster: new Cluster(checkout, state, 'sshfs', 3),
      state,
      seed,
      jobs: 150,
      seconds: 26,
      workers: 4,
      lease: 10,
      aloud: false,
      keep: `${state}-kept`,
    });
    expect(findings).toEqual([]);
    expect(figures['done']).toBeGreaterThan(100);
    expect(figures['kills']! + figures['stops']!).toBeGreaterThan(0);
  }, 300_000);
});
