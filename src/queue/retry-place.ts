import type { Files } from '../system/files.js';
import { FanOutBook, isFanOut, readFanOut } from './fan-out-book.js';
import { FanOutPaths } from './fan-out-paths.js';
import type { Layout } from './layout.js';
import { perform } from './perform.js';
import type { Place } from './places.js';
import { retryFailed } from './retry-failed.js';
import { append, unlink } from './steps.js';
import { formatTaskLine } from './task-line.js';
import { newToken } from './token.js';

/**
 * A failed job goes back into the queue, with all its tries before it. `writer`: whose lines tell of tasks that are
 * forgiven.
 */
export function retryPlace(files: Files, layout: Layout, entry: string, writer: string): 'queued' | 'gone' {
  forgiveTasks(files, layout, entry, writer);
  return perform(files, retryFailed(layout, entry, newToken()));
}

/** Whether a fan-out job needs the crew that was made for it, which no other can stand in for. */
export function hasOwnHosts(files: Files, place: Pick<Place, 'entry' | 'path'>): boolean {
  return isFanOut(files, place) && readFanOut(files, new FanOutPaths(place.path)).ssh !== undefined;
}

/** Of a fan-out job only what failed or was never done is tried again, with all its tries before it. */
function forgiveTasks(files: Files, layout: Layout, entry: string, writer: string): void {
  const path = layout.finished('failed', entry);
  if (!isFanOut(files, { entry, path })) return;
  const paths = new FanOutPaths(path);
  const book = new FanOutBook(files, paths);
  book.refresh();
  const { tally, fanOut } = book;
  let lines = '';
  for (let task = 0; task < fanOut.tasks; task++)
    if (tally.stateOf(task) === 'failed') lines += formatTaskLine({ task, forgive: tally.blameOf(task) });
  if (lines !== '') perform(files, append(paths.outcomesOf(writer), lines));
  perform(files, unlink(paths.cancelMark));
}
