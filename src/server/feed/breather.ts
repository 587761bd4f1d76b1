import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../system/clock.js';

/** Milliseconds that long work goes on before it lets others have their turn. */
const longestStretch = 8;

/** Lets long work take turns with requests. */
export class Breather {
  readonly #clock: Clock;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** To be awaited every so often; it costs nothing before the time is up. */
  breathe(): Promise<void> | undefined {
    return this.#clock.monotonic() - this.#since < longestStretch ? undefined : this.#pause();
  }

  async #pause(): Promise<void> {
    await setImmediate();
    this.#since = this.#clock.monotonic();
  }
}
