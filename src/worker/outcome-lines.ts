import type { Files } from '../system/files.js';
import type { Clock } from '../system/clock.js';
import { perform } from '../queue/perform.js';
import { append, appendLater } from '../queue/steps.js';

/** Milliseconds within which lines of short tasks reach a file server together. */
const pushEvery = 1000;

/** What a crew writes of the tasks of one fan-out job. */
export class OutcomeLines {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #path: string;
  #pushedAt = -Infinity;

  constructor(files: Files, clock: Clock, path: string) {
    this.#files = files;
    this.#clock = clock;
    this.#path = path;
  }

  /** `push`: they must be there when this returns, whatever happens to this host. */
  write(lines: string, push: boolean): void {
    const now = this.#clock.monotonic();
    const isDue = push || now - this.#pushedAt >= pushEvery;
    perform(this.#files, isDue ? append(this.#path, lines) : appendLater(this.#path, lines));
    if (isDue) this.#pushedAt = now;
  }

  /** Lets others read all that was written. */
  send(): void {
    this.#files.sendGathered(this.#path);
  }
}
