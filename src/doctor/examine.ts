import { FjrError } from '../job/fjr-error.js';
import { checkAnnouncements } from './checks/announcements.js';
import { checkClock } from './checks/clock.js';
import { checkCrews } from './checks/crews.js';
import { checkDirectories } from './checks/directories.js';
import { checkFilesystem } from './checks/filesystem.js';
import { checkLeftovers } from './checks/leftovers.js';
import { checkLocks } from './checks/locks.js';
import { checkNames } from './checks/names.js';
import { checkPermissions } from './checks/permissions.js';
import { checkPools } from './checks/pools.js';
import { checkPrograms } from './checks/programs.js';
import { checkRenames } from './checks/renames.js';
import { checkSpace } from './checks/space.js';
import { checkVersions } from './checks/versions.js';
import { checkWork } from './checks/work.js';
import { type Finding, type Verdict, fault } from './finding.js';
import type { Check, DoctorSystem, Patient } from './patient.js';

/** All looks at a project from this host, in the order in which they are told. */
const checks: Readonly<Record<string, Check>> = {
  directories: checkDirectories,
  permissions: checkPermissions,
  filesystem: checkFilesystem,
  renames: checkRenames,
  space: checkSpace,
  clock: checkClock,
  versions: checkVersions,
  programs: checkPrograms,
  crews: checkCrews,
  announcements: checkAnnouncements,
  locks: checkLocks,
  pools: checkPools,
  work: checkWork,
  names: checkNames,
  leftovers: checkLeftovers,
};

/** Examines a project from this host. What is broken costs its own check and no other. */
export async function examine(system: DoctorSystem, patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, look] of Object.entries(checks))
    for (const verdict of await guarded(() => look(system, patient))) findings.push({ check, ...verdict });
  return findings;
}

async function guarded(look: () => ReturnType<Check>): Promise<readonly Verdict[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof FjrError) return [fault(error.message, error.hint)];
    throw error;
  }
}

/** What came of a repair. */
export interface Mended {
  readonly finding: Finding;
  readonly did: string | undefined;
  /** Why it could not be mended. */
  readonly failure: string | undefined;
}

/** Mends what can be mended, one after the other. */
export async function mend(findings: readonly Finding[]): Promise<Mended[]> {
  const mended: Mended[] = [];
  for (const finding of findings) {
    if (finding.repair === undefined) continue;
    try {
      mended.push({ finding, did: await finding.repair(), failure: undefined });
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      mended.push({ finding, did: undefined, failure: error.message });
    }
  }
  return mended;
}
