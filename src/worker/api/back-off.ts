import { after } from '../timers.js';

/** Milliseconds before the first repetition … */
const first = 500;
/** … and at most, however often it failed. */
const most = 30_000;

/** Milliseconds before the next try: twice as many each time, and never the same for all who wait for a server. */
export function pauseAfter(failures: number, random: () => number): number {
  const ceiling = Math.min(most, first * 2 ** Math.min(failures, 10));
  return ceiling / 2 + random() * (ceiling / 2);
}

/** Passes after so many milliseconds, or at once when the signal comes. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      stop();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const stop = after(milliseconds, end);
    signal.addEventListener('abort', end);
  });
}
