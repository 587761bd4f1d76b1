import type { CrewId, Layout } from './layout.js';
import { podAnswers } from './pod-answers.js';
import { type Steps, list, rename } from './steps.js';

/**
 * Start: a crew takes an assigned entry into `running/`, and only then starts its process.
 *
 * Atomic: the rename of the entry; a recall competes for it. A crash right after it leaves an entry that counts as
 * started though no process was: it is returned with one lost crew more. ENOENT means recalled, or fenced, or done
 * with the reply lost: our token in `running/` tells, and nobody else could have put it there.
 */
export function* startJob(
  layout: Layout,
  crew: CrewId,
  entry: string,
): Steps<'started' | 'recalled' | 'fenced'> {
  const pod = layout.pod(crew);
  if ((yield* rename(pod.entry(entry), pod.runningEntry(entry))) === 'ok') return 'started';
  if ((yield* list(pod.running))?.includes(entry) === true) return 'started';
  return (yield* podAnswers(layout, crew)) ? 'recalled' : 'fenced';
}
