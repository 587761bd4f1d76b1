import { parseJournal } from './journal.js';
import type { CrewId, Layout } from './layout.js';
import { type Steps, list, read, rename, rmdir, unlink } from './steps.js';

/**
 * Keeps what a dead crew's jobs had printed: its scratch files become the logs of the executions that were writing
 * them, which the crew's journal names. A convenience: nothing rests on it, and doing it twice does nothing.
 */
export function* salvageOutput(layout: Layout, crew: CrewId): Steps<void> {
  const directory = layout.scratch(crew);
  const names = yield* list(directory);
  if (names === undefined) return;
  const interrupted = lastStarts(Buffer.from((yield* read(layout.journalOf(crew))) ?? '').toString('utf8'));
  for (const name of names) {
    const path = `${directory}/${name}`;
    const [worker = '', stream] = name.split('.');
    const entry = interrupted.get(Number(worker));
    const printed = entry !== undefined && ((yield* read(path))?.length ?? 0) > 0;
    if (printed && (stream === 'out' || stream === 'err')) yield* rename(path, layout.log(entry, stream));
    else yield* unlink(path);
  }
  yield* rmdir(directory);
}

/** Worker → the entry it started and has not finished. */
function lastStarts(text: string): Map<number, string> {
  const starts = new Map<number, string>();
  for (const line of parseJournal(text)) {
    if (line.event === 'start') starts.set(line.worker, line.entry);
    else if (line.event === 'finish') starts.delete(line.worker);
  }
  return starts;
}
