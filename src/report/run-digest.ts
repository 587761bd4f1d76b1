import { type FailureReason, failureReason } from '../job/fan-out.js';
import { type Outcome, describeOutcome, isSuccess } from '../job/outcome.js';
import type { FanOutTally } from '../queue/fan-out-tally.js';
import { type TaskLine, outcomeOfLine } from '../queue/task-line.js';
import { Durations } from './durations.js';
import { type GridRow, TimeGrid } from './time-grid.js';

/** Parts that the time of a run is divided into, at most. */
const mostCells = 240;
/** Executions that are shown one by one; of more than these only sums are kept. */
const mostSingle = 1200;
/** Ways to fail that are told apart: the text of one comes from outside. */
const mostWays = 40;

/** `final`: for a reason that is never tried again, as when it was cancelled. */
export type Reason = FailureReason | 'final';

/** Which worker of which crew. */
export interface WorkerName {
  readonly crew: string;
  readonly worker: number;
}

/** One execution of a task that counts. */
export interface Execution extends WorkerName {
  readonly task: number;
  /** When it ended, in milliseconds since 1970; undefined: not known. */
  readonly at: number | undefined;
  readonly ms: number;
  readonly outcome: Outcome;
}

/** What one worker did. Times are in milliseconds. */
export interface WorkerShare extends WorkerName {
  readonly executions: number;
  readonly failed: number;
  readonly busy: number;
  /** For each cell of the run's time; `failedIn`: in executions that failed. */
  readonly busyIn: readonly number[];
  readonly failedIn: readonly number[];
}

/** Executions that failed in one way. */
export interface WayToFail {
  readonly reason: Reason;
  /** `exit code 3`. */
  readonly words: string;
  /** Tasks that it ended. */
  readonly final: number;
  /** Executions after which the task was, or will be, tried again. */
  readonly again: number;
}

/** A run as its lines tell it: all that plots, tables and metrics are made of. */
export interface RunSummary {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  /** When its first task began and its newest ended, in milliseconds since 1970; undefined: not known. */
  readonly began: number | undefined;
  readonly ended: number | undefined;
  /** The cells that the run's time is divided into: milliseconds since 1970, and milliseconds. */
  readonly start: number;
  readonly width: number;
  /** Tasks that ended in each. */
  readonly doneIn: readonly number[];
  readonly failedIn: readonly number[];
  /** Tasks that ended nobody knows when. */
  readonly untimed: number;
  /** Of executions. */
  readonly durations: { readonly done: Durations; readonly failed: Durations };
  readonly workers: readonly WorkerShare[];
  /** All executions, in the order of their ends; undefined: they are too many. */
  readonly single: readonly Execution[] | undefined;
  readonly ways: readonly WayToFail[];
  /** How tasks that have failed ended, newest first. */
  readonly failures: readonly Execution[];
}

interface WorkerSums extends WorkerName {
  executions: number;
  failed: number;
  busy: number;
  readonly busyIn: GridRow;
  readonly failedIn: GridRow;
}

/** Sums up the executions of a run, in whatever order they come; besides sums only those that failed are kept. */
export class RunDigest {
  readonly #grid = new TimeGrid(mostCells);
  readonly #doneIn = this.#grid.row();
  readonly #durations = { done: new Durations(), failed: new Durations() };
  readonly #workers = new Map<string, WorkerSums>();
  readonly #ways = new Map<string, { readonly reason: Reason; executions: number }>();
  /** The newest failure of each task, until it is known to have succeeded. */
  readonly #failures = new Map<number, Execution>();
  #single: Execution[] | undefined = [];
  #began = Infinity;
  #ended = -Infinity;

