import type { Place } from '../job/gang.js';
import { concludeFanOut } from '../queue/conclude-fan-out.js';
import { parseEntryName } from '../queue/entry-name.js';
import { type Cursor, FanOutPaths, fanOutOf } from '../queue/fan-out-paths.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { dropPool } from '../queue/pool.js';
import { unlink } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import { FanOutRun, type FanOutSystem, type IsAlive, type Staff } from './fan-out-run.js';
import type { RunKeepers } from './kept-items.js';
import { type LiveSlice, tasksOfSlices } from './live-slices.js';

/** Slices that are carved before the first of them is handed out. */
const mostQueued = 200;

/** Tasks of all fan-out jobs together. */
export interface TaskCounts {
  readonly done: number;
  readonly failed: number;
  /** Without an outcome, running ones included. */
  readonly left: number;
}

/** A gang that not all of its places can be filled for. */
export interface WaitingGang {
  readonly name: string;
  readonly priority: number;
  /** Milliseconds. */
  readonly waited: number;
  readonly places: readonly Place[];
  /** How many of them could be filled now. */
  readonly fit: number;
}

/** What the rest of the dispatcher knows of the queue. */
export interface QueueView {
  has(name: string): boolean;
}

/** The fan-out jobs in the queue: gives out their tasks slice by slice, as workers become free, and ends them. */
export class FanOuts {
  readonly #system: FanOutSystem;
  readonly #layout: Layout;
  readonly #writer: string;
  readonly #queue: QueueView;
  readonly #isAlive: IsAlive;
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

