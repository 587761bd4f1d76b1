import { type Capacity, type Usage, fitsBeside, groupLabel, patienceOf, plus } from '../job/capacity.js';
import type { Needs } from '../job/job.js';
import { type Badge, type CrewId, badgeName, hostOf } from '../queue/layout.js';

/** A job that waits, as far as planning is concerned. */
export interface Waiting {
  /** Its file's name in the queue. */
  readonly name: string;
  readonly priority: number;
  /** Among equal priorities the smaller key goes first. */
  readonly key: string | number;
  /** Since when, in monotonic milliseconds; left out: for ever. */
  readonly since?: number;
  /** Workers that are not to have it while others may become free, until a moment in monotonic milliseconds. */
  readonly avoid?: { readonly badges: ReadonlySet<string>; readonly until: number };
  /** Hosts that are never to have it, as crews' ids name them. */
  readonly never?: ReadonlySet<string>;
  /** Which items workers keep for the whole run that this job is of. */
  readonly kept?: KeptItems;
}

export interface KeptItems {
  /** Whether items of a pool are kept. */
  readonly of: (pool: string) => boolean;
  /** The one that a worker has; undefined: none yet. */
  readonly itemOf: (badge: Badge, pool: string) => string | undefined;
  /** Whether some worker has an item. */
  readonly isTaken: (pool: string, item: string) => boolean;
}

/** Jobs with equal needs, in the order in which they are to go. If the first does not fit, none does. */
export interface Group {
  readonly needs: Needs;
  readonly jobs: readonly Waiting[];
}

/** A worker that a job may be given to. `ahead`: it is busy, and the job is to be at hand when it no longer is. */
export interface Slot extends Badge {
  readonly ahead?: true;
}

/** What one crew has to give. */
export interface Offer {
  readonly crew: CrewId;
  readonly idle: readonly Slot[];
  readonly used: Usage;
  readonly capacity: Capacity;
}

/** An item of a pool, chosen for a job. */
export interface ChosenItem {
  readonly pool: string;
  readonly item: string;
}

export interface Assignment {
  readonly job: Waiting;
  readonly needs: Needs;
  readonly badge: Slot;
  readonly items: readonly ChosenItem[];
}

interface Room {
  readonly offer: Offer;
  readonly idle: Slot[];
  used: Usage;
}

/** Whether `a` goes before `b`. */
export function goesBefore(a: Waiting, b: Waiting): boolean {
  return a.priority === b.priority ? a.key < b.key : a.priority > b.priority;
}

/**
 * Pairs waiting jobs with idle workers. Pure. No worker and no pool item is given twice, no crew's capacity is
 * exceeded, and no job is left over for which an idle worker has room. Jobs go in order; one that does not fit now is
 * passed over and does not hold up the rest. Each goes to the crew with the most idle workers: work spreads out. Crews of
 * a group are given its jobs before the others are looked at. `now`: monotonic milliseconds.
 */
export function planAssignments(
  groups: readonly Group[],
  offers: readonly Offer[],
  pools: ReadonlyMap<string, readonly string[]>,
  now = Infinity,
): Assignment[] {
  const rooms = offers.map((offer): Room => ({ offer, idle: [...offer.idle], used: offer.used }));
  const free = new Map([...pools].map(([pool, items]) => [pool, [...items]]));
  const ofGroups = groups.filter(({ needs }) => rooms.some((room) => isOfGroup(room, needs)));
  const first = assignInOrder(ofGroups, (needs) => rooms.filter((room) => isOfGroup(room, needs)), free, now);
  if (first.length === 0) return assignInOrder(groups, () => rooms, free, now);
  const given = new Set(first.map(({ job }) => job));
  const left = groups.map((group) => without(group, given));
  return [...first, ...assignInOrder(left, () => rooms, free, now)];
}

function isOfGroup({ offer }: Room, { group }: Needs): boolean {
  return group !== undefined && offer.capacity.labels.includes(groupLabel(group));
}

function without({ needs, jobs }: Group, given: ReadonlySet<Waiting>): Group {
  return { needs, jobs: jobs.filter((job) => !given.has(job)) };
}

function assignInOrder(
  groups: readonly Group[],
  roomsFor: (needs: Needs) => readonly Room[],
  free: Map<string, string[]>,
  now: number,
): Assignment[] {
  const heads = groups.map((group) => ({ group, next: 0 }));
  const assignments: Assignment[] = [];
  for (;;) {
    const head = firstHead(heads);
    const job = head?.group.jobs[head.next];
    if (head === undefined || job === undefined) return assignments;
    const assignment = assign(job, head.group.needs, roomsFor(head.group.needs), free, now);
    if (assignment === 'later') {
      head.next += 1;
      continue;
    }
    if (assignment === undefined) {
      // Nor does any other of this group fit, in this plan: room only shrinks.
      heads.splice(heads.indexOf(head), 1);
      continue;
    }
    assignments.push(assignment);
    head.next += 1;
  }
}

