import type { Badge, Layout } from './layout.js';
import { type Steps, list, rename, renameBack } from './steps.js';

/**
 * Announce: a crew offers a free worker, by moving its badge from the pod into `workerqueue`.
 *
 * Atomic: the rename of the badge. A crash right after it leaves a worker on offer whose crew is dead: whoever claims
 * it finds out. ENOENT means that the badge is out already, or that the pod is gone: only the pod can tell. Or somebody
 * who had set it aside for a moment was killed: then it is offered from there.
 */
export function* announceWorker(layout: Layout, badge: Badge): Steps<'announced' | 'fenced'> {
  const pod = layout.pod(badge.crew);
  const aside = pod.badgeAside(badge);
  const announced = layout.announced(badge);
  if ((yield* renameBack(pod.badge(badge), announced, aside)) === 'ok') return 'announced';
  const names = yield* list(pod.directory);
  if (names === undefined) return 'fenced';
  const left = names.map((name) => pod.entry(name)).find((path) => path.startsWith(aside));
  if (left !== undefined) yield* rename(left, announced);
  return 'announced';
}
