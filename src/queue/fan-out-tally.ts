import {
  type FailureReason,
  type FanOut,
  type TaskFailures,
  type TaskRange,
  failureReason,
  tasksIn,
} from '../job/fan-out.js';
import { isSuccess } from '../job/outcome.js';
import { Executions } from './executions.js';
import { lostBudget } from './return-entries.js';
import { type TaskLine, outcomeOfLine } from './task-line.js';

/** What is known of a task. `open`: it has no outcome that stands. */
export type TaskState = 'open' | 'done' | 'failed';

const open = 0;
const done = 1;
const failed = 2;
const states: readonly TaskState[] = ['open', 'done', 'failed'];

/** Why an execution does not count as done. `final`: for a reason that is never tried again, as when it was cancelled. */
type Reason = FailureReason | 'final';
const results = ['done', 'final', 'exit', 'signal', 'timeout', 'spawn-error', 'lost'] as const;
type Result = 'done' | Reason;

/**
 * What has become of a fan-out job's tasks, from the lines that crews wrote. All of it is counting: whatever the order
 * in which the files of several crews are read, it comes to the same.
 */
export class FanOutTally {
  readonly #fanOut: Pick<FanOut, 'tasks' | 'job'>;
  /** A byte for each task. */
  readonly #states: Uint8Array;
  /** How many executions of it succeeded, as far as is known: more than one until a seal has been read. */
  readonly #successes: Uint8Array;
  /** How often each of those few tasks failed that did. */
  readonly #failures = new Map<number, Map<Reason, number>>();
  /** By task, the workers on which it failed; kept for those that may be tried again. */
  readonly #failedOn = new Map<number, Set<string>>();
  /** Tasks that ran, or were to run, in vain, and are in no slice now. */
  readonly #again = new Set<number>();
  readonly #slices = new Map<string, Executions<Result>>();
  /** Slices whose failures do not count. */
  readonly #pardoned = new Set<string>();
  done = 0;
  failed = 0;
  /** Executions that counted, and the milliseconds that they took. */
  executions = 0;
  ms = 0;

  constructor(fanOut: Pick<FanOut, 'tasks' | 'job'>) {
    this.#fanOut = fanOut;
    this.#states = new Uint8Array(fanOut.tasks);
    this.#successes = new Uint8Array(fanOut.tasks);
  }

  get isComplete(): boolean {
    return this.done + this.failed === this.#fanOut.tasks;
  }

