import { parseJournal } from './journal.js';
import type { CrewId, Layout } from './layout.js';
import { type Steps, list, readEnd, rename, rmdir, size, unlink } from './steps.js';

/** Bytes of a journal's end that are searched for what was running: thousands of jobs. */
const journalEnd = 1024 * 1024;

/**
 * Keeps what a dead crew's jobs had printed: its scratch files become the logs of the executions that were writing
 * them, as far as the end of its journal tells, and else logs of the worker. A convenience: nothing rests on it, and
 * doing it twice does nothing.
 */
export function* salvageOutput(layout: Layout, crew: CrewId): Steps<void> {
  const directory = layout.scratch(crew);
  const names = yield* list(directory);
  if (names === undefined) return;
  const journal = (yield* readEnd(layout.journalOf(crew), journalEnd)) ?? '';
  const interrupted = lastStarts(Buffer.from(journal).toString('utf8'));
  for (const name of names) {
    const path = `${directory}/${name}`;
    const [worker = '', stream] = name.split('.');
    const isStream = stream === 'out' || stream === 'err';
    if (isStream && (yield* size(path)) > 0)
      yield* rename(path, layout.log(interrupted.get(Number(worker)) ?? `${crew}.${worker}`, stream));
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
