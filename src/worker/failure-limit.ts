import { type FanOut, mostFailures } from '../job/fan-out.js';

/** What is needed of a slice that runs. */
interface Running {
  /** Tasks of its fan-out job that had failed for good when it was carved. */
  readonly failedBefore: number;
  /** Tasks that were begun and have not ended. */
  readonly inFlight: number;
  drain(): void;
}

/**
 * A crew's own count of the failed tasks of one fan-out job: it begins no more when they are too many, before its
 * dispatcher can know. Each slice says how many had failed before it, wherever that was; what fails here since is counted
 * here, and what fails in other crews meanwhile is the dispatcher's to count. Forgotten when no slice runs: somebody may
 * try again what has failed.
 */
export class FailureLimit<S extends Running> {
  readonly #most: number;
  readonly #running = new Set<S>();
  #failed = 0;

  constructor(fanOut: FanOut) {
    this.#most = mostFailures(fanOut);
  }

  begin(slice: S): void {
    this.#failed = Math.max(this.#failed, slice.failedBefore);
    this.#running.add(slice);
  }

  /** Returns whether it was the last that ran. */
  end(slice: S): boolean {
    this.#running.delete(slice);
    return this.#running.size === 0;
  }

  /** How many tasks a slice may have begun so that, should all fail that run in this crew, none is one too many. */
  depthOf(slice: S): number {
    if (this.#most === Infinity) return Infinity;
    let others = 0;
    for (const other of this.#running) if (other !== slice) others += other.inFlight;
    return this.#most + 1 - this.#failed - others;
  }

  /** A task has failed for good. If that is one too many, the slices that run begin no more, and are returned. */
  fail(): Iterable<S> {
    this.#failed += 1;
    if (this.#failed <= this.#most) return [];
    for (const slice of this.#running) slice.drain();
    return [...this.#running];
  }
}