  stateOf(task: number): TaskState {
    return states[this.#states[task] ?? open] ?? 'open';
  }

  /** What a task that is tried again has behind it. */
  failuresOf(task: number): TaskFailures {
    const failures: Partial<Record<FailureReason, number>> = {};
    for (const [reason, count] of this.#failures.get(task) ?? [])
      if (reason !== 'final' && count > 0) failures[reason] = count;
    return failures;
  }

  /** Executions that went with their crews. */
  get lost(): number {
    let lost = 0;
    for (const failures of this.#failures.values()) lost += failures.get('lost') ?? 0;
    return lost;
  }

  /**
   * A crew's line. Those of one slice come in the order in which they were written. False: it is void, or says again what
   * an earlier one says.
   */
  add(line: TaskLine, writer?: string): boolean {
    const { task, token, ms } = line;
    if (!Number.isInteger(task) || task < 0 || task >= this.#fanOut.tasks) return false;
    const slice = this.#slice(token);
    if (slice.lines >= slice.limit) return false;
    const result = resultOf(line);
    if (result !== 'done' && this.#pardoned.has(token)) {
      slice.addPardoned(task, result);
      if (this.#states[task] === open) this.#again.add(task);
      return false;
    }
    // An append that was answered with an error may have been carried out, and was made again.
    if (!slice.add(task, result)) return false;
    this.executions += 1;
    this.ms += ms;
    this.#again.delete(task);
    this.#count(task, result, 1);
    this.#noteWorker(line, result, writer);
    if (result !== 'done' && this.#states[task] === open) this.#again.add(task);
    return true;
  }

  /** The badges of workers on which a task that is tried again has failed. */
  failedOn(task: number): Iterable<string> {
    return this.#failedOn.get(task) ?? [];
  }

  #noteWorker({ task, worker }: TaskLine, result: Result, writer: string | undefined): void {
    if (result === 'done' || this.#states[task] !== open) this.#failedOn.delete(task);
    else if (writer !== undefined && worker !== undefined) {
      const failedOn = this.#failedOn.get(task) ?? new Set();
      this.#failedOn.set(task, failedOn.add(`${writer}.${worker}`));
    }
  }

  /** A person's word: these failures of a task are not to count. */
  forgive(task: number, failures: Readonly<Partial<Record<string, number>>>): void {
    for (const reason of results) {
      const count = reason === 'done' ? 0 : (failures[reason] ?? 0);
      if (count > 0) this.#count(task, reason, -count);
    }
    if (this.#states[task] === open) this.#again.add(task);
  }

  /** All that counts against a task, as `forgive` takes it. */
  blameOf(task: number): Record<string, number> {
    return Object.fromEntries([...(this.#failures.get(task) ?? [])].filter(([, count]) => count > 0));
  }

  /**
   * The slice with this token was taken back: only its first lines count, and the rest of its tasks is to be done
   * again. `lost`: its crew died with the first of the rest. False: not all lines that count have been added yet.
   */
  seal(token: string, limit: number, tasks: Iterable<number>, lost: boolean): boolean {
    const slice = this.#slice(token);
    if (slice.limit === limit) return true;
    if (slice.lines < limit) return false;
    for (const { task, result } of slice.cut(limit)) {
      this.executions -= 1;
      this.#again.delete(task);
      this.#count(task, result, -1);
    }
    let first = lost;
    for (const task of tasks) {
      if (slice.isAbout(task)) continue;
      if (first) this.#count(task, 'lost', 1);
      if (this.#states[task] === open) this.#again.add(task);
      first = false;
    }
    return true;
  }

  /** Whether a line of the slice with this token that counts is about this task. */
  hasEnded(task: number, token: string): boolean {
    return this.#slice(token).isAbout(task);
  }

  /** Failures in the slice with this token do not count: what its tasks ran beside was taken away. */
  pardon(token: string): void {
    if (this.#pardoned.has(token)) return;
    this.#pardoned.add(token);
    for (const { task, result } of this.#slice(token).pardon((one) => one !== 'done')) {
      this.executions -= 1;
      this.#count(task, result, -1);
      if (this.#states[task] === open) this.#again.add(task);
    }
  }

  /** How many tasks are to be given out again. */
  get again(): number {
    return this.#again.size;
  }

  /** The first so many of them, in order. Whoever asks gives them out. */
  takeAgain(most: number): number[] {
    const tasks = [...this.#again].sort((a, b) => a - b).slice(0, most);
    for (const task of tasks) this.#again.delete(task);
    return tasks;
  }

  /** All tasks below `end` without an outcome that are in no slice are to be given out again. */
  giveBackOpen(end: number, inSlices: readonly TaskRange[]): void {
    const given = new Set(tasksIn(inSlices));
    let task = this.#states.indexOf(open);
    for (; task >= 0 && task < end; task = this.#states.indexOf(open, task + 1))
      if (!given.has(task)) this.#again.add(task);
  }

  #slice(token: string): Executions<Result> {
    let slice = this.#slices.get(token);
    if (slice === undefined) this.#slices.set(token, (slice = new Executions()));
    return slice;
  }

  /** One execution more, or one less. */
  #count(task: number, result: Result, more: number): void {
    if (result === 'done') this.#successes[task] = (this.#successes[task] ?? 0) + more;
    else {
      const failures = this.#failures.get(task) ?? new Map<Reason, number>();
      failures.set(result, (failures.get(result) ?? 0) + more);
      this.#failures.set(task, failures);
    }
    this.#decide(task);
  }

  #budget(reason: Reason): number {
    if (reason === 'final') return 0;
    return reason === 'lost' ? lostBudget - 1 : this.#fanOut.job.retries;
  }

  #decide(task: number): void {
    const before = this.#states[task];
    const isOver = [...(this.#failures.get(task) ?? [])].some(
      ([reason, count]) => count > this.#budget(reason),
    );
    const now = (this.#successes[task] ?? 0) > 0 ? done : isOver ? failed : open;
    if (now === before) return;
    if (before === done) this.done -= 1;
    if (before === failed) this.failed -= 1;
    if (now === done) this.done += 1;
    if (now === failed) this.failed += 1;
    this.#states[task] = now;
    if (now !== open) this.#again.delete(task);
  }
}

function resultOf(line: TaskLine): Result {
  const outcome = outcomeOfLine(line);
  return isSuccess(outcome) ? 'done' : (failureReason(outcome) ?? 'final');
}
