import { fault, fine, note, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { type Pod, readPods } from '../pods.js';
import { restPod } from '../rest-pod.js';
import { ageBy } from '../server-age.js';
import { command, count, time } from '../wording.js';

/** Seconds of lease for a pod whose crew never said its own. */
const defaultLease = 30;

/** Pods, and whether somebody is behind them. */
export function checkCrews(system: DoctorSystem, patient: Patient): Verdict[] {
  const age = ageBy(system, patient);
  const pods = readPods(system, patient.layout);
  const verdicts = pods.flatMap((pod) => {
    const verdict = judgePod(pod, age(pod.paths.heartbeat), patient, () => restPod(system, patient, pod));
    return verdict === undefined ? [] : [verdict];
  });
  return verdicts.length > 0 ? verdicts : [fine(describeAll(pods))];
}

function describeAll(pods: readonly Pod[]): string {
  if (pods.length === 0) return 'none';
  const workers = pods.reduce((sum, { file }) => sum + (file?.workers ?? 0), 0);
  const running = pods.reduce((sum, pod) => sum + pod.running.length, 0);
  return `${count(pods.length, 'crew')} with ${count(workers, 'worker')}, ${running} busy`;
}

/** Undefined: all is well with it. `silence`: seconds since its last heartbeat. Pure, but for the repair it hands on. */
export function judgePod(
  pod: Pod,
  silence: number | undefined,
  patient: Patient,
  repair: () => string,
): Verdict | undefined {
  const { kind, crew } = pod.name;
  if (kind === 'fenced')
    // To go on with a fenced pod is anybody's right and duty.
    return warning(
      `the pod of ${crew} was taken away and not emptied${describeHeld(pod)}`,
      `${command(patient, 'fjr-dispatcher')} gives back what it holds; so does fjr doctor --repair`,
      repair,
    );
  if (pod.liveness === 'dead')
    return fault(
      `crew ${crew} is dead${describeHeld(pod)}`,
      `${command(patient, 'fjr-dispatcher')} gives back what it holds; so does fjr doctor --repair`,
      repair,
    );
  if (kind === 'unborn') return judgeUnborn(pod, silence, patient);
  if (pod.file === undefined)
    return warning(
      `the pod of ${crew} does not say whose it is${describeHeld(pod)}`,
      `${command(patient, 'fjr-dispatcher')} takes it away when it has been silent for ${defaultLease} s`,
    );
  return judgeSilence(pod, pod.file, silence, patient);
}

function judgeUnborn(
  { name, file }: Pod,
  silence: number | undefined,
  patient: Patient,
): Verdict | undefined {
  if (silence === undefined || silence <= (file?.lease ?? defaultLease)) return undefined;
  return note(
    `crew ${name.crew} began to be born ${time(silence)} ago, and was not`,
    `${command(patient, 'fjr-dispatcher')} takes its pod away`,
  );
}

function judgeSilence(
  pod: Pod,
  file: NonNullable<Pod['file']>,
  silence: number | undefined,
  patient: Patient,
): Verdict | undefined {
  const { crew } = pod.name;
  if (silence === undefined || silence <= file.lease) return undefined;
  const what = `crew ${crew} on ${file.host} was last heard of ${time(silence)} ago (its lease is ${file.lease} s)${describeHeld(pod)}`;
  if (pod.liveness === 'alive')
    return warning(
      `${what}; its process ${file.pid} is there`,
      `see what it waits for: ps -o stat,wchan:20 -p ${file.pid}; if it was stopped: kill -CONT ${file.pid}`,
    );
  return warning(
    what,
    `${command(patient, 'fjr-dispatcher')} gives back what it holds; if ${file.host} is up, on it: ${command(patient, 'fjr-recruiter', '--local-only fire')}`,
  );
}

function describeHeld({ assigned, running, items }: Pod): string {
  const held = [
    ...(running.length > 0 ? [`${count(running.length, 'job')} started`] : []),
    ...(assigned.length > 0 ? [`${count(assigned.length, 'job')} not started`] : []),
    ...(items.length > 0 ? [count(items.length, 'pool item')] : []),
  ];
  return held.length === 0 ? '' : ` and holds ${held.join(', ')}`;
}
