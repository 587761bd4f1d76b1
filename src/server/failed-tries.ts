import type { Clock } from '../system/clock.js';

/** Wrong tokens from one place in one window. */
const mostTries = 10;
/** Milliseconds. */
const window = 60_000;
/** Places that are remembered: more are forgotten, the oldest first, and memory stays what it is. */
const mostPlaces = 10_000;

/** Counts wrong tokens, so that nobody can try them out in numbers. */
export class FailedTries {
  readonly #clock: Clock;
  readonly #tries = new Map<string, { count: number; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds for which nothing is heard from this place; 0: it may try. */
  wait(place: string): number {
    const tries = this.#tries.get(place);
    const left = tries === undefined ? 0 : tries.until - this.#clock.monotonic();
    return tries === undefined || tries.count < mostTries || left <= 0 ? 0 : Math.ceil(left / 1000);
  }

  note(place: string): void {
    const now = this.#clock.monotonic();
    const tries = this.#tries.get(place);
    if (tries !== undefined && now < tries.until) {
      tries.count += 1;
      return;
    }
    this.#tries.delete(place);
    const [oldest] = this.#tries.keys();
    if (this.#tries.size >= mostPlaces && oldest !== undefined) this.#tries.delete(oldest);
    this.#tries.set(place, { count: 1, until: now + window });
  }
}
