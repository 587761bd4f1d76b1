import { withFailure, type CountedReason } from './entry-name.js';
import { type Destination, type JournalLine, formatJournalLine } from './journal.js';
import type { CrewId, Layout } from './layout.js';
import { podAnswers } from './pod-answers.js';
import { type Steps, append, list, rename } from './steps.js';

/** What a crew hears of its commit. `void`: somebody took the entry away by hand; `fenced`: so did a dispatcher. */
export type Finished = 'committed' | 'void' | 'fenced';

/** Where a finished execution's entry goes. `raise`: which of its counts the retry raises. */
export type FinishTo =
  { readonly to: 'done' | 'failed' } | { readonly to: 'queue'; readonly raise: CountedReason | undefined };

type FinishLine = Extract<JournalLine, { event: 'finish' }>;

/**
 * Finish, the commit: the journal's line first, then the entry leaves `running/` for `done`, `failed` or the queue.
 *
 * Atomic: the rename of the entry. A line whose rename did not happen is void: a crash between the two leaves the
 * entry to be returned, and its next execution to count. The other order would lose outcomes. ENOENT means that a
 * dispatcher fenced us and took the entry back, or that the reply was lost: our token at the target tells. (A retry
 * may already have been assigned again, but then it is not ours to care about.)
 */
export function* finishJob(
  layout: Layout,
  crew: CrewId,
  target: FinishTo,
  line: Omit<FinishLine, 'event' | 'to'>,
): Steps<Finished> {
  const { to, path, directory, name } = destination(layout, target, line.entry);
  yield* append(layout.journalOf(crew), formatJournalLine({ event: 'finish', to, ...line }));
  if ((yield* rename(layout.pod(crew).runningEntry(line.entry), path)) === 'ok') return 'committed';
  if ((yield* list(directory))?.includes(name) === true) return 'committed';
  return (yield* podAnswers(layout, crew)) ? 'void' : 'fenced';
}

function destination(
  layout: Layout,
  target: FinishTo,
  entry: string,
): { to: Destination; path: string; directory: string; name: string } {
  if (target.to !== 'queue')
    return {
      to: target.to,
      path: layout.finished(target.to, entry),
      directory: layout[target.to],
      name: entry,
    };
  const name = target.raise === undefined ? entry : withFailure(entry, target.raise);
  return { to: 'queue', path: layout.queued(name), directory: layout.jobqueue, name };
}
