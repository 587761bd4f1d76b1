import { FjrError } from '../../job/fjr-error.js';
import { perform } from '../../queue/perform.js';
import { read } from '../../queue/steps.js';
import { newToken } from '../../queue/token.js';
import type { Files } from '../../system/files.js';
import { replaceFile } from '../place-file.js';
import type { ServerPaths } from '../server-paths.js';
import type { StorePlace } from './store.js';

/**
 * What of one execution's artifacts is in a store. Written before anything is sent, with all keys under which something may
 * come to lie: whatever happens, what is to be removed one day is known.
 */
export interface StoreRecord {
  readonly entry: string;
  readonly store: StorePlace;
  readonly objects: readonly StoredObject[];
}

export interface StoredObject {
  /** The artifact's number. */
  readonly id: number;
  readonly key: string;
  /**
   * The version of the file that the store has (see system/trees.ts); null: none. `missing`: there is no such file, and the
   * store has none.
   */
  readonly version: string | null;
}

export const missing = 'missing';

/** Whether nothing is left to be sent. */
export function isComplete({ objects }: StoreRecord): boolean {
  return objects.every(({ version }) => version !== null);
}

/** Undefined: there is none. Throws FjrError: it is damaged. */
export function readRecord(files: Files, path: string): StoreRecord | undefined {
  const content = perform(files, read(path));
  if (content === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(content).toString('utf8')) as StoreRecord;
  } catch (error) {
    throw new FjrError('damaged', `${path} is damaged: it does not say any more what is in the store`, {
      hint: 'remove it: what is still here is sent again',
      cause: error,
    });
  }
}

export function writeRecord(files: Files, paths: ServerPaths, record: StoreRecord): void {
  perform(files, replaceFile(paths, paths.storedOf(record.entry), `${JSON.stringify(record)}\n`, newToken()));
}
