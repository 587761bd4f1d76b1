import type { Place } from '../job/gang.js';
import { concludeFanOut } from '../queue/conclude-fan-out.js';
import { parseEntryName } from '../queue/entry-name.js';
import { type Cursor, FanOutPaths, fanOutOf } from '../queue/fan-out-paths.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { dropPool } from '../queue/pool.js';
import { type Steps, list, unlink } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Crews } from './crews.js';
import { FanOutRun, type FanOutSystem } from './fan-out-run.js';
import type { RunKeepers } from './kept-items.js';
import { type LiveSlice, findSlices, hostsOfSlices, tasksOfSlices } from './live-slices.js';
import type { Reaper } from './reaper.js';
import type { Staff } from './retries.js';

/** Slices that are carved before the first of them is handed out. */
const mostQueued = 200;

/** Tasks of all fan-out jobs together. */
export interface TaskCounts {
  readonly done: number;
  readonly failed: number;
  /** Without an outcome, running ones included. */
  readonly left: number;
}

/** A gang whose time it is, if all of its places can be filled. */
export interface WaitingGang {
  readonly name: string;
  readonly priority: number;
  /** Milliseconds. */
  readonly waited: number;
  readonly places: readonly Place[];
}

/** What fan-out jobs must know, and tell, of the queue. */
export interface QueueView {
  has(name: string): boolean;
  /** It has left by our hand. */
  depart(name: string): void;
}

export interface FanOutsParts {
  readonly system: FanOutSystem;
  readonly layout: Layout;
  /** Whose journal tells of their ends. */
  readonly id: string;
  readonly intake: QueueView;
  readonly crews: Crews;
  readonly reaper: Reaper;
}

/** The fan-out jobs in the queue: gives out their tasks slice by slice, as workers become free, and ends them. */
export class FanOuts {
  readonly #parts: FanOutsParts;
  readonly #runs = new Map<string, FanOutRun>();
  /** Slices that were carved and have not left the queue, as far as is known. */
  readonly #carved = new Set<string>();
  /** Those that have not been read yet. */
  readonly #unread = new Set<string>();
  /** Pools that went with their runs, but for items that are still on their way home. */
  readonly #leftPools = new Set<string>();
  /** Of those that have ended. */
  #done = 0;
  #failed = 0;

