import type { LeaseWatch } from '../../src/dispatcher/lease-watch.js';
import { isIgnored } from '../../src/queue/entry-name.js';
import {
  type Badge,
  type CrewId,
  badgeName,
  classifyPodFile,
  parseBadge,
  parsePodName,
} from '../../src/queue/layout.js';
import { breakLeftLock, heldItemName, listPool, releaseItem, takeItem } from '../../src/queue/pool.js';
import { recallJob } from '../../src/queue/recall-job.js';
import { list, read } from '../../src/queue/steps.js';
import type { Token } from '../../src/queue/token.js';
import { layout } from '../model/verbs.js';
import { type Acts, type Program, type Surroundings, choose, chooseFrom, guard } from './acting.js';
import { needsItem } from './ledger.js';

export const pool = 'PROXY';
/** Seconds. */
export const lease = 60;

/** A dispatcher: the same verbs in the same order as in src/dispatcher, one filesystem call at a time. */
export class DispatcherProgram implements Program {
  readonly duties = ['dispatch', 'dispatch', 'dispatch', 'reap', 'reap', 'recall', 'pools'];
  readonly pass = ['reap', 'dispatch', 'pools', 'reap'];
  readonly #around: Surroundings;
  readonly #writer: string;
  readonly #spare = new Map<string, Badge>();
  readonly #watches = new Map<CrewId, LeaseWatch | undefined>();
  readonly #fenced = new Set<CrewId>();
  #live: CrewId[] = [];

  constructor(around: Surroundings, writer: string) {
    this.#around = around;
    this.#writer = writer;
  }

  *live(): Acts<void> {
    for (;;) {
      const duty = this.duties[(yield { op: 'duty' }) as number];
      yield* guard(() => this.#do(duty));
    }
  }

  #do(duty: string | undefined): Acts<void> {
    switch (duty) {
      case 'dispatch':
        return this.#dispatch();
      case 'reap':
        return this.#reap();
      case 'recall':
        return this.#recall();
      default:
        return this.#pools();
    }
  }

