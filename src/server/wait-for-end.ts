import { parseGoDuration } from '../job/spec/go-duration.js';
import type { Ask } from './answers.js';
import type { JobChange, JobSummary } from './feed/job-index.js';
import type { LiveIndex } from './feed/live-index.js';
import type { Served } from './served.js';

/** Seconds. Whoever wants to wait longer asks again. */
const longestWait = 300;
/** Milliseconds that a connection may be silent beyond a wait. */
const margin = 60_000;

/** `?wait=30s`, in seconds; 0 if it is left out. Undefined: it is no duration, or none that anybody can wait. */
export function readWait(text: string | undefined): number | undefined {
  if (text === undefined) return 0;
  const seconds = parseGoDuration(text);
  return seconds === undefined || seconds < 0 ? undefined : Math.min(seconds, longestWait);
}

/**
 * Returns when this job has ended, or is gone, as far as the index knows; when the time is up; and when the client has
 * gone, or the server is told to end. How it stands then is to be looked up.
 */
export async function waitForEnd(
  { served, index }: { readonly served: Served; readonly index: LiveIndex },
  { id, name }: Pick<JobSummary, 'id' | 'name'>,
  seconds: number,
  ask: Ask,
): Promise<void> {
  const known = index.find(id);
  if (known !== undefined && hasEnded(known)) return;
  ask.env.incoming.socket.setTimeout(seconds * 1000 + margin);
  const { signal } = ask.req.raw;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      forget();
      for (const one of [signal, served.closing]) one.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    const forget = index.onChange((change: JobChange) => {
      if (change.name !== name) return;
      if (change.job === undefined) void confirmGone(index, name).then((isGone) => isGone && end());
      else if (hasEnded(change.job)) end();
    });
    for (const one of [signal, served.closing]) one.addEventListener('abort', end);
    if (signal.aborted || served.closing.aborted) end();
  });
}

/** It may have been on its way to a crew that nobody had seen yet. */
async function confirmGone(index: LiveIndex, name: string): Promise<boolean> {
  for (const look of ['refresh', 'sweep'] as const) {
    await index[look]();
    if (index.find(name) !== undefined) return false;
  }
  return true;
}

function hasEnded({ state }: JobSummary): boolean {
  return state === 'done' || state === 'failed';
}
