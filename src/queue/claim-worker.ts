import type { Badge, Layout } from './layout.js';
import { podAnswers } from './pod-answers.js';
import { type Steps, renameBack, unlink } from './steps.js';

/**
 * Claim: a worker is taken off the offer, by moving its badge from `workerqueue` back into its crew's pod. A
 * dispatcher claims before it assigns; a crew claims its own worker back when it has work for it.
 *
 * Atomic: the rename of the badge; of two claimers one hears `taken`. A crash right after it leaves a badge in its pod
 * without work: its crew announces it again after some seconds. If the pod is gone the offer is void, for ever, and
 * the badge is removed: left alone it would be offered again and again.
 */
export function* claimWorker(layout: Layout, badge: Badge): Steps<'claimed' | 'taken' | 'pod-gone'> {
  const pod = layout.pod(badge.crew);
  const status = yield* renameBack(layout.announced(badge), pod.badge(badge), pod.badgeAside(badge));
  if (status === 'ok') return 'claimed';
  if (yield* podAnswers(layout, badge.crew)) return 'taken';
  yield* unlink(layout.announced(badge));
  return 'pod-gone';
}
