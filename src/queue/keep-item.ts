import { FanOutPaths } from './fan-out-paths.js';
import { type Badge, type Layout, badgeName, parseBadge } from './layout.js';
import { type Steps, create, list, read, unlink } from './steps.js';

/**
 * Who keeps which item of a pool for a whole run: a file for each, named after the item, in the run's directory. It says
 * for whom an item is, and not who has it: that is decided by the item's own rename, as always.
 */

/** Badges by pool and item. */
export type Keepers = Map<string, Map<string, Badge>>;

export function* readKeepers(layout: Layout, run: string, pools: readonly string[]): Steps<Keepers> {
  const keepers: Keepers = new Map(pools.map((pool) => [pool, new Map<string, Badge>()]));
  const { holders } = new FanOutPaths(layout.queued(run));
  for (const name of (yield* list(holders)) ?? []) {
    // No pool has a dot in its name.
    const pool = name.slice(0, name.indexOf('.'));
    const badge = parseKeeper(yield* read(`${holders}/${name}`));
    if (badge !== undefined) keepers.get(pool)?.set(name.slice(pool.length + 1), badge);
  }
  return keepers;
}

/**
 * Keep: from here on an item is a worker's, in this run.
 *
 * Atomic: the creation of the file; who finds one there learns whose the item is. `gone`: a worker that had it before and
 * is no more. A crash after it leaves an item to a worker that may never take it, as long as its crew lives.
 */
export function* keepItem(
  layout: Layout,
  run: string,
  { pool, item, badge, gone }: { pool: string; item: string; badge: Badge; gone: Badge | undefined },
): Steps<Badge | undefined> {
  const path = new FanOutPaths(layout.queued(run)).holder(pool, item);
  const keeper = gone === undefined ? undefined : parseKeeper(yield* read(path));
  if (gone !== undefined && keeper !== undefined && badgeName(keeper) === badgeName(gone))
    yield* unlink(path);
  if ((yield* create(path, badgeName(badge))) === 'ok') return badge;
  return parseKeeper(yield* read(path));
}

/** The worker that is to have an item; undefined: nobody in particular. */
export function* keeperOf(layout: Layout, run: string, pool: string, item: string): Steps<Badge | undefined> {
  return parseKeeper(yield* read(new FanOutPaths(layout.queued(run)).holder(pool, item)));
}

/** The worker could not be given what the item was for. */
export function* releaseKeeper(layout: Layout, run: string, pool: string, item: string): Steps<void> {
  yield* unlink(new FanOutPaths(layout.queued(run)).holder(pool, item));
}

function parseKeeper(content: Uint8Array | undefined): Badge | undefined {
  return content === undefined ? undefined : parseBadge(Buffer.from(content).toString('utf8'));
}
