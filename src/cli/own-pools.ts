import type { FanOut } from '../job/fan-out.js';
import { poolNamePattern } from '../job/settings.js';
import { parseEntryName } from '../queue/entry-name.js';
import { FanOutPaths, fanOutSuffix } from '../queue/fan-out-paths.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import type { Place } from '../queue/places.js';
import { listPool } from '../queue/pool.js';
import { list, read } from '../queue/steps.js';
import type { Files } from '../system/files.js';

/** Pools that a run has made for itself, and that are still there. */
export function ownPoolsOf(files: Files, layout: Layout, { entry, path }: Place): string[] {
  if (!parseEntryName(entry).job.endsWith(fanOutSuffix)) return [];
  const content = perform(files, read(new FanOutPaths(path).file));
  return poolsIn(content)
    .filter(({ own, pool }) => own && poolNamePattern.test(pool) && files.exists(layout.pool(pool)))
    .map(({ pool }) => pool);
}

/** Whether somebody has an item of a pool: a crew, or a stranger who has locked it. */
export function isPoolInUse(files: Files, layout: Layout, pool: string): boolean {
  const { locked } = perform(files, listPool(layout, pool)) ?? { locked: new Set<string>() };
  return locked.size > 0 || heldItems(files, layout, pool).size > 0;
}

/** Items of a pool that some pod holds. */
export function heldItems(files: Files, layout: Layout, pool: string): Set<string> {
  const items = new Set<string>();
  for (const pod of perform(files, list(layout.jobpods)) ?? [])
    for (const name of perform(files, list(`${layout.jobpods}/${pod}/items`)) ?? [])
      if (name.startsWith(`${pool}.`)) items.add(name.slice(pool.length + 1, name.lastIndexOf('@')));
  return items;
}

function poolsIn(content: Uint8Array | undefined): FanOut['pools'] {
  try {
    const { pools = [] } = JSON.parse(Buffer.from(content ?? '{}').toString('utf8')) as Partial<FanOut>;
    return pools;
  } catch {
    // Somebody has damaged it.
    return [];
  }
}
