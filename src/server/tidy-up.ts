import { setTimeout } from 'node:timers/promises';
import { forgetKeys } from './accept/forget-keys.js';
import { describeFailure } from './describe-failure.js';
import type { Desk } from './jobmgr-routes.js';
import { removeDrafts } from './remove-drafts.js';

/** Milliseconds between two rounds. */
const pause = 3_600_000;

/**
 * Removes what clients have given up, and servers have left that were killed: now, and every hour until the server is told
 * to end. Any server of the project does it for all of them.
 */
export async function tidyUp(desk: Pick<Desk, 'served' | 'paths' | 'index'>): Promise<void> {
  const { closing, remark } = desk.served;
  while (!closing.aborted) {
    for (const task of [forgetKeys, removeDrafts])
      try {
        await task(desk, desk.index.now);
      } catch (error) {
        // A file server that is away comes back.
        remark(describeFailure(error));
      }
    await setTimeout(pause, undefined, { signal: closing, ref: false }).catch(() => undefined);
  }
}
