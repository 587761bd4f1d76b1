import { basename } from 'node:path';
import { FjrError } from '../../job/fjr-error.js';
import { perform } from '../../queue/perform.js';
import { rename } from '../../queue/steps.js';
import { newToken } from '../../queue/token.js';
import type { Artifact, ArtifactBook } from '../artifact-book.js';
import { dispositionOf } from '../disposition.js';
import type { Served } from '../served.js';
import type { ServedJobs } from '../served-jobs.js';
import type { ServerPaths } from '../server-paths.js';
import { inParallel } from './in-parallel.js';
import { objectKey } from './object-key.js';
import { type Store, StoreError, isSamePlace } from './store.js';
import { type StoreRecord, missing, readRecord, writeRecord } from './store-record.js';

/** What sending artifacts needs. */
export interface Sender {
  readonly served: Served;
  readonly paths: ServerPaths;
  readonly jobs: ServedJobs;
  readonly artifacts: ArtifactBook;
  readonly store: Store;
}

/** Artifacts of one execution that are under way at once. */
const lanes = 4;
/** Milliseconds between two notes of what has been sent. What was sent since the last is sent again after a crash. */
const noteEvery = 1_000;

/**
 * Sends an execution's artifacts to the store, and removes them here. In this order: the record says under which keys they
 * will lie; they are sent, each with a note in the record that the store has it; when all have one, they are removed,
 * unless they have changed since. Killed anywhere, whoever does this again finds by the record what is left to do, and
 * what he does twice does no harm.
 *
 * False: there is no such job, or it goes away meanwhile. Throws StoreError or FjrError: it is to be done again.
 */
export async function sendArtifacts(sender: Sender, entry: string, signal: AbortSignal): Promise<boolean> {
  const job = sender.jobs.endedAs(entry);
  if (job === undefined) return false;
  const artifacts = await sender.artifacts.of(job);
  if (artifacts.length === 0) {
    const { trees, layout } = sender.served;
    await trees.prune(layout.workDirectories, `${entry}/artifacts`);
    return true;
  }
  const sending = new Sending(sender, entry, artifacts);
  const left = artifacts.filter(({ id }) => !sending.has(id));
  const goesOn = (): boolean => sender.served.files.exists(job.place.path) && sending.isWanted();
  try {
    await inParallel(left, lanes, () => async (artifact) => {
      signal.throwIfAborted();
      if (goesOn()) await sending.send(artifact, signal);
    });
  } finally {
    if (goesOn()) sending.note();
  }
  if (!goesOn()) return false;
  await sending.removeHere();
  return true;
}

/** What is known of one execution's objects while they are sent. */
class Sending {
  readonly #sender: Sender;
  readonly #entry: string;
  readonly #artifacts: readonly Artifact[];
  /** By number: see StoredObject. */
  readonly #versions: Map<number, string | null>;
  #isNoted = true;
  #notedAt: number;

  constructor(sender: Sender, entry: string, artifacts: readonly Artifact[]) {
    this.#sender = sender;
    this.#entry = entry;
    this.#artifacts = artifacts;
    const known = this.#known();
    const versions = known?.objects.map(({ id, version }) => [id, version] as const);
    this.#versions = new Map(versions ?? artifacts.map(({ id }) => [id, null]));
    this.#notedAt = sender.served.clock.monotonic();
    if (known === undefined) this.#write();
  }

  has(id: number): boolean {
    return (this.#versions.get(id) ?? null) !== null;
  }

  /** Whether nobody has said since that what it sends is to go. */
  isWanted(): boolean {
    return this.#sender.served.files.exists(this.#sender.paths.storedOf(this.#entry));
  }

  async send(artifact: Artifact, signal: AbortSignal): Promise<void> {
    const { served, store } = this.#sender;
    const { name, mime } = artifact;
    const place = [served.layout.workDirectories, `${this.#entry}/artifacts`, name] as const;
    const file = await served.trees.open(...place);
    if (file === undefined) {
      if (!(await served.trees.lacks(...place))) throw unreadable(artifact, 'it cannot be opened');
      this.#set(artifact, missing);
      return;
    }
    try {
      await store.put(this.#key(artifact), file, { mime, disposition: dispositionOf(name) }, signal);
      this.#set(artifact, file.version);
    } catch (error) {
      if (!(error instanceof FjrError) || error instanceof StoreError) throw error;
      throw unreadable(artifact, error.message);
    } finally {
      await file.close();
      // Who removes objects may have been here before this one came.
      if (!this.isWanted()) await store.remove(this.#key(artifact), signal);
    }
  }

  /** Once the record says that the store has all. */
  async removeHere(): Promise<void> {
    const { served } = this.#sender;
    const { trees } = served;
    const top = served.layout.workDirectories;
    for (const artifact of this.#artifacts) {
      const version = this.#versions.get(artifact.id) ?? null;
      if (version === null || version === missing) continue;
      if (await trees.remove(top, `${this.#entry}/artifacts`, artifact.name, version)) continue;
      this.#set(artifact, null);
      this.note();
      throw unreadable(artifact, 'it has changed since it was sent');
    }
    await trees.prune(top, `${this.#entry}/artifacts`);
    // Of a job that has failed more is kept than its artifacts.
    await trees.prune(top, this.#entry);
  }

  note(): void {
    if (!this.#isNoted) this.#write();
  }

  #set({ id }: Artifact, version: string | null): void {
    this.#versions.set(id, version);
    this.#isNoted = false;
    if (this.#sender.served.clock.monotonic() - this.#notedAt > noteEvery && this.isWanted()) this.#write();
  }

  #write(): void {
    const { served, paths, store } = this.#sender;
    writeRecord(served.files, paths, {
      ...{ entry: this.#entry, store: store.place },
      objects: this.#artifacts.map((artifact) => ({
        ...{ id: artifact.id, key: this.#key(artifact) },
        version: this.#versions.get(artifact.id) ?? null,
      })),
    });
    this.#isNoted = true;
    this.#notedAt = served.clock.monotonic();
  }

  /** What another store has of it goes, if not all of it came there: then this one is to have it. */
  #known(): StoreRecord | undefined {
    const { served, paths, store } = this.#sender;
    const path = paths.storedOf(this.#entry);
    const record = readRecord(served.files, path);
    if (record === undefined || isSamePlace(record.store, store.place)) return record;
    if (record.objects.every(({ version }) => version !== null)) return record;
    perform(served.files, rename(path, paths.unwantedOf(newToken())));
    return undefined;
  }

  #key({ name }: Artifact): string {
    const { served, store } = this.#sender;
    return objectKey(store.prefix, basename(served.layout.root), this.#entry, name);
  }
}

function unreadable({ id, name }: Artifact, why: string): FjrError {
  return new FjrError('artifact', `artifact ${id} (${JSON.stringify(name)}) is not in the store yet: ${why}`);
}
