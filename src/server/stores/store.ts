import { FjrError } from '../../job/fjr-error.js';
import type { TreeFile } from '../../system/trees.js';

/** A place for artifacts outside of the project, which serves them itself. */
export interface Store {
  readonly place: StorePlace;
  /** What all keys begin with. */
  readonly prefix: string;
  /**
   * Returns once the store has the whole file under this key, whatever it had there before. What was sent of a large file
   * before it was cut off need not be sent again. Throws `StoreError`.
   */
  put(key: string, file: TreeFile, as: ServedAs, signal: AbortSignal): Promise<void>;
  /** The object goes, and whatever was sent of one; nothing happens if there is none. Throws `StoreError`. */
  remove(key: string, signal: AbortSignal): Promise<void>;
  /** A URL that lets whoever has it fetch the object, for so many seconds. */
  link(key: string, as: ServedAs, seconds: number): Promise<string>;
}

/** Which store it is: objects are looked for nowhere else. */
export interface StorePlace {
  readonly endpoint: string;
  readonly bucket: string;
}

/** How what is fetched presents itself. */
export interface ServedAs {
  readonly mime: string;
  /** A header, Content-Disposition. */
  readonly disposition: string;
}

/** A store does not do what it is asked for. */
export class StoreError extends FjrError {
  /** `store`: whatever it was asked for, it would have failed. `object`: others may do well. */
  readonly blame: 'store' | 'object';

  constructor(blame: 'store' | 'object', message: string, cause: unknown) {
    super('store', message, { cause });
    this.name = 'StoreError';
    this.blame = blame;
  }
}

export function isSamePlace(a: StorePlace, b: StorePlace): boolean {
  return a.endpoint === b.endpoint && a.bucket === b.bucket;
}

export function placeName({ endpoint, bucket }: StorePlace): string {
  return `${endpoint}/${bucket}`;
}
