/**
 * Resource pools. `resources/P/x` is a free item `x` of pool P (the file holds its value); `resources/P/x.lock/` says
 * that somebody uses it. Among fjr's own, the rename of the item's file into the holder's pod decides; the lock
 * directory lets other programs take part with `mkdir`.
 */
import type { PodPaths } from './layout.js';
import { type CrewId, type Layout, lockSuffix } from './layout.js';
import { type Steps, create, list, mkdir, rename, renameBack, rmdir, unlink } from './steps.js';
import { type Token, tokenAlphabet, tokenLength } from './token.js';

/** An item in a pod: `items/PROXY.10.0.0.1@k3f9q2m4n7`. */
export interface HeldItem {
  readonly pool: string;
  readonly item: string;
  readonly token: Token;
}

const heldPattern = new RegExp(`^([A-Za-z_][A-Za-z0-9_]*)\\.(.+)@([${tokenAlphabet}]{${tokenLength}})$`, 's');

export function heldItemName({ pool, item, token }: HeldItem): string {
  return `${pool}.${item}@${token}`;
}

/** How the name begins that an item may have for a moment on its way home: an item held for no entry. */
function asideOf(pod: PodPaths, held: HeldItem): string {
  return pod.item(heldItemName({ ...held, token: '' as Token }));
}

export function parseHeldItem(fileName: string): HeldItem | undefined {
  const match = heldPattern.exec(fileName);
  return match === null
    ? undefined
    : { pool: match[1] ?? '', item: match[2] ?? '', token: match[3] as Token };
}

/** What our owner files are called. */
export const ownerPattern = new RegExp(`^owner@[${tokenAlphabet}]{${tokenLength}}$`);

/** Free items of a pool, and those whose lock directory is there; undefined: no such pool. */
export function* listPool(
  layout: Layout,
  pool: string,
): Steps<{ readonly items: readonly string[]; readonly locked: ReadonlySet<string> } | undefined> {
  const names = yield* list(layout.pool(pool));
  if (names === undefined) return undefined;
  const locked = new Set<string>();
  const items: string[] = [];
  for (const name of names) {
    if (name.startsWith('.')) continue;
    if (name.endsWith(lockSuffix)) locked.add(name.slice(0, -lockSuffix.length));
    else items.push(name);
  }
  return { items, locked };
}

/**
 * Add: a new item appears in a pool, under its own lock: an item that is in use is locked, wherever its file is just
 * now. One that is on its way home in this moment may be replaced by itself, with the value that comes last; the lock
 * keeps it from being used twice all the same.
 */
export function* addItem(
  layout: Layout,
  pool: string,
  item: string,
  value: string,
): Steps<'added' | 'known'> {
  const lock = layout.poolLock(pool, item);
  if ((yield* mkdir(lock)) === 'exists') return 'known';
  const created = yield* create(layout.poolItem(pool, item), `${value}\n`);
  yield* rmdir(lock);
  return created === 'ok' ? 'added' : 'known';
}

/**
 * Take: an item moves into a crew's pod for the entry with `token`, before that entry is assigned.
 *
 * Atomic: the rename of the item. The lock directory is made after it; if a stranger's stands there already, the item
 * goes back. A crash in between leaves an item in the pod without an entry: its crew, or whoever buries the pod,
 * releases it.
 */
export function* takeItem(layout: Layout, crew: CrewId, held: HeldItem): Steps<'taken' | 'gone' | 'locked'> {
  const home = layout.poolItem(held.pool, held.item);
  const inPod = layout.pod(crew).item(heldItemName(held));
  if ((yield* rename(home, inPod)) !== 'ok') return 'gone';
  const lock = layout.poolLock(held.pool, held.item);
  if ((yield* mkdir(lock)) === 'exists') {
    yield* renameBack(inPod, home, asideOf(layout.pod(crew), held));
    return 'locked';
  }
  yield* create(`${lock}/${ownerName(held.token)}`, `${crew}\n`);
  return 'taken';
}

/**
 * Release: the lock goes first, then the item moves home: in the other order the next holder would find our own lock
 * and take it for a stranger's. Only a lock that names our token is removed.
 */
export function* releaseItem(
  layout: Layout,
  pod: PodPaths,
  name: string,
): Steps<'released' | 'gone' | 'foreign'> {
  const held = parseHeldItem(name);
  if (held === undefined) return 'foreign';
  yield* breakLock(layout, held);
  const home = layout.poolItem(held.pool, held.item);
  const aside = asideOf(pod, held);
  if ((yield* renameBack(pod.item(name), home, aside)) === 'ok') return 'released';
  // Somebody may have removed the pool while the item was away.
  yield* mkdir(layout.pool(held.pool));
  return (yield* renameBack(pod.item(name), home, aside)) === 'ok' ? 'released' : 'gone';
}

/** Whether an item in a pod has its lock, too: without it a stranger may use the item. */
export function* isLockedFor(layout: Layout, held: HeldItem): Steps<boolean> {
  // First the pool: that the lock was missing a moment ago may be remembered.
  yield* list(layout.pool(held.pool));
  const names = yield* list(layout.poolLock(held.pool, held.item));
  return names?.includes(ownerName(held.token)) === true;
}

/** Of two that release one item, one removes the owner's file, whose name is the token's; the other leaves the rest. */
function* breakLock(layout: Layout, held: HeldItem): Steps<void> {
  const lock = layout.poolLock(held.pool, held.item);
  if ((yield* unlink(`${lock}/${ownerName(held.token)}`)) === 'ok') yield* rmdir(lock);
}

function ownerName(token: string): string {
  return `owner@${token}`;
}

/**
 * Breaks the lock of an item that is at home. A lock with our owner file was left there by a crash: while one of ours
 * uses the item, it is not at home. Any other belongs to a stranger, until it is stale.
 */
export function* breakLeftLock(
  layout: Layout,
  pool: string,
  item: string,
  stale: boolean,
): Steps<'broken' | 'in-use'> {
  const lock = layout.poolLock(pool, item);
  const owner = ((yield* list(lock)) ?? []).find((name) => ownerPattern.test(name));
  if (owner === undefined) return stale && (yield* rmdir(lock)) === 'ok' ? 'broken' : 'in-use';
  // The owner first, then the item: what is at home now is not held under that token, and never will be again.
  if ((yield* list(layout.pool(pool)))?.includes(item) !== true) return 'in-use';
  if ((yield* unlink(`${lock}/${owner}`)) !== 'ok') return 'in-use';
  return (yield* rmdir(lock)) === 'ok' ? 'broken' : 'in-use';
}

/** Drop: a pool that nobody needs any more goes away. An item that somebody still has keeps it until it is home. */
export function* dropPool(layout: Layout, pool: string): Steps<'dropped' | 'in-use'> {
  const { items, locked } = (yield* listPool(layout, pool)) ?? { items: [], locked: new Set<string>() };
  for (const item of items) if (!locked.has(item)) yield* unlink(layout.poolItem(pool, item));
  return (yield* rmdir(layout.pool(pool))) === 'not-empty' ? 'in-use' : 'dropped';
}

/** Gives back every item that a fenced crew's pod holds. Only once its jobs are known to be dead. */
export function* releaseAllItems(layout: Layout, pod: PodPaths): Steps<void> {
  for (const name of (yield* list(pod.items)) ?? []) yield* releaseItem(layout, pod, name);
}