  /** A line that counts, of a crew's. */
  add(line: TaskLine, crew: string): void {
    const outcome = outcomeOfLine(line);
    const execution = { task: line.task, crew, worker: line.worker ?? 0, at: line.at, ms: line.ms, outcome };
    this.#single?.push(execution);
    if ((this.#single?.length ?? 0) > mostSingle) this.#single = undefined;
    const success = isSuccess(outcome);
    if (success) this.#succeed(execution);
    else this.#fail(execution);
    this.#durations[success ? 'done' : 'failed'].add(execution.ms);
    this.#occupy(execution, success);
  }

  #succeed({ task, at }: Execution): void {
    this.#failures.delete(task);
    if (at !== undefined) this.#doneIn.add(at);
  }

  #fail(execution: Execution): void {
    const known = this.#failures.get(execution.task);
    if ((execution.at ?? 0) >= (known?.at ?? 0)) this.#failures.set(execution.task, execution);
    const way = this.#wayOf(execution.outcome);
    const { executions = 0 } = this.#ways.get(way.words) ?? {};
    this.#ways.set(way.words, { reason: way.reason, executions: executions + 1 });
  }

  #wayOf(outcome: Outcome): { reason: Reason; words: string } {
    const reason = failureReason(outcome) ?? 'final';
    const words = describeOutcome(outcome);
    return this.#ways.size < mostWays || this.#ways.has(words)
      ? { reason, words }
      : { reason, words: reason };
  }

  #occupy({ crew, worker, at, ms }: Execution, success: boolean): void {
    const sums = this.#worker(crew, worker);
    sums.executions += 1;
    sums.busy += ms;
    if (!success) sums.failed += 1;
    if (at === undefined) return;
    const began = at - Math.max(0, ms);
    this.#began = Math.min(this.#began, began);
    this.#ended = Math.max(this.#ended, at);
    sums.busyIn.cover(began, at);
    if (!success) sums.failedIn.cover(began, at);
  }

  #worker(crew: string, worker: number): WorkerSums {
    const name = `${crew}.${worker}`;
    let sums = this.#workers.get(name);
    if (sums === undefined) {
      const [busyIn, failedIn] = [this.#grid.row(), this.#grid.row()];
      this.#workers.set(name, (sums = { crew, worker, executions: 0, failed: 0, busy: 0, busyIn, failedIn }));
    }
    return sums;
  }

  /**
   * What it comes to. A task's end is the success that counts, or, if it has failed, its newest failure by the clocks of
   * the hosts: two hosts whose clocks differ may make another of its failures seem the newest.
   */
  summary(tally: Pick<FanOutTally, 'done' | 'failed' | 'lost' | 'stateOf'>, tasks: number): RunSummary {
    const failures = [...this.#failures.values()]
      .filter(({ task }) => tally.stateOf(task) === 'failed')
      .sort((a, b) => (b.at ?? 0) - (a.at ?? 0) || b.task - a.task);
    const [doneIn, failedIn] = [this.#doneIn.amounts(), this.#grid.count(failures.map(({ at }) => at))];
    const timed = [...doneIn, ...failedIn].reduce((sum, count) => sum + count, 0);
    return {
      tasks,
      done: tally.done,
      failed: tally.failed,
      began: Number.isFinite(this.#began) ? this.#began : undefined,
      ended: Number.isFinite(this.#ended) ? this.#ended : undefined,
      start: this.#grid.start,
      width: this.#grid.width,
      doneIn,
      failedIn,
      untimed: Math.max(0, tally.done + tally.failed - timed),
      durations: this.#durations,
      workers: [...this.#workers.values()].map((sums) => ({
        ...sums,
        busyIn: sums.busyIn.amounts(),
        failedIn: sums.failedIn.amounts(),
      })),
      single: this.#single?.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)),
      ways: [...this.#waysOf(failures), ...lostIn(tally, failures.length)],
      failures,
    };
  }

  #waysOf(failures: readonly Execution[]): WayToFail[] {
    const final = new Map<string, number>();
    for (const { outcome } of failures) {
      const { words } = this.#wayOf(outcome);
      final.set(words, (final.get(words) ?? 0) + 1);
    }
    return [...this.#ways].map(([words, { reason, executions }]) => {
      const ended = final.get(words) ?? 0;
      return { reason, words, final: ended, again: Math.max(0, executions - ended) };
    });
  }
}

/** Executions that went with their crews: they have no lines, but count against their tasks. */
function lostIn({ failed, lost }: Pick<FanOutTally, 'failed' | 'lost'>, told: number): readonly WayToFail[] {
  if (lost === 0) return [];
  const final = Math.max(0, failed - told);
  return [{ reason: 'lost', words: 'lost with a crew', final, again: Math.max(0, lost - final) }];
}