interface Head {
  readonly group: Group;
  next: number;
}

function firstHead(heads: readonly Head[]): Head | undefined {
  let best: Head | undefined;
  let bestJob: Waiting | undefined;
  for (const head of heads) {
    const job = head.group.jobs[head.next];
    if (job !== undefined && (bestJob === undefined || goesBefore(job, bestJob)))
      [best, bestJob] = [head, job];
  }
  return best;
}

function assign(
  job: Waiting,
  needs: Needs,
  rooms: readonly Room[],
  free: Map<string, string[]>,
  now: number,
): Assignment | 'later' | undefined {
  if (!needs.resources.every(({ pool, count }) => (free.get(pool)?.length ?? 0) >= count)) return undefined;
  const chosen = chooseSlot(job, needs, rooms, free, now);
  if (chosen === undefined || chosen === 'later') return chosen;
  const { room, slot: badge } = chosen;
  room.idle.splice(room.idle.lastIndexOf(badge), 1);
  room.used = plus(room.used, needs);
  const items = itemsFor(job, needs, badge, free) ?? [];
  for (const { pool, item } of items)
    free.set(
      pool,
      (free.get(pool) ?? []).filter((one) => one !== item),
    );
  return { job, needs, badge, items };
}

interface Choice {
  readonly room: Room;
  readonly slot: Slot;
}

/** `later`: there is room, but not for this one, or not yet. */
function chooseSlot(
  job: Waiting,
  needs: Needs,
  rooms: readonly Room[],
  free: ReadonlyMap<string, readonly string[]>,
  now: number,
): Choice | 'later' | undefined {
  const { avoid, kept } = job;
  const isOpen = ({ offer }: Room): boolean => isOpenTo(job, offer, needs, now);
  const mayHave = (slot: Slot): boolean =>
    kept === undefined || (slot.ahead !== true && itemsFor(job, needs, slot, free) !== undefined);
  const isOther = (slot: Slot): boolean =>
    avoid === undefined || (slot.ahead !== true && !avoid.badges.has(badgeName(slot)));
  const choice = roomiest(rooms, needs, isOpen, (slot) => isOther(slot) && mayHave(slot));
  if (choice !== undefined) return choice;
  if (roomiest(rooms, needs, () => true) === undefined) return undefined;
  if (avoid !== undefined && now < avoid.until) return 'later';
  return roomiest(rooms, needs, isOpen, mayHave) ?? 'later';
}

function isOpenTo(job: Waiting, { crew, capacity }: Offer, needs: Needs, now: number): boolean {
  return job.never?.has(hostOf(crew)) !== true && isPatient(job, capacity, needs, now);
}

function isPatient({ since = -Infinity }: Waiting, capacity: Capacity, needs: Needs, now: number): boolean {
  return capacity.remote === undefined || now - since >= patienceOf(capacity, needs) * 1000;
}

/** The items that a job would hold on a worker; undefined: what it needs is not free, or another worker's. */
function itemsFor(
  { kept }: Waiting,
  needs: Needs,
  slot: Slot,
  free: ReadonlyMap<string, readonly string[]>,
): ChosenItem[] | undefined {
  const chosen: ChosenItem[] = [];
  for (const { pool, count } of needs.resources) {
    const here = free.get(pool) ?? [];
    let items = here.slice(0, count);
    if (kept?.of(pool) === true) {
      const own = kept.itemOf(slot, pool);
      const item = here.find((one) => (own === undefined ? !kept.isTaken(pool, one) : one === own));
      if (item === undefined) return undefined;
      items = [item];
    }
    for (const item of items) chosen.push({ pool, item });
  }
  return chosen;
}

function roomiest(
  rooms: readonly Room[],
  needs: Needs,
  isOpen: (room: Room) => boolean,
  suits: (slot: Slot) => boolean = () => true,
): Choice | undefined {
  let best: Choice | undefined;
  for (const room of rooms) {
    if (room.idle.length <= (best?.room.idle.length ?? 0)) continue;
    if (!fitsBeside(needs, room.used, room.offer.capacity) || !isOpen(room)) continue;
    const slot = room.idle.findLast(suits);
    if (slot !== undefined) best = { room, slot };
  }
  return best;
}
