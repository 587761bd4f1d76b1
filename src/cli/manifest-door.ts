import { createHash } from 'node:crypto';
import { hiddenValues } from '../job/fan-out-file/secrets.js';
import { type Gang, placesOf, rankName, ranksOf } from '../job/gang.js';
import type { ManifestPlan } from '../job/manifest/plan.js';
import { type PlannedRun, outputCap } from './planned-run.js';

/** A run of ranks. */
export function plannedGang(
  plan: ManifestPlan,
  { id, name, shown }: { readonly id: string; readonly name: string; readonly shown: string },
): PlannedRun {
  const { command, container, build, job, secrets } = plan;
  const gang: Gang = { ...plan.gang, port: portOf(id) };
  return {
    name,
    what: {
      id,
      command,
      container,
      shown,
      hidden: hiddenValues(secrets),
      columns: [],
      job,
      pools: [],
      outputCap,
      // A rank that failed for good ends the others; those that had not begun yet are not begun.
      maxFailures: gang.failure === 'ignore' ? undefined : 0,
      maxFailureShare: undefined,
      failFast: gang.failure !== 'ignore',
      logFiles: undefined,
      gang,
    },
    inputs: [...ranksOf(gang)].map((rank) => rankName(gang, rank)),
    split: undefined,
    workers: { kind: 'crews' },
    leastWorkers: [...placesOf(gang)].length,
    resources: [],
    build,
    secrets,
  };
}

/** Below the ports that systems give out by themselves, and seldom that of another run on the same host. */
function portOf(id: string): number {
  return 10_000 + (createHash('sha256').update(id).digest().readUInt32BE() % 12_000);
}
