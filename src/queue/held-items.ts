import type { ResourceNeed } from '../job/job.js';
import { tokenOf } from './entry-name.js';
import { keeperOf } from './keep-item.js';
import type { CrewId, Layout } from './layout.js';
import { perform } from './perform.js';
import { type HeldItem, heldItemName, isLockedFor, parseHeldItem, releaseItem } from './pool.js';
import { list, read } from './steps.js';
import type { Files } from '../system/files.js';

/** Beats that an item may lie in the pod without a running entry: its entry may be about to come. */
const patience = 5;

/** The pool items in a crew's own pod. While the pod is the crew's, nobody else takes them from it. */
export class HeldItems {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #crew: CrewId;
  readonly #idleBeats = new Map<string, number>();

  constructor(files: Files, layout: Layout, crew: CrewId) {
    this.#files = files;
    this.#layout = layout;
    this.#crew = crew;
  }

  /** Whether an entry's items are all here and locked. Otherwise it does not start, whatever its dispatcher believed. */
  holds(entry: string, needs: readonly ResourceNeed[]): boolean {
    if (needs.length === 0) return true;
    const held = this.#of(entry).filter((item) => perform(this.#files, isLockedFor(this.#layout, item)));
    return needs.every(({ pool, count }) => held.filter((item) => item.pool === pool).length >= count);
  }

  /** An entry's items, with their values. */
  of(entry: string): { readonly pool: string; readonly item: string; readonly value: string }[] {
    return this.#of(entry).map((held) => {
      const path = this.#layout.pod(this.#crew).item(heldItemName(held));
      const value = Buffer.from(perform(this.#files, read(path)) ?? '').toString('utf8');
      return { pool: held.pool, item: held.item, value: value.replace(/\n$/, '') };
    });
  }

  /** The values of an entry's items, by pool. */
  valuesOf(entry: string, needs: readonly ResourceNeed[]): Map<string, string[]> {
    const values = new Map<string, string[]>();
    if (needs.length === 0) return values;
    for (const { pool, value } of this.of(entry)) values.set(pool, [...(values.get(pool) ?? []), value]);
    return values;
  }

  /** The worker that is to have an entry's kept items, in this run of theirs; undefined: none of this crew's. */
  keeperOf(entry: string, run: string, pools: readonly string[]): number | undefined {
    let worker: number | undefined;
    for (const { pool, item } of this.#of(entry)) {
      if (!pools.includes(pool)) continue;
      const keeper = perform(this.#files, keeperOf(this.#layout, run, pool, item));
      if (keeper?.crew !== this.#crew || (worker ?? keeper.worker) !== keeper.worker) return undefined;
      ({ worker } = keeper);
    }
    return worker;
  }

  release(entry: string): void {
    for (const held of this.#of(entry)) this.#release(heldItemName(held));
  }

  /** At each beat: keeps the locks of items in use fresh, and releases items whose entry never came. */
  tend(present: ReadonlySet<string | undefined>): void {
    const names = this.#names();
    for (const name of this.#idleBeats.keys()) if (!names.includes(name)) this.#idleBeats.delete(name);
    for (const name of names) {
      const held = parseHeldItem(name);
      if (held !== undefined && present.has(held.token)) {
        this.#idleBeats.delete(name);
        this.#files.renew(this.#layout.poolLock(held.pool, held.item));
      } else {
        this.#tendIdle(name);
      }
    }
  }

  #tendIdle(name: string): void {
    const beats = (this.#idleBeats.get(name) ?? 0) + 1;
    this.#idleBeats.set(name, beats);
    if (beats > patience) this.#release(name);
  }

  #release(name: string): void {
    this.#idleBeats.delete(name);
    perform(this.#files, releaseItem(this.#layout, this.#layout.pod(this.#crew), name));
  }

  #of(entry: string): HeldItem[] {
    const token = tokenOf(entry);
    return this.#names()
      .map(parseHeldItem)
      .filter((held): held is HeldItem => held !== undefined && held.token === token);
  }

  #names(): readonly string[] {
    return perform(this.#files, list(this.#layout.pod(this.#crew).items)) ?? [];
  }
}
