import { type FanOut, asRanges, tasksIn } from '../job/fan-out.js';
import type { Place } from '../job/gang.js';
import type { FanOutTally } from '../queue/fan-out-tally.js';
import type { Clock } from '../system/clock.js';
import { Heap } from './heap.js';
import type { Chosen } from './slice-maker.js';
import { patience } from './waiting-job.js';

/** Who works: badges, and how many there are between whom what is left is to be shared. */
export interface Staff {
  readonly workers: number;
  readonly idle: readonly string[];
  /** Whether a badge belongs to a crew that is alive. */
  readonly isHere: (badge: string) => boolean;
}

interface Delayed {
  /** Monotonic milliseconds. */
  readonly due: number;
  readonly task: number;
}

/** Tasks that are passed over, when others are looked for that go with the first. */
const mostPassedOver = 1000;
/** The longest back-off before a retry, in seconds. */
const longestDelay = 600;

/**
 * Tasks of a fan-out job that are to be given out again: when, which of them together, and to which workers not. What has
 * failed waits a while and goes to another worker if there is one; what was only given back does not wait.
 */
export class Retries {
  readonly #fanOut: Pick<FanOut, 'job'>;
  readonly #tally: FanOutTally;
  readonly #clock: Clock;
  readonly #delayed = new Heap<Delayed>((a, b) => a.due < b.due);

  constructor(fanOut: Pick<FanOut, 'job'>, tally: FanOutTally, clock: Clock) {
    this.#fanOut = fanOut;
    this.#tally = tally;
    this.#clock = clock;
  }

  /** All of them, whenever they are due. */
  get size(): number {
    return this.#delayed.size + this.#tally.again;
  }

  /** Decides of those that are new when each is due. */
  schedule(): void {
    if (this.#tally.again === 0) return;
    const now = this.#clock.monotonic();
    for (const task of this.#tally.takeAgain(Infinity))
      this.#delayed.push({ due: now + 1000 * this.#delayOf(task), task });
  }

  get isDue(): boolean {
    const { first } = this.#delayed;
    return first !== undefined && first.due <= this.#clock.monotonic();
  }

  /** Forgets those that are scheduled: what is to become of them is found out in another way. */
  clear(): void {
    this.#delayed.clear();
  }

  /** The first that is due, and up to `most` in all that have failed on the same workers. */
  takeAlike(most: number, staff: Staff): Chosen | undefined {
    const now = this.#clock.monotonic();
    const tasks: number[] = [];
    const later: Delayed[] = [];
    let avoid: readonly string[] = [];
    while (tasks.length < most && later.length < mostPassedOver) {
      const { first } = this.#delayed;
      if (first === undefined || first.due > now) break;
      this.#delayed.pop();
      if (this.#tally.stateOf(first.task) !== 'open') continue;
      const its = now - first.due < patience ? this.#avoidedBy(first.task, staff) : [];
      const isFirst = tasks.length === 0 && staff.idle.some((badge) => !its.includes(badge));
      if (isFirst) avoid = its;
      if (isFirst || (tasks.length > 0 && its.join() === avoid.join())) tasks.push(first.task);
      else later.push(first);
    }
    for (const each of later) this.#delayed.push(each);
    return tasks.length === 0 ? undefined : { ranges: asRanges(tasks.sort((a, b) => a - b)), avoid };
  }

  /**
   * Ranks that are tried again by themselves: those of one of these places, which run one after another as before, once
   * nothing of that place runs. `gang`: the try that they belong to.
   */
  takePlace(places: readonly Place[], gang: string, staff: Staff): Chosen | undefined {
    const now = this.#clock.monotonic();
    const due = new Map<number, number>();
    for (let one = this.#delayed.pop(); one !== undefined; one = this.#delayed.pop())
      if (this.#tally.stateOf(one.task) === 'open') due.set(one.task, one.due);
    const place = places.find(({ ranks }) =>
      [...tasksIn(ranks)].every((rank) => (due.get(rank) ?? Infinity) <= now),
    );
    for (const rank of tasksIn(place?.ranks ?? [])) due.delete(rank);
    for (const [task, when] of due) this.#delayed.push({ due: when, task });
    const [first] = place?.ranks[0] ?? [];
    if (place === undefined || first === undefined) return undefined;
    // The others wait for it: it does not wait for another worker.
    const avoid = this.#avoidedBy(first, staff);
    const isForNobody = staff.idle.every((badge) => avoid.includes(badge));
    return { ranges: place.ranks, avoid: isForNobody ? [] : avoid, needs: place.type.needs, gang };
  }

  /** Seconds. */
  #delayOf(task: number): number {
    const { lost: _lost, ...failures } = this.#tally.failuresOf(task);
    const count = Object.values(failures).reduce((sum, one) => sum + one, 0);
    return count === 0 ? 0 : Math.min(longestDelay, this.#fanOut.job.retryDelay * 2 ** (count - 1));
  }

  /** Workers on which a task has failed; none if there are no others. */
  #avoidedBy(task: number, { isHere, workers }: Staff): readonly string[] {
    const badges = [...this.#tally.failedOn(task)].filter(isHere).sort();
    return badges.length < workers ? badges : [];
  }
}
