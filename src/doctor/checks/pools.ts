import { lockSuffix } from '../../queue/layout.js';
import type { Layout } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { breakLeftLock, listPool, ownerPattern, parseHeldItem } from '../../queue/pool.js';
import { list } from '../../queue/steps.js';
import type { Files } from '../../system/files.js';
import { fine, note, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { readPods } from '../pods.js';
import { ageBy } from '../server-age.js';
import { command, count, some, time } from '../wording.js';

/** Seconds after which a dispatcher breaks a lock that nobody has signed. */
const staleAfter = 120;

/** What one look at the pools has shown. `pool/item` each. */
interface Look {
  readonly home: ReadonlySet<string>;
  readonly locked: ReadonlySet<string>;
  readonly held: ReadonlySet<string>;
}

/** Items of resource pools, each at home or with one crew; and their locks. */
export function checkPools(system: DoctorSystem, patient: Patient): Verdict[] {
  const { files } = system;
  const { layout } = patient;
  const names = (perform(files, list(layout.resources)) ?? []).filter((name) => !name.startsWith('.'));
  const first = look(system, layout, names);
  const verdicts = [...first.locked].flatMap((key) => {
    if (!first.home.has(key)) return [];
    const verdict = judgeLockAtHome(system, patient, key);
    return verdict === undefined ? [] : [verdict];
  });
  const lost = [...first.locked].filter((key) => !first.home.has(key) && !first.held.has(key));
  if (lost.length > 0) {
    // An item may move between two listings: only what is nowhere twice is lost.
    const second = look(system, layout, names);
    const still = lost.filter(
      (key) => second.locked.has(key) && !second.home.has(key) && !second.held.has(key),
    );
    verdicts.push(...still.map((key) => describeLost(layout, patient, key)));
  }
  if (verdicts.length > 0) return verdicts;
  return [
    fine(
      names.length === 0
        ? 'none'
        : `${some(names)}: ${count(first.home.size, 'item')} free, ${first.held.size} in use`,
    ),
  ];
}

function look(system: DoctorSystem, layout: Layout, pools: readonly string[]): Look {
  const home = new Set<string>();
  const locked = new Set<string>();
  for (const pool of pools) {
    const listed = perform(system.files, listPool(layout, pool));
    for (const item of listed?.items ?? []) home.add(`${pool}/${item}`);
    for (const item of listed?.locked ?? []) locked.add(`${pool}/${item}`);
  }
  const held = readPods(system, layout).flatMap(({ items }) =>
    items.flatMap((name) => {
      const item = parseHeldItem(name);
      return item === undefined ? [] : [`${item.pool}/${item.item}`];
    }),
  );
  return { home, locked, held: new Set(held) };
}

/** Of ours, left by a crash; or of another program. */
function judgeLockAtHome(system: DoctorSystem, patient: Patient, key: string): Verdict | undefined {
  const { files } = system;
  const { layout } = patient;
  const [pool, item] = split(key);
  const lock = layout.poolLock(pool, item);
  if (isLeft(files, layout, pool, item))
    return warning(
      `item ${key} is free, and locked by a job that is over`,
      `${command(patient, 'fjr-dispatcher')} unlocks it when a job wants it; so does fjr doctor --repair`,
      () =>
        `${perform(files, breakLeftLock(layout, pool, item, false)) === 'broken' ? 'unlocked' : 'left'} ${key}`,
    );
  const age = ageBy(system, patient)(lock);
  if (age === undefined || age <= staleAfter) return undefined;
  return note(
    `item ${key} has been locked by another program for ${time(age)}`,
    `if that is over: rmdir ${lock}; ${command(patient, 'fjr-dispatcher')} does so when a job wants it`,
  );
}

function describeLost(layout: Layout, patient: Patient, key: string): Verdict {
  const [pool, item] = split(key);
  return warning(
    `item ${key} is locked, and is neither in its pool nor with a crew`,
    `rm -r ${layout.poolItem(pool, item)}${lockSuffix}, then add it again: ${command(patient, 'fjr', `pool add ${pool} …`)}`,
  );
}

function split(key: string): [string, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}

/** One of our locks on an item that is at home: in this order, as for whoever breaks it. */
function isLeft(files: Files, layout: Layout, pool: string, item: string): boolean {
  const inLock = perform(files, list(layout.poolLock(pool, item))) ?? [];
  if (!inLock.some((name) => ownerPattern.test(name))) return false;
  return (perform(files, list(layout.pool(pool))) ?? []).includes(item);
}
