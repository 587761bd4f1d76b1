import { setTimeout } from 'node:timers/promises';
import { describeFailure } from '../describe-failure.js';
import type { LiveIndex } from '../feed/live-index.js';
import type { Served } from '../served.js';
import type { ServerPaths } from '../server-paths.js';
import { Courier } from './courier.js';

/** Milliseconds between two tries to get the lock. */
const lookEvery = 3_000;
/** Looks that find another server's beat unchanged before it counts as dead: each is longer than a beat. */
const patience = 20;

/**
 * Tells receivers of what ends. Of several servers one does so, by a lock that the others wait for; two at once would only
 * tell twice.
 */
export async function runWebhooks(served: Served, paths: ServerPaths, index: LiveIndex): Promise<void> {
  const { files, closing } = served;
  files.ensureDirectory(paths.webhooks);
  let seen = { content: '', looks: 0 };
  while (!closing.aborted)
    try {
      const lost = new AbortController();
      const lock = await served.takeLock(paths.webhooksLock, () => {
        lost.abort();
      });
      if (lock.kind === 'mine') {
        await index.refresh();
        await deliver(served, paths, index, lost.signal);
        await lock.unlock();
      } else {
        const isSame = lock.content === seen.content;
        seen = { content: lock.content, looks: isSame ? seen.looks + 1 : 0 };
        if (seen.looks >= patience) served.breakLock(paths.webhooksLock, lock.content);
      }
      await pause(closing);
    } catch (error) {
      served.remark(`webhooks: ${describeFailure(error)}`);
      await pause(closing);
    }
}

/** Until the server ends, or has lost the lock. */
async function deliver(
  served: Served,
  paths: ServerPaths,
  index: LiveIndex,
  lost: AbortSignal,
): Promise<void> {
  const couriers = served.webhooks.map((webhook) => new Courier(served, paths, index, webhook));
  const over = AbortSignal.any([lost, served.closing]);
  await new Promise<void>((resolve) => {
    if (over.aborted) resolve();
    over.addEventListener('abort', () => {
      resolve();
    });
  });
  for (const courier of couriers) courier.close(lost.aborted);
}

async function pause(closing: AbortSignal): Promise<void> {
  await setTimeout(lookEvery, undefined, { signal: closing }).catch(() => undefined);
}
