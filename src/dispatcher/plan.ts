import { type Capacity, type Usage, fitsBeside, plus } from '../job/capacity.js';
import type { Needs } from '../job/job.js';
import { type Badge, type CrewId, badgeName } from '../queue/layout.js';

/** A job that waits, as far as planning is concerned. */
export interface Waiting {
  /** Its file's name in the queue. */
  readonly name: string;
  readonly priority: number;
  /** Among equal priorities the smaller key goes first. */
  readonly key: string | number;
  /** Workers that are not to have it while others may become free, until a moment in monotonic milliseconds. */
  readonly avoid?: { readonly badges: ReadonlySet<string>; readonly until: number };
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
 * passed over and does not hold up the rest. Each goes to the crew with the most idle workers: work spreads out. `now`:
 * monotonic milliseconds.
 */
export function planAssignments(
  groups: readonly Group[],
  offers: readonly Offer[],
  pools: ReadonlyMap<string, readonly string[]>,
  now = Infinity,
): Assignment[] {
  const rooms = offers.map((offer): Room => ({ offer, idle: [...offer.idle], used: offer.used }));
  const free = new Map([...pools].map(([pool, items]) => [pool, [...items]]));
  const heads = groups.map((group) => ({ group, next: 0 }));
  const assignments: Assignment[] = [];
  for (;;) {
    const head = firstHead(heads);
    const job = head?.group.jobs[head.next];
    if (head === undefined || job === undefined) return assignments;
    const assignment = assign(job, head.group.needs, rooms, free, now);
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
  const isPatient = job.avoid !== undefined && now < job.avoid.until;
  const suits = (slot: Slot): boolean =>
    !(isPatient && slot.ahead === true) && !job.avoid?.badges.has(badgeName(slot));
  const preferred = job.avoid === undefined ? undefined : roomiest(rooms, needs, suits);
  if (preferred === undefined && isPatient) return roomiest(rooms, needs) === undefined ? undefined : 'later';
  const room = preferred ?? roomiest(rooms, needs);
  const badge = room === undefined ? undefined : takeSlot(room, preferred === undefined ? undefined : suits);
  if (room === undefined || badge === undefined) return undefined;
  room.used = plus(room.used, needs);
  const items = needs.resources.flatMap(({ pool, count }) =>
    (free.get(pool) ?? []).splice(0, count).map((item) => ({ pool, item })),
  );
  return { job, needs, badge, items };
}

function roomiest(rooms: readonly Room[], needs: Needs, suits?: (slot: Slot) => boolean): Room | undefined {
  let best: Room | undefined;
  for (const room of rooms)
    if (
      room.idle.length > (best?.idle.length ?? 0) &&
      fitsBeside(needs, room.used, room.offer.capacity) &&
      (suits === undefined || room.idle.some(suits))
    )
      best = room;
  return best;
}

function takeSlot({ idle }: Room, suits: (slot: Slot) => boolean = () => true): Slot | undefined {
  const index = idle.findLastIndex(suits);
  return index < 0 ? undefined : idle.splice(index, 1)[0];
}
