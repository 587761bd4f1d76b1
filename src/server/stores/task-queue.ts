import type { Clock } from '../../system/clock.js';
import { describeFailure } from '../describe-failure.js';
import { StoreError } from './store.js';

/** Tasks that are under way at once. */
const atOnce = 4;
/** Seconds until the next try, after each in a row that was in vain; the last one for ever. */
const pauses = [1, 2, 5, 15, 60];
/** Complaints that are remembered, so that each is made once. */
const mostSaid = 1000;

export type Task = (signal: AbortSignal) => Promise<void>;

export interface TaskQueueOptions {
  readonly clock: Clock;
  /** Ends what is under way. */
  readonly over: AbortSignal;
  /** A line for whoever runs the server. */
  readonly say: (what: string) => void;
  /** Called when there may be something to begin. */
  readonly wake: () => void;
}

/** What is to be done with a store, each thing until it succeeds. While one fails nothing else is tried but now and then. */
export class TaskQueue {
  readonly #options: TaskQueueOptions;
  /** By names that no two have; in the order in which they are begun. */
  readonly #waiting = new Map<string, Task>();
  readonly #underWay = new Map<string, Promise<void>>();
  /** Why the store does nothing. */
  #trouble: string | undefined;
  readonly #said = new Set<string>();
  #inVain = 0;
  #resumeAt = 0;

  constructor(options: TaskQueueOptions) {
    this.#options = options;
  }

  /** Nothing happens if there is one of that name. */
  put(name: string, task: Task): void {
    if (this.#waiting.has(name) || this.#underWay.has(name)) return;
    this.#waiting.set(name, task);
    this.#options.wake();
  }

  /** Begins what may be begun now. */
  begin(): void {
    if (this.untilNext() > 0) return;
    // Who does not answer is asked carefully.
    const most = this.#inVain > 0 ? 1 : atOnce;
    for (const [name, task] of this.#waiting) {
      if (this.#underWay.size >= most) return;
      this.#waiting.delete(name);
      this.#underWay.set(name, this.#do(name, task));
    }
  }

  /** Milliseconds until something may be begun that waits for its time. */
  untilNext(): number {
    const left = this.#resumeAt - this.#options.clock.monotonic();
    return this.#waiting.size === 0 || left <= 0 ? 0 : left;
  }

  /** Returns when nothing is under way. */
  async rest(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  /** What may come again and again. */
  sayOnce(what: string): void {
    if (this.#said.has(what)) return;
    if (this.#said.size >= mostSaid) this.#said.clear();
    this.#said.add(what);
    this.#options.say(what);
  }

  async #do(name: string, task: Task): Promise<void> {
    try {
      await task(this.#options.over);
      this.#inVain = 0;
      if (this.#trouble !== undefined) this.#options.say('it does what it is asked for again');
      this.#trouble = undefined;
    } catch (error) {
      this.#postpone(error);
      // Behind the others: what one is refused for may be its own.
      this.#waiting.set(name, task);
    }
    this.#underWay.delete(name);
    this.#options.wake();
  }

  #postpone(error: unknown): void {
    const { clock, over, say } = this.#options;
    if (over.aborted) return;
    const seconds = pauses[Math.min(this.#inVain, pauses.length - 1)] ?? 0;
    this.#inVain += 1;
    this.#resumeAt = clock.monotonic() + seconds * 1000;
    if (!(error instanceof StoreError) || error.blame === 'object') this.sayOnce(describeFailure(error));
    else if (error.message !== this.#trouble) {
      this.#trouble = error.message;
      say(`${error.message}; artifacts stay in the project's directory, and it is tried again`);
    }
  }
}
