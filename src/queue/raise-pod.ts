import type { PodPaths } from './layout.js';
import { type CrewId, type Layout, badgeName } from './layout.js';
import { type Steps, create, mkdir, rename } from './steps.js';

/**
 * Birth: a crew's pod appears in `jobpods`, furnished: `crew.json`, `heartbeat`, `running/`, `items/` and a badge for
 * each worker.
 *
 * Atomic: the rename of `.C` to `C`. Before it nobody assigns to the pod; a crash leaves `.C`, which a dispatcher
 * fences and buries like any other. A crew whose unborn pod was taken away meanwhile hears `fenced`.
 */
export function* raisePod(
  layout: Layout,
  crew: CrewId,
  crewFile: string,
  workers: number,
): Steps<'born' | 'fenced'> {
  const pod = layout.unbornPod(crew);
  yield* mkdir(pod.directory);
  yield* mkdir(pod.running);
  yield* mkdir(pod.items);
  yield* furnish(pod, crew, crewFile, workers);
  return (yield* rename(pod.directory, layout.pod(crew).directory)) === 'ok' ? 'born' : 'fenced';
}

function* furnish(pod: PodPaths, crew: CrewId, crewFile: string, workers: number): Steps<void> {
  yield* create(pod.crewFile, crewFile);
  yield* create(pod.heartbeat, '\n');
  for (let worker = 1; worker <= workers; worker++)
    yield* create(pod.entry(badgeName({ crew, worker })), `worker ${worker} of crew ${crew}\n`);
}