  constructor(system: FanOutSystem, layout: Layout, writer: string, queue: QueueView, isAlive: IsAlive) {
    this.#isAlive = isAlive;
    this.#system = system;
    this.#layout = layout;
    this.#writer = writer;
    this.#queue = queue;
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

  /** A slice was read. */
  arrived(name: string): void {
    this.#unread.delete(name);
  }

  /** A directory in the queue. Throws FjrError if it is no fan-out job. */
  add(name: string): void {
    if (this.#runs.has(name)) return;
    this.#runs.set(name, new FanOutRun(this.#system, this.#layout, name, this.#isAlive));
  }

  /** Items that workers keep, of the run that a slice is of. */
  keptBy(slice: string): RunKeepers | undefined {
    return this.#runs.get(fanOutOf(parseEntryName(slice).job) ?? '')?.kept;
  }

  /** A slice of a job that is gone is nobody's. */
  isOrphan(name: string): boolean {
    const of = fanOutOf(parseEntryName(name).job);
    if (of === undefined || this.#runs.has(of)) return false;
    return !this.#system.files.exists(new FanOutPaths(this.#layout.queued(of)).file);
  }

  /** A slice that waits, and whose tasks are nobody's: its job was cancelled. */
  isCancelled(name: string): boolean {
    const of = fanOutOf(parseEntryName(name).job);
    return of !== undefined && this.#runs.get(of)?.isCancelled === true;
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
    for (const { gang } of this.#runs.values())
      if (gang !== undefined && gang.waiting().length > 0) return true;
    return false;
  }

  /** Whether slices of a gang are on their way to their workers. */
  get isGathering(): boolean {
    for (const { gang } of this.#runs.values()) if (gang?.isGathering === true) return true;
    return false;
  }

  /** `hosts`: by slice, the host of the crew that has started it. */
  lookAtGangs(hosts: ReadonlyMap<string, string>): void {
    for (const { gang } of this.#runs.values()) gang?.look(hosts);
  }

  /**
   * Gathers the first gang whose places can all be filled, for which `room` says how many could be filled now. Returns the
   * first that is to wait for more workers, of which `isKept` says so: no other goes before it then, since small ones would
   * keep it waiting for ever.
   */
  gather(
    mayGo: (gang: Pick<WaitingGang, 'priority' | 'waited'>) => boolean,
    room: (places: readonly Place[]) => number,
    isKept: (gang: WaitingGang) => boolean,
    carved: (name: string) => void,
  ): WaitingGang | 'gathered' | undefined {
    if (this.isGathering) return undefined;
    this.#forgetRemoved();
    for (const { name, fanOut, gang } of this.#byPriority()) {
      const { priority } = fanOut.job;
      const places = gang?.waiting() ?? [];
      const waited = gang?.waited ?? 0;
      if (places.length === 0 || !mayGo({ priority, waited })) continue;
      const fit = room(places);
      const waiting = { name, priority, waited, places, fit };
      if (fit < places.length && isKept(waiting)) return waiting;
      if (fit < places.length) continue;
      for (const slice of gang?.gather() ?? []) this.#noteCarved(slice, carved);
      return 'gathered';
    }
    return undefined;
  }

  #byPriority(): FanOutRun[] {
    return [...this.#runs.values()].sort((a, b) => b.fanOut.job.priority - a.fanOut.job.priority);
  }

  #noteCarved(name: string, carved: (name: string) => void): void {
    this.#carved.add(name);
    this.#unread.add(name);
    carved(name);
  }

  /**
   * Carves slices until as many wait in the queue as workers are idle, for jobs that `mayGo`, and tells of each.
   */
  refill(staff: Staff, mayGo: (priority: number) => boolean, carved: (name: string) => void): void {
    this.#forgetRemoved();
    for (const run of this.#byPriority()) {
      if (!mayGo(run.fanOut.job.priority)) continue;
      if (run.hasLimit && run.ready > 0) run.catchUp();
      const wanted = Math.min(mostQueued, staff.idle.length);
      while (this.#queuedOf(run.name) < wanted && run.ready > 0) {
        const name = run.carve(staff);
        if (name === undefined) break;
        this.#noteCarved(name, carved);
      }
    }
  }

  /** A crew has written of tasks of the job that this entry is a slice of. */
  hear(crew: string, entry: string): void {
    const of = fanOutOf(parseEntryName(entry).job);
    if (of !== undefined) this.#runs.get(of)?.hear(crew);
  }

  /** Reads what has happened to all of them, such as slices that were taken back. */
  refresh(): void {
    this.#forgetRemoved();
    for (const run of this.#runs.values()) run.refresh();
  }

  /** Ends those whose tasks all have outcomes. */
  concludeComplete(): string[] {
    return this.#conclude((run) => run.tally.isComplete);
  }

  /** Jobs of which it should be known where their slices are, and where they stand: to be asked before one looks. */
  unsettled(): ReadonlyMap<string, Cursor> {
    const unsettled = new Map<string, Cursor>();
    for (const [name, run] of this.#runs)
      if (run.untouched === 0 || run.isUnsure) unsettled.set(name, run.cursor);
    return unsettled;
  }

  /**
   * `slices`: where they were found after the others were asked for. Jobs that have none are over, or something was lost
   * and is given out again; so is what is in none of those that there are.
   */
  settle(
    asked: ReadonlyMap<string, Cursor>,
    slices: ReadonlyMap<string, readonly LiveSlice[]>,
    haveLived: (crew: CrewId, since: number) => boolean,
  ): string[] {
    for (const [name, cursor] of asked) {
      const run = this.#runs.get(name);
      const its = slices.get(name) ?? [];
      if (run === undefined || (its.length > 0 && !run.isUnsure)) continue;
      // Before the lines are read: a slice that ends meanwhile has them.
      const tasks = tasksOfSlices(this.#system.files, its);
      run.forgetGaps();
      run.refresh(true);
      run.confirmFailure((since) => its.every(({ crew }) => crew === undefined || haveLived(crew, since)));
      const isOver = its.length === 0 && (run.tally.isComplete || run.isStopped);
      if (!isOver && tasks !== undefined) run.settleGaps(cursor, tasks);
    }
    const isQuiet = (run: FanOutRun): boolean => asked.has(run.name) && !slices.has(run.name);
    return this.#conclude((run) => isQuiet(run) && (run.tally.isComplete || run.isStopped));
  }

  /** A crew tells how a task ended before it sends the task's items home. */
  dropLeftPools(): void {
    for (const pool of this.#leftPools)
      if (perform(this.#system.files, dropPool(this.#layout, pool)) === 'dropped')
        this.#leftPools.delete(pool);
  }

  /** Somebody removed its directory: what is left of it is nobody's. */
  #forgetRemoved(): void {
    for (const [name, run] of this.#runs) if (run.isGone || !this.#queue.has(name)) this.#runs.delete(name);
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
      if (this.#queue.has(name)) continue;
      this.#carved.delete(name);
      this.#unread.delete(name);
    }
  }

  #conclude(isOver: (run: FanOutRun) => boolean): string[] {
    const over = [...this.#runs.values()].filter(isOver);
    for (const run of over) {
      const { tally, fanOut, name } = run;
      run.noteProgress();
      const left = fanOut.tasks - tally.done - tally.failed;
      const outcome = { kind: 'tasks', tasks: fanOut.tasks, failed: tally.failed, left } as const;
      const note = { writer: this.#writer, time: this.#system.clock.timestamp(), outcome };
      const to = tally.failed + left === 0 ? 'done' : 'failed';
      // One that failed may be tried again: it keeps its image and its pools.
      if (to === 'done' && fanOut.container?.pull === 'load')
        perform(this.#system.files, unlink(new FanOutPaths(this.#layout.queued(name)).image));
      perform(this.#system.files, concludeFanOut(this.#layout, name, to, newToken(), note));
      if (to === 'done') for (const { pool, own } of fanOut.pools) if (own) this.#leftPools.add(pool);
      this.#runs.delete(name);
      this.#done += tally.done;
      this.#failed += tally.failed + left;
    }
    this.dropLeftPools();
    return over.map(({ name }) => name);
  }
}
