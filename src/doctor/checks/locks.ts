import { lockSuffix } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { list } from '../../queue/steps.js';
import { fine, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { ageBy } from '../server-age.js';
import { command, time } from '../wording.js';

/** Seconds without a beat after which the owner of a lock seems to be gone: it beats every 2.5 s. */
const silent = 60;

/** Who holds the locks of a project, and whether they live. Locks are an economy: none of this endangers a job. */
export function checkLocks(system: DoctorSystem, patient: Patient): Verdict[] {
  const age = ageBy(system, patient);
  const paths = lockPaths(system, patient);
  if (paths.length === 0) return [fine('no dispatcher, no lock')];
  return paths.map((path) => judgeLock(system, patient, path, age(ownerFile(path)) ?? age(path)));
}

/** `dispatcher.lock` and the like; an owner's file whose lock is gone counts, too. */
function lockPaths({ files }: DoctorSystem, { layout }: Patient): string[] {
  const names = perform(files, list(layout.root)) ?? [];
  const locks = names.flatMap((name) => {
    const [, lock] = /^([^.].*\.lock)(?:\.owner)?$/s.exec(name) ?? [];
    return lock === undefined ? [] : [`${layout.root}/${lock}`];
  });
  return [...new Set(locks)].sort();
}

function ownerFile(path: string): string {
  return `${path}.owner`;
}

function judgeLock(
  { locks, host }: DoctorSystem,
  patient: Patient,
  path: string,
  age: number | undefined,
): Verdict {
  const isDispatcher = path === patient.layout.dispatcherLock;
  const name = path.slice(patient.layout.root.length + 1, -lockSuffix.length);
  const owner = locks.owner(path);
  const release = async (): Promise<string> =>
    (await locks.release(path)) ? `took ${name}.lock and gave it back` : `left ${name}.lock: somebody has it`;
  const next = isDispatcher
    ? `${command(patient, 'fjr-dispatcher')} takes it over`
    : `whoever needs it takes it over`;
  if (owner === undefined)
    return warning(`${name}.lock belongs to nobody`, `${next}; so does fjr doctor --repair`, release);
  const who = `process ${owner.pid} on ${owner.host}`;
  const liveness = host.judge(owner);
  if (liveness === 'dead')
    return warning(
      `${name}.lock belongs to ${who}, which is dead`,
      `${next}; so does fjr doctor --repair`,
      release,
    );
  const heard = age === undefined ? '' : `, last heard of ${time(age)} ago`;
  if (age === undefined || age <= silent) return fine(`${name}: ${who}${heard}`);
  if (liveness === 'alive')
    return warning(
      `${name}.lock belongs to ${who}${heard}; the process is there`,
      `if it was stopped: kill -CONT ${owner.pid}`,
    );
  return warning(
    `${name}.lock belongs to ${who}${heard}`,
    isDispatcher
      ? `if that is gone: ${command(patient, 'fjr-dispatcher', '--standby')} takes over when it has watched for a minute`
      : `if that is gone: rm -r ${path} ${ownerFile(path)}`,
  );
}
