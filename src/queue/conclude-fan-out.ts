import type { Outcome } from '../job/outcome.js';
import { withToken } from './entry-name.js';
import { formatJournalLine } from './journal.js';
import type { Layout, Verdict } from './layout.js';
import { type Steps, append, list, rename } from './steps.js';
import type { Token } from './token.js';

/**
 * Conclude: a fan-out job all of whose tasks have ended leaves the queue as a whole.
 *
 * Atomic: the rename of its directory. As with every outcome the journal's line comes first, and counts only if the
 * directory stands where it says.
 */
export function* concludeFanOut(
  layout: Layout,
  name: string,
  to: Verdict,
  token: Token,
  note: { readonly writer: string; readonly time: string; readonly outcome: Outcome },
): Steps<'concluded' | 'gone'> {
  const entry = withToken(name, token);
  const line = formatJournalLine({ event: 'verdict', time: note.time, entry, to, outcome: note.outcome });
  yield* append(layout.journalOf(note.writer), line);
  if ((yield* rename(layout.queued(name), layout.finished(to, entry))) === 'ok') return 'concluded';
  return (yield* list(layout[to]))?.includes(entry) === true ? 'concluded' : 'gone';
}
