import { setTimeout } from 'node:timers/promises';
import { describeFailure } from './describe-failure.js';
import type { Served } from './served.js';

/** Milliseconds between two tries to get the lock. */
const lookEvery = 3_000;
/** Looks that find another server's beat unchanged before it counts as dead: each is longer than a beat. */
const patience = 20;

/**
 * Does what one server of a project is to do, until the server ends: the one that has the lock, for which the others wait.
 * The lock is an economy: what is done must do no harm if two do it at once. `work` ends when its signal is aborted;
 * `isLost` then says whether another server goes on already.
 */
export async function asSoleServer(
  served: Served,
  lockPath: string,
  what: string,
  work: (over: AbortSignal, isLost: () => boolean) => Promise<void>,
): Promise<void> {
  const { closing } = served;
  let seen = { content: '', looks: 0 };
  while (!closing.aborted)
    try {
      const lost = new AbortController();
      const lock = await served.takeLock(lockPath, () => {
        lost.abort();
      });
      if (lock.kind === 'mine') {
        try {
          await work(AbortSignal.any([lost.signal, closing]), () => lost.signal.aborted);
        } finally {
          await lock.unlock();
        }
      } else {
        const isSame = lock.content === seen.content;
        seen = { content: lock.content, looks: isSame ? seen.looks + 1 : 0 };
        if (seen.looks >= patience) served.breakLock(lockPath, lock.content);
      }
      await pause(closing);
    } catch (error) {
      served.remark(`${what}: ${describeFailure(error)}`);
      await pause(closing);
    }
}

/** Until it is aborted. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

async function pause(closing: AbortSignal): Promise<void> {
  await setTimeout(lookEvery, undefined, { signal: closing }).catch(() => undefined);
}
