import type { z } from '@hono/zod-openapi';
import { compareNatural } from '../../job/natural-order.js';
import { tokenOf } from '../../queue/entry-name.js';
import { parsePodName } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { listPool, parseHeldItem } from '../../queue/pool.js';
import { list } from '../../queue/steps.js';
import { Breather } from '../feed/breather.js';
import type { Served } from '../served.js';
import type { poolsShape } from './shapes.js';

type PoolJson = z.infer<typeof poolsShape>['pools'][number];
type Holder = PoolJson['items'][number]['holder'];

/** Pools as they are on disk. */
export async function poolsJson(served: Served): Promise<PoolJson[]> {
  const { files, layout, clock } = served;
  const breather = new Breather(clock);
  const names = (perform(files, list(layout.resources)) ?? []).filter((name) => !name.startsWith('.'));
  if (names.length === 0) return [];
  const holders = await holdersOf(served, breather);
  const pools: PoolJson[] = [];
  for (const pool of names.sort(compareNatural)) {
    const found = perform(files, listPool(layout, pool));
    if (found === undefined) continue;
    // An item that is held is not at home, but its lock is; one that is held and not locked yet is in neither place.
    const held = holders.get(pool) ?? new Map<string, Holder>();
    const items = [...new Set([...found.items, ...found.locked, ...held.keys()])].sort(compareNatural);
    pools.push({
      pool,
      items: items.map((item) => ({
        item,
        free: !found.locked.has(item) && !held.has(item),
        holder: held.get(item) ?? null,
      })),
    });
    await breather.breathe();
  }
  return pools;
}

/** Who has what, by pool and item. */
async function holdersOf(
  { files, layout }: Served,
  breather: Breather,
): Promise<Map<string, Map<string, Holder>>> {
  const holders = new Map<string, Map<string, Holder>>();
  for (const name of perform(files, list(layout.jobpods)) ?? []) {
    const pod = parsePodName(name);
    if (pod === undefined || pod.kind === 'unborn') continue;
    const paths = pod.kind === 'live' ? layout.pod(pod.crew) : layout.fencedPod(pod.crew);
    const held = (perform(files, list(paths.items)) ?? []).flatMap((item) => parseHeldItem(item) ?? []);
    if (held.length === 0) continue;
    const entries = [paths.running, paths.directory].flatMap((path) => perform(files, list(path)) ?? []);
    for (const { pool, item, token } of held) {
      const id = entries.find((entry) => tokenOf(entry) === token) ?? null;
      const items = holders.get(pool) ?? new Map<string, Holder>();
      holders.set(pool, items.set(item, { crew: pod.crew, id }));
    }
    await breather.breathe();
  }
  return holders;
}
