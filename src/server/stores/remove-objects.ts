import { perform } from '../../queue/perform.js';
import { unlink } from '../../queue/steps.js';
import { inParallel } from './in-parallel.js';
import type { Sender } from './send-artifacts.js';
import { isSamePlace } from './store.js';
import { readRecord } from './store-record.js';

/** Objects of one execution that are removed at once. */
const lanes = 4;

/**
 * Removes from the store all that a record speaks of, and then the record. False: they are in another store, which would have
 * to be named in config.toml again.
 */
export async function removeObjects(
  { served, store }: Sender,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  const record = readRecord(served.files, path);
  if (record === undefined) return true;
  if (!isSamePlace(record.store, store.place)) return false;
  await inParallel(record.objects, lanes, () => async ({ key }) => {
    signal.throwIfAborted();
    await store.remove(key, signal);
  });
  perform(served.files, unlink(path));
  return true;
}
