import type { Needs } from '../job/job.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { breakLeftLock, listPool } from '../queue/pool.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';

/** Milliseconds that a lock directory nobody owns must stay unchanged before it counts as left behind. */
const staleAfter = 120_000;

interface SeenLock {
  readonly mtimeMs: number;
  readonly since: number;
}

/** The free items of resource pools. Only dispatchers break locks that were left behind. */
export class Pools {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #layout: Layout;
  readonly #seen = new Map<string, SeenLock>();

  constructor(files: Files, clock: Clock, layout: Layout) {
    this.#files = files;
    this.#clock = clock;
    this.#layout = layout;
  }

  /** Free items of every pool that one of `needs` names. A pool that does not exist has none. */
  free(needs: readonly Needs[]): Map<string, string[]> {
    const free = new Map<string, string[]>();
    for (const { resources } of needs)
      for (const { pool } of resources) if (!free.has(pool)) free.set(pool, this.#freeOf(pool));
    return free;
  }

  /** Items of a pool, those in use included; 0 if there is no such pool. */
  sizeOf(pool: string): number {
    const listed = perform(this.#files, listPool(this.#layout, pool));
    return new Set([...(listed?.items ?? []), ...(listed?.locked ?? [])]).size;
  }

  #freeOf(pool: string): string[] {
    const listed = perform(this.#files, listPool(this.#layout, pool));
    if (listed === undefined) return [];
    return listed.items.filter((item) => !listed.locked.has(item) || this.#breakIfLeft(pool, item));
  }

  /** An item that is at home and locked: by a stranger, or by one of ours that died between two calls. */
  #breakIfLeft(pool: string, item: string): boolean {
    const path = this.#layout.poolLock(pool, item);
    const mtimeMs = this.#files.changedAt(path);
    if (mtimeMs === undefined) return true;
    const now = this.#clock.monotonic();
    const seen = this.#seen.get(path);
    const unchanged = seen?.mtimeMs === mtimeMs ? seen : { mtimeMs, since: now };
    this.#seen.set(path, unchanged);
    const stale = now - unchanged.since > staleAfter;
    return perform(this.#files, breakLeftLock(this.#layout, pool, item, stale)) === 'broken';
  }
}
