import type { Outcome } from '../job/outcome.js';
import { formatEntryName, longestName, parseEntryName } from './entry-name.js';
import { formatJournalLine } from './journal.js';
import type { Layout } from './layout.js';
import { type Steps, append, rename } from './steps.js';
import type { Token } from './token.js';

/**
 * Reject: a queued job that cannot or shall not run goes to `failed` with the reason: a file that cannot be
 * understood, a dependency that failed, a job that somebody cancelled.
 *
 * Atomic: the rename out of the queue; a dispatcher that assigns it, or a person who removes it, competes for it.
 */
export function* rejectJob(
  layout: Layout,
  name: string,
  token: Token,
  verdict: { readonly writer: string; readonly time: string; readonly outcome: Outcome },
): Steps<'rejected' | 'gone'> {
  const entry = formatEntryName({
    ...parseEntryName(name),
    job: shortenName(parseEntryName(name).job),
    token,
  });
  const { writer, time, outcome } = verdict;
  yield* append(
    layout.journalOf(writer),
    formatJournalLine({ event: 'verdict', time, entry, to: 'failed', outcome }),
  );
  return (yield* rename(layout.queued(name), layout.finished('failed', entry))) === 'ok'
    ? 'rejected'
    : 'gone';
}

/** A name that leaves room for its token: cut between characters, from the end. */
function shortenName(job: string): string {
  if (Buffer.byteLength(job) <= longestName) return job;
  const characters = Array.from(job);
  let bytes = Buffer.byteLength(job);
  while (bytes > longestName) bytes -= Buffer.byteLength(characters.pop() ?? '');
  return characters.join('');
}
