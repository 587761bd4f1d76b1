import { JobFileError } from '../job/settings.js';
import { readJob } from '../job/read-job.js';
import type { Job } from '../job/job.js';
import type { Inspected } from '../system/files.js';

/** What was seen of a file at an earlier look. */
export interface Look {
  readonly size: number;
  readonly mtimeMs: number;
  /** Monotonic milliseconds at which it was first seen like this. */
  readonly since: number;
}

/** What a look at a name in the queue comes to. */
export type Settled =
  | { readonly kind: 'ready'; readonly job: Job; readonly mtimeMs: number }
  | { readonly kind: 'again'; readonly inMs: number; readonly look: Look }
  | { readonly kind: 'rejected'; readonly reason: string; readonly hint: string | undefined }
  | { readonly kind: 'missing' };

export interface Now {
  /** Milliseconds on this host's steady clock. */
  readonly monotonic: number;
  /** Milliseconds since 1970, by the clock that dates the files. */
  readonly wall: number;
  /** The user whose jobs are run. */
  readonly uid: number;
}

/** A file that looks whole is taken after it has held still for so long … */
const briefly = 10;
/** … one whose last line is unfinished after so long … */
const patiently = 1000;
/** … and what is not understood is given so long to become something better. */
const finally_ = 2000;

/**
 * Decides whether a file in the queue is complete. People `cp` and `echo >` into the queue, so a file may be seen
 * half-written. It counts once two looks found it alike; accepting is quick where the text looks whole, rejecting is
 * slow. `whole`: the name came by a rename or link and nobody has written since, so what is there is all there is.
 */
export function settle(inspected: Inspected, before: Look | undefined, whole: boolean, now: Now): Settled {
  switch (inspected.kind) {
    case 'missing':
      return { kind: 'missing' };
    case 'other':
    case 'unreadable':
      return settleOddity(inspected, before, now);
    case 'file':
      return settleFile(inspected, before, whole, now);
  }
}

type File = Extract<Inspected, { kind: 'file' }>;

function settleFile(file: File, before: Look | undefined, whole: boolean, now: Now): Settled {
  const look = sameLook(before, file) ?? { size: file.size, mtimeMs: file.mtimeMs, since: now.monotonic };
  // An old file needs no second look. The clock is the file server's, as that of the file: no two are compared.
  const still = now.wall - file.mtimeMs > finally_ ? finally_ : now.monotonic - look.since;
  const wait = whole ? 0 : looksWhole(file) ? briefly : patiently;
  if (still < wait) return { kind: 'again', inMs: wait - still, look };
  if (file.uid !== now.uid)
    return rejectOr(still, look, `it belongs to user ${file.uid}`, 'each user has a project of their own');
  try {
    return { kind: 'ready', job: readJob(file), mtimeMs: file.mtimeMs };
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    return rejectOr(whole ? finally_ : still, look, error.message, error.hint);
  }
}

function settleOddity(
  odd: Exclude<Inspected, { kind: 'file' | 'missing' }>,
  before: Look | undefined,
  now: Now,
): Settled {
  const look = sameLook(before, { size: -1, mtimeMs: 0 }) ?? { size: -1, mtimeMs: 0, since: now.monotonic };
  const [reason, hint] =
    odd.kind === 'other'
      ? [`it is ${odd.what}, not a file`, 'copy a job file into the queue']
      : [`it cannot be read: ${odd.reason}`, 'let its owner read it (chmod u+r)'];
  return rejectOr(now.monotonic - look.since, look, reason, hint);
}

function rejectOr(still: number, look: Look, reason: string, hint: string | undefined): Settled {
  if (still < finally_) return { kind: 'again', inMs: finally_ - still, look };
  return { kind: 'rejected', reason, hint };
}

function sameLook(before: Look | undefined, seen: { size: number; mtimeMs: number }): Look | undefined {
  return before?.size === seen.size && before.mtimeMs === seen.mtimeMs ? before : undefined;
}

/** Text that people and programs finish writing ends with a line's end. */
function looksWhole({ head, size }: File): boolean {
  return size > 0 && size === head.length && head[head.length - 1] === 0x0a;
}
