import { type Capacity, type Usage, fitsBeside, minus, noUsage, plus } from '../job/capacity.js';
import type { Job, Needs } from '../job/job.js';
import type { Outcome } from '../job/outcome.js';
import type { FinishTo } from '../queue/finish-job.js';
import type { LogStream } from '../queue/layout.js';
import type { SliceRun } from './slice-run.js';

/**
 * One worker. Its badge lies in the pod, except while it is announced.
 *
 * ```
 *            announce                 (a dispatcher claims it)
 *   idle ──────────────▶ announced ───────────────────────────▶ claimed
 *    ▲  ◀───────────────────│ claim back, for an entry at hand      │ no entry for some seconds: announce again
 *    │                      ▼                                       │
 *    │                    busy ◀────────────────────────────────────┘
 *    │ commit               │ its process ends
 *    └────────────────── ending
 * ```
 */
export type Worker =
  | { readonly state: 'idle' | 'announced' }
  /** Its host cannot be reached: it is idle again when it can. */
  | { readonly state: 'away' }
  | { readonly state: 'claimed'; readonly since: number }
  | Busy
  | Ending;

export interface Busy {
  readonly state: 'busy';
  readonly entry: string;
  readonly job: Job;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly gpus: readonly number[];
  /** Undefined: nobody has made anything ready for it. */
  readonly place: Place | undefined;
  /** It has log files of its own already. */
  exposed: boolean;
  cancelled: boolean;
  /** If it is a slice: its tasks. */
  slice: SliceRun | undefined;
}

/** The process is gone; what is left is to keep its output and to commit. Tried again until the filesystem lets it. */
export interface Ending {
  readonly state: 'ending';
  readonly entry: string;
  readonly needs: Needs;
  readonly target: FinishTo;
  readonly outcome: Outcome;
  readonly ms: number;
  readonly exposed: boolean;
  readonly slice: SliceRun | undefined;
  /** Known once its output was kept. */
  printed: readonly LogStream[] | undefined;
}

/** What somebody has made ready for a job, who has thought of all that it needs. */
export interface Place {
  /** Where it works, whatever it says itself. */
  readonly directory: string;
  /** Which of the crew's GPUs it has. */
  readonly gpus: readonly number[];
  /** What it is told beside what all jobs are; its pool items among it. */
  readonly env: Readonly<Record<string, string>>;
}

/** The workers of a crew, and what their jobs use of its host. */
export class Roster {
  readonly #workers = new Map<number, Worker>();
  readonly #capacity: () => Capacity;
  readonly #freeGpus: Set<number>;
  #used: Usage = noUsage;
  #changes = 0;

  /** `capacity` is asked each time: a crew's time runs out. */
  constructor(workers: number, capacity: () => Capacity) {
    for (let worker = 1; worker <= workers; worker++) this.#workers.set(worker, { state: 'idle' });
    this.#capacity = capacity;
    this.#freeGpus = new Set(Array.from({ length: capacity().gpus }, (_, gpu) => gpu));
  }

  /** How often something has begun or ended. */
  get changes(): number {
    return this.#changes;
  }

  get(worker: number): Worker | undefined {
    return this.#workers.get(worker);
  }

  set(worker: number, state: Exclude<Worker, Busy | Ending>): void {
    this.#workers.set(worker, state);
  }

  numbers(): Iterable<number> {
    return this.#workers.keys();
  }

  /** The first worker in a state. */
  first(state: Worker['state']): number | undefined {
    for (const [worker, current] of this.#workers) if (current.state === state) return worker;
    return undefined;
  }

  *in<S extends Worker['state']>(state: S): Iterable<[number, Extract<Worker, { state: S }>]> {
    for (const [worker, current] of this.#workers)
      if (current.state === state) yield [worker, current as Extract<Worker, { state: S }>];
  }

  /** Workers that have nothing to do: first those that were claimed for something, last those on offer. */
  *free(): Iterable<number> {
    for (const state of ['claimed', 'idle', 'announced'] as const)
      for (const [worker] of this.in(state)) yield worker;
  }

  isFree(worker: number): boolean {
    const state = this.#workers.get(worker)?.state;
    return state === 'claimed' || state === 'idle' || state === 'announced';
  }

  /** Whether some worker has nothing to do. */
  get hasFree(): boolean {
    for (const _ of this.free()) return true;
    return false;
  }

  /** Whether no worker has anything to do or to commit. */
  get isQuiet(): boolean {
    return this.first('busy') === undefined && this.first('ending') === undefined;
  }

  /** Whether the crew could run a job if nothing else ran. */
  couldFit(needs: Needs): boolean {
    return fitsBeside(needs, noUsage, this.#capacity());
  }

  fits(needs: Needs): boolean {
    return fitsBeside(needs, this.#used, this.#capacity());
  }

  /** `place`: what somebody has chosen for it. */
  begin(worker: number, entry: string, job: Job, startedAt: number, place?: Place): Busy {
    const gpus = place?.gpus ?? [...this.#freeGpus].slice(0, job.needs.gpus);
    for (const gpu of gpus) this.#freeGpus.delete(gpu);
    this.#used = plus(this.#used, job.needs);
    this.#changes += 1;
    const busy: Busy = {
      state: 'busy',
      entry,
      job,
      startedAt,
      gpus,
      place,
      exposed: false,
      cancelled: false,
      slice: undefined,
    };
    this.#workers.set(worker, busy);
    return busy;
  }

  end(worker: number, busy: Busy, target: FinishTo, outcome: Outcome, ms: number): Ending {
    for (const gpu of busy.gpus) this.#freeGpus.add(gpu);
    this.#used = minus(this.#used, busy.job.needs);
    this.#changes += 1;
    const { entry, exposed } = busy;
    const ending: Ending = {
      state: 'ending',
      entry,
      needs: busy.job.needs,
      target,
      outcome,
      ms,
      exposed,
      slice: busy.slice,
      printed: undefined,
    };
    this.#workers.set(worker, ending);
    return ending;
  }
}
