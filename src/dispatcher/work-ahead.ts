import { fitsBeside, noUsage } from '../job/capacity.js';
import { type Needs, takesOneWorker } from '../job/job.js';
import type { Badge, CrewId } from '../queue/layout.js';
import type { Pace } from '../queue/pace.js';
import { aheadFor } from './ahead-for.js';
import type { Backlog } from './backlog.js';
import type { Crews, PodEntries } from './crews.js';
import { InFlight } from './in-flight.js';
import { type Offer, goesBefore } from './plan.js';
import type { Pools } from './pools.js';
import { Rebalance, type Unstarted } from './rebalance.js';

/** What is asked before somebody is given work ahead of time. */
export interface WorkAheadKnowledge {
  readonly backlog: Backlog;
  readonly crews: Crews;
  readonly pools: Pools;
  readonly pace: Pace;
}

/** Of the mean, how much the newest job counts. */
const newest = 0.1;

/**
 * Where delivery is slow beside what jobs take, busy crews are given their next ones before they ask; what they have not
 * started when somebody else is idle is taken back.
 */
export class WorkAhead {
  readonly #knowledge: WorkAheadKnowledge;
  readonly #inFlight = new InFlight();
  readonly #rebalance = new Rebalance();
  /** Milliseconds that a crew's jobs took lately. */
  readonly #means = new Map<CrewId, number>();
  #nextLook = 0;

  constructor(knowledge: WorkAheadKnowledge) {
    this.#knowledge = knowledge;
  }

  assigned(crew: CrewId, entry: string): void {
    this.#inFlight.assigned(crew, entry);
  }

  /** It has finished, after so many milliseconds if its crew has said so, or gone elsewhere. */
  ended(entry: string, ms?: number): void {
    const crew = this.#inFlight.ended(entry);
    if (crew === undefined || ms === undefined) return;
    const mean = this.#means.get(crew) ?? ms;
    this.#means.set(crew, mean + newest * (ms - mean));
  }

  /** A crew's pod says what it holds. */
  correct(crew: CrewId, entries: PodEntries): void {
    this.#inFlight.correct(crew, entries);
  }

  forget(crew: CrewId): void {
    this.#inFlight.forget(crew);
    this.#means.delete(crew);
  }

  /** Room in busy crews, for jobs that need nothing but a worker. */
  offers(live: readonly CrewId[]): Offer[] {
    const { backlog, crews, pace } = this.#knowledge;
    if (backlog.size === 0) return [];
    const room = (crew: CrewId, workers: number): number =>
      workers * (1 + aheadFor(this.#means.get(crew), pace.ahead)) - this.#inFlight.count(crew);
    const offers = crews.offersAhead(live, room);
    return offers.length === 0 || this.#isSomebodyPassedOver() ? [] : offers;
  }

  /** Entries to take back for those who are idle and for whom nothing waits. Asks the pods, so not at every call. */
  recalls(live: readonly CrewId[], idle: readonly Badge[], now: number): Unstarted[] {
    if (idle.length === 0 || now < this.#nextLook) return [];
    const { crews, pace } = this.#knowledge;
    this.#nextLook = now + pace.recallAfter / 3;
    const unstarted: Unstarted[] = [];
    // What a reserved crew holds is for nobody else, and nothing else is for it.
    const open = live.filter((crew) => !crews.isReserved(crew));
    for (const crew of open) {
      const entries = this.#inFlight.count(crew) === 0 ? undefined : crews.entries(crew);
      if (entries === undefined) continue;
      this.#inFlight.correct(crew, entries);
      unstarted.push(...entries.assigned.map((entry) => ({ crew, entry })));
    }
    return this.#rebalance.plan(
      unstarted,
      idle.filter(({ crew }) => !crews.isReserved(crew)),
      now,
      pace.recallAfter,
    );
  }

  /** Whether a job that needs more than a worker goes before all that could be given ahead, and would never find room. */
  #isSomebodyPassedOver(): boolean {
    const leaders = this.#knowledge.backlog.leaders();
    const ahead = leaders.filter(({ needs }) => takesOneWorker(needs));
    return leaders
      .filter(({ needs, job }) => !takesOneWorker(needs) && ahead.every((one) => goesBefore(job, one.job)))
      .some(({ needs }) => this.#couldRun(needs));
  }

  /** Whether some crew could run it if it were idle, with the pool items that are free now. */
  #couldRun(needs: Needs): boolean {
    const { pools, crews } = this.#knowledge;
    const free = pools.free([needs]);
    return (
      needs.resources.every(({ pool, count }) => (free.get(pool)?.length ?? 0) >= count) &&
      crews.capacities().some((capacity) => fitsBeside(needs, noUsage, capacity))
    );
  }
}
