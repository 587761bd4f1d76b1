import { withToken } from './entry-name.js';
import type { CrewId, Layout } from './layout.js';
import { type Steps, list, rename } from './steps.js';
import type { Token } from './token.js';

export type Assigned =
  | { readonly kind: 'assigned'; readonly entry: string }
  /** Withdrawn by a person, or taken by another dispatcher. */
  | { readonly kind: 'job-gone' }
  | { readonly kind: 'pod-gone' };

/**
 * Assign: a queued job becomes an entry of a crew's pod, under a token of its own.
 *
 * Atomic: the rename of the job's file; of two dispatchers one finds it gone. A crash right after it leaves the entry
 * assigned: its crew starts it. ENOENT may also be a lost reply: the new name, found in the pod, tells.
 */
export function* assignJob(layout: Layout, name: string, token: Token, crew: CrewId): Steps<Assigned> {
  const entry = withToken(name, token);
  const pod = layout.pod(crew);
  if ((yield* rename(layout.queued(name), pod.entry(entry))) === 'ok') return { kind: 'assigned', entry };
  const names = yield* list(pod.directory);
  if (names === undefined) return { kind: 'pod-gone' };
  // The pod first, then what it runs: an entry moves that way.
  const isThere = names.includes(entry) || (yield* list(pod.running))?.includes(entry) === true;
  return isThere ? { kind: 'assigned', entry } : { kind: 'job-gone' };
}
