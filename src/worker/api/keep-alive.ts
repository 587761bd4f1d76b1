import { every } from '../timers.js';

/** A job that a server is told of again and again. */
export interface Kept {
  /** Tells it; never throws. */
  ping(): Promise<void>;
}

interface Known {
  toldAt: number;
  telling: boolean;
}

/** Milliseconds between two looks at who is due. */
const lookEvery = 500;

/** One timer that keeps all jobs alive on their server. */
export class KeepAlive {
  readonly #jobs = new Map<Kept, Known>();
  readonly #now: () => number;
  /** Milliseconds. */
  readonly #interval: number;
  readonly #stop: () => void;

  constructor(interval: number, now: () => number) {
    this.#interval = interval;
    this.#now = now;
    this.#stop = every(Math.min(lookEvery, interval), () => {
      this.#look();
    });
  }

  add(job: Kept): void {
    this.#jobs.set(job, { toldAt: this.#now(), telling: false });
  }

  remove(job: Kept): void {
    this.#jobs.delete(job);
  }

  close(): void {
    this.#stop();
  }

  #look(): void {
    const now = this.#now();
    for (const [job, known] of this.#jobs) {
      // A server that is away is told once when it is back, and not as often as it was missed.
      if (known.telling || now - known.toldAt < this.#interval) continue;
      known.telling = true;
      void job.ping().finally(() => {
        known.telling = false;
        known.toldAt = this.#now();
      });
    }
  }
}