  constructor(parts: FanOutsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** How many of their slices wait in the queue. */
  get queued(): number {
    this.#forgetDeparted();
    return this.#carved.size;
  }

  /** How many of these have not been read yet: workers are meant for them, too. */
  get unread(): number {
    this.#forgetDeparted();
    return this.#unread.size;
  }

  /** A directory in the queue. Throws FjrError if it is no fan-out job. */
  add(name: string): void {
    if (this.#runs.has(name)) return;
    const { system, layout, crews } = this.#parts;
    const isAlive = (crew: CrewId): boolean => crews.learn(crew) !== undefined;
    this.#runs.set(name, new FanOutRun(system, layout, name, isAlive));
  }

  /** A slice was read. Returns whether it may go: that of a job that is gone is nobody's, and is removed. */
  arrived(name: string): boolean {
    this.#unread.delete(name);
    if (!this.#isOrphan(name)) return true;
    const { intake, layout } = this.#parts;
    intake.depart(name);
    this.#perform(unlink(layout.queued(name)));
    return false;
  }

  #isOrphan(name: string): boolean {
    const { system, layout } = this.#parts;
    const of = fanOutOf(parseEntryName(name).job);
    if (of === undefined || this.#runs.has(of)) return false;
    return !system.files.exists(new FanOutPaths(layout.queued(of)).file);
  }

  /** Items that workers keep, of the run that a slice is of. */
  keptBy(slice: string): RunKeepers | undefined {
    return this.#runs.get(fanOutOf(parseEntryName(slice).job) ?? '')?.kept;
  }

  counts(): TaskCounts {
    let [done, failed, left] = [this.#done, this.#failed, 0];
    for (const { tally, fanOut } of this.#runs.values()) {
      done += tally.done;
      failed += tally.failed;
      left += fanOut.tasks - tally.done - tally.failed;
    }
    return { done, failed, left };
  }

  /** Whether a worker could be given something. */
  get isReady(): boolean {
    for (const run of this.#runs.values()) if (run.ready > 0) return true;
    return this.hasWaitingGang;
  }

  /** The highest priority of those of whom a worker could be given something now, or in a moment. */
  get readyPriority(): number {
    this.#forgetDeparted();
    const unread = new Set([...this.#unread].map((slice) => fanOutOf(slice)));
    let highest = -Infinity;
    for (const run of this.#runs.values())
      if (run.ready > 0 || unread.has(run.name)) highest = Math.max(highest, run.fanOut.job.priority);
    return highest;
  }

  get hasWaitingGang(): boolean {
    for (const run of this.#runs.values()) if (run.placesToFill().length > 0) return true;
    return false;
  }

  /** Whether slices of a gang are on their way to their workers. */
  get isGathering(): boolean {
    for (const { gang } of this.#runs.values()) if (gang?.isGathering === true) return true;
    return false;
  }

  /** Slices of a gang go when all of them have reached their workers. `live`: the crews that are alive. */
  lookAtGangs(live: readonly CrewId[]): void {
    if (!this.isGathering) return;
    const { system, layout, crews } = this.#parts;
    const hosts = hostsOfSlices(system.files, layout, crews, live);
    for (const { gang } of this.#runs.values()) gang?.look(hosts);
  }

  /** Gangs that wait for their workers, by priority; none while another is on its way to its own. */
  *waitingGangs(): Generator<WaitingGang> {
    if (this.isGathering) return;
    this.#forgetRemoved();
    for (const run of this.#byPriority()) {
      const places = run.placesToFill();
      if (places.length === 0) continue;
      yield { name: run.name, priority: run.fanOut.job.priority, waited: run.gang?.waited ?? 0, places };
    }
  }

  /** Carves a slice for each of a gang's places. Returns their names in the queue. */
  gather(name: string): string[] {
    const slices = this.#runs.get(name)?.gang?.gather() ?? [];
    for (const slice of slices) this.#noteCarved(slice);
    return slices;
  }

  #byPriority(): FanOutRun[] {
    return [...this.#runs.values()].sort((a, b) => b.fanOut.job.priority - a.fanOut.job.priority);
  }

  #noteCarved(name: string): void {
    this.#carved.add(name);
    this.#unread.add(name);
  }

  /**
   * Carves slices until as many wait in the queue as workers are idle, for jobs that `mayGo`. Gives the name of each: whoever
   * asks must let it be known in the queue before the next is carved.
   */
  *carve(staff: Staff, mayGo: (priority: number) => boolean): Generator<string> {
    this.#forgetRemoved();
    for (const run of this.#byPriority()) {
      if (!mayGo(run.fanOut.job.priority)) continue;
      if (run.hasLimit && run.ready > 0) run.catchUp();
      const wanted = Math.min(mostQueued, staff.idle.length);
      while (this.#queuedOf(run.name) < wanted && run.ready > 0) {
        const name = run.carve(staff);
        if (name === undefined) break;
        this.#noteCarved(name);
        yield name;
      }
    }
  }

  /** A crew has written of tasks of the job that this entry is a slice of. Returns the names of jobs that are over. */
  hear(crew: string, entry: string): string[] {
    const of = fanOutOf(parseEntryName(entry).job);
    if (of !== undefined) this.#runs.get(of)?.hear(crew);
    return this.#conclude((run) => run.tally.isComplete);
  }

  /** Reads what has happened to all of them, such as slices that were taken back. Returns the names of those that are over. */
  refresh(): string[] {
    this.#forgetRemoved();
    for (const run of this.#runs.values()) run.refresh();
    return this.#conclude((run) => run.tally.isComplete);
  }

  /**
   * Finds out what cannot be known before one has looked where slices are. Jobs that have none are over, or something was
   * lost and is given out again; so is what is in none of those that there are. Returns the names of jobs that are over.
   */
  settle(): string[] {
    this.#dropCancelled();
    // Where they stand is asked before one looks.
    const asked = this.#unsettled();
    if (asked.size === 0) return [];
    const { system, layout, crews } = this.#parts;
    const slices = findSlices(system.files, layout, crews);
    for (const [name, cursor] of asked) this.#settleOne(name, cursor, slices.get(name) ?? []);
    const isQuiet = ({ name }: FanOutRun): boolean => asked.has(name) && !slices.has(name);
    return this.#conclude((run) => isQuiet(run) && (run.tally.isComplete || run.isStopped));
  }

  /** Slices of cancelled jobs, for which there may never be a crew. */
  #dropCancelled(): void {
    if (this.queued === 0) return;
    const { layout, intake } = this.#parts;
    for (const name of this.#perform(list(layout.jobqueue)) ?? []) {
      const of = fanOutOf(parseEntryName(name).job);
      if (of === undefined || this.#runs.get(of)?.isCancelled !== true) continue;
      this.#perform(unlink(layout.queued(name)));
      intake.depart(name);
    }
  }

  /** Jobs of which it should be known where their slices are, and their cursors. */
  #unsettled(): ReadonlyMap<string, Cursor> {
    const unsettled = new Map<string, Cursor>();
    for (const [name, run] of this.#runs)
      if (run.untouched === 0 || run.isUnsure) unsettled.set(name, run.cursor);
    return unsettled;
  }

  #settleOne(name: string, cursor: Cursor, slices: readonly LiveSlice[]): void {
    const { system, reaper } = this.#parts;
    const run = this.#runs.get(name);
    if (run === undefined || (slices.length > 0 && !run.isUnsure)) return;
    // Before the lines are read: a slice that ends meanwhile has them.
    const tasks = tasksOfSlices(system.files, slices);
    run.forgetGaps();
    run.refresh(true);
    run.confirmFailure((since) =>
      slices.every(({ crew }) => crew === undefined || reaper.hasLivedSince(crew, since)),
    );
    const isOver = slices.length === 0 && (run.tally.isComplete || run.isStopped);
    if (!isOver && tasks !== undefined) run.settleGaps(cursor, tasks);
  }

  /** A crew tells how a task ended before it sends the task's items home. */
  dropLeftPools(): void {
    for (const pool of this.#leftPools)
      if (this.#perform(dropPool(this.#parts.layout, pool)) === 'dropped') this.#leftPools.delete(pool);
  }

  /** Somebody removed its directory: what is left of it is nobody's. */
  #forgetRemoved(): void {
    const { intake } = this.#parts;
    for (const [name, run] of this.#runs) if (run.isGone || !intake.has(name)) this.#runs.delete(name);
  }

  /** Slices of one job, so that those that nobody can run hold up no other job. */
  #queuedOf(name: string): number {
    this.#forgetDeparted();
    let count = 0;
    for (const slice of this.#carved) if (fanOutOf(slice) === name) count += 1;
    return count;
  }

  #forgetDeparted(): void {
    for (const name of this.#carved) {
      if (this.#parts.intake.has(name)) continue;
      this.#carved.delete(name);
      this.#unread.delete(name);
    }
  }

  #conclude(isOver: (run: FanOutRun) => boolean): string[] {
    const { system, layout, id } = this.#parts;
    const over = [...this.#runs.values()].filter(isOver);
    for (const run of over) {
      const { tally, fanOut, name } = run;
      run.noteProgress();
      const left = fanOut.tasks - tally.done - tally.failed;
      const outcome = { kind: 'tasks', tasks: fanOut.tasks, failed: tally.failed, left } as const;
      const note = { writer: id, time: system.clock.timestamp(), outcome };
      const to = tally.failed + left === 0 ? 'done' : 'failed';
      // One that failed may be tried again: it keeps its image and its pools.
      if (to === 'done' && fanOut.container?.pull === 'load')
        this.#perform(unlink(new FanOutPaths(layout.queued(name)).image));
      this.#perform(concludeFanOut(layout, name, to, newToken(), note));
      if (to === 'done') for (const { pool, own } of fanOut.pools) if (own) this.#leftPools.add(pool);
      this.#runs.delete(name);
      this.#done += tally.done;
      this.#failed += tally.failed + left;
    }
    this.dropLeftPools();
    return over.map(({ name }) => name);
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#parts.system.files, steps);
  }
}
