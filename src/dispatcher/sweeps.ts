import type { Clock } from '../system/clock.js';
import type { Backlog } from './backlog.js';
import type { Intake } from './intake.js';
import { untilNextListing } from './listing-pace.js';

/** Milliseconds that may be spent on looking through a queue that was just found before any of it is given out. */
const lookThroughBudget = 500;

export interface SweepsParts {
  readonly system: { readonly clock: Clock };
  readonly intake: Intake;
  readonly backlog: Backlog;
}

/** The listings of the queue, which find what no doorbell told. They cost time, and so they take a bounded share of it. */
export class Sweeps {
  readonly #parts: SweepsParts;
  readonly #interval: number;
  #next = 0;
  #looksThroughUntil = -Infinity;

  /** `interval`: milliseconds between two of them. */
  constructor(parts: SweepsParts, interval: number) {
    this.#parts = parts;
    this.#interval = interval;
  }

  /** Something is there that nobody can name. */
  demand(): void {
    this.#next = 0;
  }

  sweepIfDue(): void {
    const { system, intake, backlog } = this.#parts;
    const start = system.clock.monotonic();
    if (start < this.#next) return;
    intake.list();
    const end = system.clock.monotonic();
    this.#next = end + untilNextListing(this.#interval, end - start);
    if (backlog.size === 0) this.#looksThroughUntil = end + lookThroughBudget;
  }

  /**
   * Of many jobs that are found at once the first to be read need not be the first to go. Only where nothing was waiting
   * before: otherwise workers would stand idle beside work that is known.
   */
  looksThrough(): boolean {
    const { system, intake } = this.#parts;
    if (intake.isBehind && system.clock.monotonic() < this.#looksThroughUntil) return true;
    this.#looksThroughUntil = -Infinity;
    return false;
  }
}
