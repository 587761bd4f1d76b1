import type { Files } from '../../system/files.js';
import { dispositionOf } from '../disposition.js';
import type { ServerPaths } from '../server-paths.js';
import { type Store, isSamePlace, placeName } from './store.js';
import { type StoreRecord, isComplete, missing, readRecord } from './store-record.js';

/** What is needed of an artifact to find it. */
interface Sought {
  readonly id: number;
  readonly name: string;
  readonly mime: string;
  readonly entry: string;
}

export type Stored =
  { readonly kind: 'stored'; readonly link: string } | { readonly kind: 'elsewhere'; readonly place: string };

interface Found {
  readonly record: StoreRecord;
  /** By the artifacts' numbers. */
  readonly keys: ReadonlyMap<number, string>;
}

/** Finds artifacts that have gone to a store. */
export class StoredArtifacts {
  readonly #files: Files;
  readonly #paths: ServerPaths;
  readonly #store: Store | undefined;
  /** The last that was asked for, if it does not change any more: a job's artifacts are asked for together. */
  #last: Found | undefined;

  constructor(files: Files, paths: ServerPaths, store: Store | undefined) {
    this.#files = files;
    this.#paths = paths;
    this.#store = store;
  }

  /** Undefined: no store has it. */
  async locate({ id, name, mime, entry }: Sought, seconds: number): Promise<Stored | undefined> {
    const found = this.#look(entry);
    const key = found?.keys.get(id);
    if (found === undefined || key === undefined) return undefined;
    const place = found.record.store;
    if (this.#store === undefined || !isSamePlace(place, this.#store.place))
      return { kind: 'elsewhere', place: placeName(place) };
    const link = await this.#store.link(key, { mime, disposition: dispositionOf(name) }, seconds);
    return { kind: 'stored', link };
  }

  #look(entry: string): Found | undefined {
    const path = this.#paths.storedOf(entry);
    if (this.#last?.record.entry === entry && this.#files.exists(path)) return this.#last;
    const record = readRecord(this.#files, path);
    if (record === undefined) return undefined;
    const has = record.objects.filter(({ version }) => version !== null && version !== missing);
    const found = { record, keys: new Map(has.map(({ id, key }) => [id, key])) };
    if (isComplete(record)) this.#last = found;
    return found;
  }
}
