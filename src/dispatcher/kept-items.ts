import { type Keepers, keepItem, readKeepers, releaseKeeper } from '../queue/keep-item.js';
import { type Badge, type CrewId, type Layout, badgeName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import type { Files } from '../system/files.js';
import type { ChosenItem, KeptItems } from './plan.js';

/** Which items a run's workers keep, as its directory tells it. */
export class RunKeepers implements KeptItems {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #run: string;
  readonly #keepers: Keepers;
  readonly #isAlive: (crew: CrewId) => boolean;

  constructor(
    files: Files,
    layout: Layout,
    run: string,
    pools: readonly string[],
    isAlive: (crew: CrewId) => boolean,
  ) {
    this.#files = files;
    this.#layout = layout;
    this.#run = run;
    this.#isAlive = isAlive;
    this.#keepers = perform(files, readKeepers(layout, run, pools));
  }

  of(pool: string): boolean {
    return this.#keepers.has(pool);
  }

  itemOf(badge: Badge, pool: string): string | undefined {
    for (const [item, keeper] of this.#keepers.get(pool) ?? [])
      if (badgeName(keeper) === badgeName(badge)) return item;
    return undefined;
  }

  /** What a worker of a crew that is gone had is anybody's. */
  isTaken(pool: string, item: string): boolean {
    const keeper = this.#keepers.get(pool)?.get(item);
    return keeper !== undefined && this.#isAlive(keeper.crew);
  }

  /** From here on these are the worker's. Returns those that were not before; undefined: another dispatcher's choice. */
  keep(badge: Badge, items: readonly ChosenItem[]): ChosenItem[] | undefined {
    const kept: ChosenItem[] = [];
    for (const { pool, item } of items) {
      const keepers = this.#keepers.get(pool);
      const before = keepers?.get(item);
      if (keepers === undefined || (before !== undefined && badgeName(before) === badgeName(badge))) continue;
      const keeper = perform(
        this.#files,
        keepItem(this.#layout, this.#run, { pool, item, badge, gone: before }),
      );
      if (keeper !== undefined) keepers.set(item, keeper);
      if (keeper === undefined || badgeName(keeper) !== badgeName(badge)) {
        this.release(kept);
        return undefined;
      }
      kept.push({ pool, item });
    }
    return kept;
  }

  release(items: readonly ChosenItem[]): void {
    for (const { pool, item } of items) {
      perform(this.#files, releaseKeeper(this.#layout, this.#run, pool, item));
      this.#keepers.get(pool)?.delete(item);
    }
  }
}
