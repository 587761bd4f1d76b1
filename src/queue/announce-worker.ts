import type { Badge, Layout } from './layout.js';
import { podAnswers } from './pod-answers.js';
import { type Steps, renameBack } from './steps.js';

/**
 * Announce: a crew offers a free worker, by moving its badge from the pod into `workerqueue`.
 *
 * Atomic: the rename of the badge. A crash right after it leaves a worker on offer whose crew is dead: whoever claims
 * it finds out. ENOENT means that the badge is out already, or that the pod is gone: only the pod can tell.
 */
export function* announceWorker(layout: Layout, badge: Badge): Steps<'announced' | 'fenced'> {
  const status = yield* renameBack(layout.pod(badge.crew).badge(badge), layout.announced(badge));
  if (status === 'ok') return 'announced';
  return (yield* podAnswers(layout, badge.crew)) ? 'announced' : 'fenced';
}
