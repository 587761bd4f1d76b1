import { type Seal, FanOutPaths } from './fan-out-paths.js';
import { type JournalLine, formatJournalLine } from './journal.js';
import type { CrewId, Layout, PodPaths } from './layout.js';
import { podAnswers } from './pod-answers.js';
import { parseTaskLines } from './task-line.js';
import { type Steps, append, list, readEnd, rename, unlink } from './steps.js';

type SliceLine = Extract<JournalLine, { event: 'slice' }>;

/**
 * Finish a slice, every task of which has its line: the entry goes away.
 *
 * Atomic: the unlink. Before it the lines must be on disk: they count because the slice was never sealed. A crash
 * before it leaves the slice to be sealed with all its lines, and nothing of it is done again. ENOENT means that a
 * dispatcher fenced us and sealed the slice, or that the reply was lost.
 */
export function* finishSlice(
  layout: Layout,
  crew: CrewId,
  line: Omit<SliceLine, 'event'>,
): Steps<'committed' | 'fenced'> {
  yield* append(layout.journalOf(crew), formatJournalLine({ event: 'slice', ...line }));
  if ((yield* unlink(layout.pod(crew).runningEntry(line.entry))) === 'ok') return 'committed';
  return (yield* podAnswers(layout, crew)) ? 'committed' : 'fenced';
}

/** Bytes of a crew's outcomes that are searched for a slice's lines: many times what its slices can have written. */
const outcomesEnd = 16 * 1024 * 1024;

/**
 * Seal: a slice that had started is taken back. What its tasks have come to by now counts; the rest is carved again.
 *
 * Atomic: the rename of the entry, to a name that tells how many of its lines count: of two who count differently one
 * wins, and lines that come later are void. A crash before it leaves the slice to whoever comes next. The fan-out job
 * may be gone: then so is the slice.
 */
export function* sealSlice(
  layout: Layout,
  crew: CrewId,
  pod: PodPaths,
  slice: { readonly entry: string; readonly of: string; readonly token: Seal['token'] },
  lost: boolean,
): Steps<'sealed' | 'gone'> {
  const paths = new FanOutPaths(layout.queued(slice.of));
  const end = yield* readEnd(paths.outcomesOf(crew), outcomesEnd);
  const lines = parseTaskLines(Buffer.from(end ?? '').toString('utf8'));
  const count = lines.filter((line) => 'token' in line && line.token === slice.token).length;
  const from = pod.runningEntry(slice.entry);
  if ((yield* rename(from, paths.seal({ token: slice.token, lines: count, lost }))) === 'ok') return 'sealed';
  if ((yield* list(paths.sealed)) === undefined) yield* unlink(from);
  return 'gone';
}
