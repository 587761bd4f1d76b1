import { fenceCrew } from '../queue/fence-crew.js';
import { layToRest } from '../queue/lay-to-rest.js';
import { perform } from '../queue/perform.js';
import { parseHeldItem } from '../queue/pool.js';
import { list, unlink } from '../queue/steps.js';
import type { DoctorSystem, Patient } from './patient.js';
import { type Pod, guardianOf } from './pods.js';
import { count } from './wording.js';

/**
 * Fences the pod of a crew that is known to be dead, or goes on with one that is fenced: what it held goes back, and the
 * pod is buried. These are the protocol's own renames: a dispatcher may do the same at the same time.
 */
export function restPod({ files, host, clock }: DoctorSystem, { layout }: Patient, pod: Pod): string {
  const { crew, kind } = pod.name;
  if (kind !== 'fenced') perform(files, fenceCrew(layout, crew));
  const held = perform(files, list(layout.fencedPod(crew).items)) ?? [];
  const releaseItems = held.length === 0 || jobsAreDead(host, pod, held);
  const how = {
    writer: `user-${host.name}`,
    time: clock.timestamp(),
    countLost: true,
    releaseItems,
    losses: pod.file?.losses,
  };
  const { returned, buried } = perform(files, layToRest(layout, crew, how));
  for (let worker = 1; worker <= (pod.file?.workers ?? 0); worker++)
    perform(files, unlink(layout.announced({ crew, worker })));
  const failed = returned.filter(({ to }) => to === 'failed').length;
  const parts = [
    ...(returned.length > failed ? [`gave ${count(returned.length - failed, 'job')} back`] : []),
    ...(failed > 0 ? [`moved ${count(failed, 'job')} to failed, which had lost too many crews`] : []),
    buried
      ? `buried the pod of ${crew}`
      : `left the pod of ${crew}: its items are in use, run this again later`,
  ];
  return parts.join(', ');
}

/** Whether the processes that used a crew's items are known to be dead: the guardian, and whoever has their token. */
function jobsAreDead(host: DoctorSystem['host'], { file }: Pod, items: readonly string[]): boolean {
  if (file === undefined || host.judge(file) !== 'dead' || host.judge(guardianOf(file)) !== 'dead')
    return false;
  return items.every((name) => {
    const token = parseHeldItem(name)?.token;
    return token === undefined || host.withEnvironment('FJR_TOKEN', token).length === 0;
  });
}
