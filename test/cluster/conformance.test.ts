import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, obstacleTo } from './cluster.js';
import { contests } from './contest/contests.js';
import { surprises } from './known-deviations.js';
import { Match } from './match.js';

/** The state directory of a cluster that is up: then the contests are played there, and nowhere else. */
const running = process.env['FJR_TEST_CLUSTER'];
const rounds = Number(process.env['FJR_TEST_ROUNDS'] ?? 25);
/** Seconds for one contest. A filesystem that is heavily loaded does ten rounds in a second. */
const patience = 60 + rounds / 10;

const filesystems =
  running === undefined ? ['local', 'sshfs', 'sshfs-stale'] : [Cluster.at(running).filesystem];

for (const filesystem of filesystems) {
  const obstacle = running === undefined ? obstacleTo(filesystem) : '';
  const title = `Two hosts with a home on ${filesystem}${obstacle === '' ? '' : ` (not here: ${obstacle})`}`;
  describe.skipIf(obstacle !== '')(title, () => {
    let cluster: Cluster | undefined;
    let match: Match | undefined;

    beforeAll(async () => {
      cluster = running === undefined ? await Cluster.up(filesystem) : Cluster.at(running);
      match = await Match.begin(cluster, rounds);
    });

    afterAll(async () => {
      match?.end();
      await cluster?.down();
    });

    for (const { name } of contests)
      test(
        name,
        async () => {
          const tallies = await match!.tallies(name, patience);
          keepFigures(filesystem, tallies);
          expect(tallies).toHaveLength(2);
          for (const tally of tallies) {
            expect(tally.rounds).toBe(rounds);
            expect(surprises(filesystem, tally), tally.faults.join('\n')).toEqual({});
          }
        },
        patience * 1000,
      );
  });
}

/** A line of JSON for each side of each contest, for who asks for it. */
function keepFigures(filesystem: string, tallies: readonly object[]): void {
  const file = process.env['FJR_TEST_FIGURES'];
  if (file !== undefined)
    for (const tally of tallies) appendFileSync(file, `${JSON.stringify({ filesystem, ...tally })}\n`);
}