  *#dispatch(): Acts<void> {
    const queue = ((yield* list(layout.jobqueue)) ?? []).filter((name) => !isIgnored(name));
    if (queue.length === 0) return;
    const badges = [...this.#spare.values()];
    for (const name of (yield* list(layout.workerqueue)) ?? []) {
      const badge = parseBadge(name);
      if (badge !== undefined) badges.push(badge);
    }
    if (this.#around.habits.workAhead && this.#live.length > 0 && (yield* choose(3)) === 0)
      yield* guard(() => this.#assignAhead(queue));
    while (badges.length > 0 && queue.length > 0) {
      const [badge] = badges.splice(yield* choose(badges.length), 1);
      const [job] = queue.splice(yield* choose(queue.length), 1);
      if (badge !== undefined && job !== undefined) yield* guard(() => this.#apply(job, badge));
    }
  }

  /** More than the crew's workers can run at the moment: it keeps the rest in its pod. */
  *#assignAhead(queue: string[]): Acts<void> {
    const crew = yield* chooseFrom(this.#live);
    const [job] = queue.splice(yield* choose(queue.length), 1);
    if (crew === undefined || job === undefined) return;
    const items = yield* this.#itemsFor(job);
    if (items !== undefined) yield* this.#assign(job, crew, items);
  }

  *#apply(job: string, badge: Badge): Acts<void> {
    const items = yield* this.#itemsFor(job);
    if (items === undefined) return;
    if (!this.#spare.delete(badgeName(badge))) {
      const claimed = yield* this.#around.habits.verbs.claim(layout, badge);
      if (claimed !== 'claimed') return;
    }
    if (!(yield* this.#assign(job, badge.crew, items))) this.#spare.set(badgeName(badge), badge);
  }

  /** Whoever loses a race on the way gives back what it has. */
  *#assign(job: string, crew: CrewId, items: readonly string[]): Acts<boolean> {
    const token = this.#around.newToken();
    for (const item of items) {
      if ((yield* takeItem(layout, crew, { pool, item, token })) === 'taken') continue;
      yield* this.#giveBack(crew, items, token);
      return false;
    }
    const assigned = yield* this.#around.habits.verbs.assign(layout, job, token, crew);
    if (assigned.kind === 'assigned') return true;
    yield* this.#giveBack(crew, items, token);
    return false;
  }

  *#giveBack(crew: CrewId, items: readonly string[], token: Token): Acts<void> {
    for (const item of items)
      yield* releaseItem(layout, layout.pod(crew), heldItemName({ pool, item, token }));
  }

  /** The items that a job needs; undefined: there are none. */
  *#itemsFor(job: string): Acts<string[] | undefined> {
    if (!needsItem(job)) return [];
    const item = yield* chooseFrom(yield* this.#freeItems());
    return item === undefined ? undefined : [item];
  }

  *#freeItems(): Acts<string[]> {
    const listed = yield* listPool(layout, pool);
    const free: string[] = [];
    for (const item of listed?.items ?? []) {
      const isFree =
        listed?.locked.has(item) !== true ||
        // In the calm everybody has stood still for as long as a lock takes to grow stale.
        (yield* breakLeftLock(layout, pool, item, this.#around.calm > 2)) === 'broken';
      if (isFree) free.push(item);
    }
    return free;
  }

  *#pools(): Acts<void> {
    yield* this.#freeItems();
  }

  *#reap(): Acts<void> {
    const { verbs, restAll } = this.#around.habits;
    const live: CrewId[] = [];
    for (const name of (yield* list(layout.jobpods)) ?? []) {
      const pod = parsePodName(name);
      if (pod === undefined || pod.kind === 'fenced') continue;
      if (this.#around.countsAsDead(pod.crew) || (pod.kind === 'live' && (yield* this.#isStale(pod.crew)))) {
        this.#fenced.add(pod.crew);
        yield* verbs.fence(layout, pod.crew);
      } else if (pod.kind === 'live') live.push(pod.crew);
    }
    this.#live = live;
    for (const name of (yield* list(layout.jobpods)) ?? []) {
      const pod = parsePodName(name);
      if (pod?.kind === 'fenced' && (restAll || this.#fenced.has(pod.crew))) yield* this.#lay(pod.crew);
    }
    // Only now: what we claimed and had no job for its crew announces again.
    this.#spare.clear();
    yield* this.#clearOrphans();
  }

  *#isStale(crew: CrewId): Acts<boolean> {
    const asked = this.#around.time * 1000;
    const bytes = yield* read(layout.pod(crew).heartbeat);
    const content = Buffer.from(bytes ?? '').toString();
    const look = { content, asked, answered: this.#around.time * 1000 };
    const { watch, stale } = this.#around.habits.watchLease(this.#watches.get(crew), look, lease);
    this.#watches.set(crew, watch);
    return stale;
  }

  *#lay(crew: CrewId): Acts<void> {
    const { verbs, waitForDeath } = this.#around.habits;
    const releaseItems = !waitForDeath || this.#around.jobsAreDead(crew);
    yield* verbs.rest(layout, crew, { writer: this.#writer, time: 'T', countLost: true, releaseItems });
  }

  /** Offers of crews that have no pod: to claim them finds out, and removes them. */
  *#clearOrphans(): Acts<void> {
    for (const name of (yield* list(layout.workerqueue)) ?? []) {
      const badge = parseBadge(name);
      if (badge === undefined || this.#live.includes(badge.crew)) continue;
      if ((yield* read(layout.pod(badge.crew).crewFile)) === undefined)
        yield* this.#around.habits.verbs.claim(layout, badge);
    }
  }

  /** Takes an entry back that has not started, for a worker that idles elsewhere. */
  *#recall(): Acts<void> {
    const crew = yield* chooseFrom(this.#live);
    if (crew === undefined) return;
    const names = (yield* list(layout.pod(crew).directory)) ?? [];
    const entry = yield* chooseFrom(names.filter((name) => classifyPodFile(name).kind === 'entry'));
    if (entry !== undefined) yield* recallJob(layout, crew, entry);
  }
}
