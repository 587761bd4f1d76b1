import { looksLikeSlice } from '../job/fan-out.js';
import { fanOutOf } from './fan-out-paths.js';
import { sealSlice } from './finish-slice.js';
import { isIgnored, parseEntryName, withFailure, withToken } from './entry-name.js';
import { formatJournalLine } from './journal.js';
import { type CrewId, type Layout, type PodPaths, classifyPodFile } from './layout.js';
import { newToken } from './token.js';
import { type Steps, append, list, read, rename } from './steps.js';

/** A job that loses this many crews is failed: it may well be what kills them. */
export const lostBudget = 5;

export interface Returning {
  /** Whose journal says what was given up. */
  readonly writer: string;
  readonly time: string;
  /** Whether what had started counts as lost. A crew that leaves in order gives its entries back uncounted. */
  readonly countLost: boolean;
  /** How many crews a job may lose; left out: `lostBudget`. */
  readonly losses?: number | undefined;
}

export interface ReturnedEntry {
  readonly entry: string;
  readonly to: 'queue' | 'failed';
}

/**
 * Return: each entry of a fenced pod goes back into the queue, or to `failed` when it has lost too many crews, or its user
 * has wished it stopped.
 *
 * Atomic: one rename for each entry, which also raises its count: it can be neither forgotten nor counted twice. A
 * crash leaves the rest in the pod; any dispatcher goes on. What has not started is not counted.
 */
export function* returnEntries(layout: Layout, crew: CrewId, how: Returning): Steps<ReturnedEntry[]> {
  const pod = layout.fencedPod(crew);
  const returned: ReturnedEntry[] = [];
  const names = (yield* list(pod.directory)) ?? [];
  for (const name of names)
    if (classifyPodFile(name).kind === 'entry' && !isIgnored(name))
      yield* moveBack(layout.queued(name), { entry: name, to: 'queue' }, pod.entry(name), returned);
  for (const name of (yield* list(pod.running)) ?? []) {
    const isCancelled = names.some((mark) => isMarkOf(mark, name));
    yield* returnStarted(layout, pod, name, { crew, isCancelled }, how, returned);
  }
  return returned;
}

/** Whether its user has wished the entry stopped: it is not to run again. */
function isMarkOf(name: string, entry: string): boolean {
  const file = classifyPodFile(name);
  return file.kind === 'cancel' && file.token === parseEntryName(entry).token;
}

function* returnStarted(
  layout: Layout,
  pod: PodPaths,
  entry: string,
  { crew, isCancelled }: { readonly crew: CrewId; readonly isCancelled: boolean },
  how: Returning,
  returned: ReturnedEntry[],
): Steps<void> {
  const from = pod.runningEntry(entry);
  const { job, token } = parseEntryName(entry);
  const of = fanOutOf(job);
  if (of !== undefined && token !== undefined && (yield* isSlice(from))) {
    yield* sealSlice(layout, crew, pod, { entry, of, token }, how.countLost);
    return;
  }
  if (!how.countLost && !isCancelled)
    return yield* moveBack(layout.queued(entry), { entry, to: 'queue' }, from, returned);
  if (!isCancelled && (parseEntryName(entry).counts.lost ?? 0) + 1 < (how.losses ?? lostBudget))
    return yield* moveBack(layout.queued(withFailure(entry, 'lost')), { entry, to: 'queue' }, from, returned);
  const outcome = isCancelled ? ({ kind: 'cancelled' } as const) : ({ kind: 'lost', crew } as const);
  // A name of its own: of two that say this, or of one that dies and says it again, one line comes true.
  const name = withToken(entry, newToken());
  const line = formatJournalLine({ event: 'verdict', time: how.time, entry: name, to: 'failed', outcome });
  yield* append(layout.journalOf(how.writer), line);
  return yield* moveBack(layout.finished('failed', name), { entry: name, to: 'failed' }, from, returned);
}

/** By what it holds: a user's job may be called like a slice. */
function* isSlice(path: string): Steps<boolean> {
  return looksLikeSlice((yield* read(path)) ?? new Uint8Array());
}

function* moveBack(to: string, result: ReturnedEntry, from: string, returned: ReturnedEntry[]): Steps<void> {
  if ((yield* rename(from, to)) === 'ok') returned.push(result);
}
