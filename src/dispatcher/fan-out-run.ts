import { type FanOut, type TaskRange, keptPools, mostFailures } from '../job/fan-out.js';
import type { Place } from '../job/gang.js';
import { cancelFanOut, cancelSlices } from '../queue/cancel-fan-out.js';
import { FanOutBook } from '../queue/fan-out-book.js';
import { type Cursor, FanOutPaths, cancelMarkName, formatProgress } from '../queue/fan-out-paths.js';
import type { FanOutTally } from '../queue/fan-out-tally.js';
import type { CrewId, Layout } from '../queue/layout.js';
import type { Pace } from '../queue/pace.js';
import { perform } from '../queue/perform.js';
import { type Steps, list, overwrite } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import { GangRun } from './gang-run.js';
import { RunKeepers } from './kept-items.js';
import { Retries, type Staff } from './retries.js';
import { type Chosen, SliceMaker } from './slice-maker.js';
import { sliceSize } from './slice-size.js';

export interface FanOutSystem {
  readonly files: Files;
  readonly clock: Clock;
  readonly pace: Pace;
  /** Whether this dispatcher has the lock, and is not beside another. */
  readonly ownsLock: () => boolean;
}

/** One fan-out job, as its dispatcher knows it: what has become of its tasks, and which are still to be given out. */
export class FanOutRun {
  readonly name: string;
  readonly #system: FanOutSystem;
  readonly #layout: Layout;
  readonly #paths: FanOutPaths;
  readonly #book: FanOutBook;
  /** Undefined: its workers keep nothing. */
  readonly kept: RunKeepers | undefined;
  readonly #slices: SliceMaker;
  readonly #retries: Retries;
  /** Undefined: its tasks are no ranks. */
  readonly gang: GangRun | undefined;
  #cancelled = false;
  /** Monotonic milliseconds since when it seems to have failed. */
  #failedSince: number | undefined;
  /** Monotonic milliseconds. */
  #lookedAt = -Infinity;
  #progress = '';

  /**
   * Reads all there is. Throws FjrError if it is no fan-out job, or a damaged one. `isAlive`: whether a crew is known, and
   * there.
   */
  constructor(system: FanOutSystem, layout: Layout, name: string, isAlive: (crew: CrewId) => boolean) {
    const { files, clock } = system;
    this.#system = system;
    this.#layout = layout;
    this.name = name;
    const paths = (this.#paths = new FanOutPaths(layout.queued(name)));
    const book = (this.#book = new FanOutBook(files, paths));
    const pools = keptPools(book.fanOut);
    this.kept = pools.length === 0 ? undefined : new RunKeepers(files, layout, name, pools, isAlive);
    const slices = (this.#slices = new SliceMaker(files, layout, name, book));
    const retries = (this.#retries = new Retries(book.fanOut, book.tally, clock));
    const { gang } = book.fanOut;
    this.gang = gang === undefined ? undefined : new GangRun(system, { gang, paths, book, slices, retries });
    this.refresh();
  }

  get fanOut(): FanOut {
    return this.#book.fanOut;
  }

  get tally(): FanOutTally {
    return this.#book.tally;
  }

  get cursor(): Cursor {
    return this.#slices.cursor;
  }

  /** Somebody has removed it. */
  get isGone(): boolean {
    return this.#slices.isGone;
  }

  get isCancelled(): boolean {
    return this.#cancelled;
  }

  /** Whether no more tasks are to be begun. */
  get isStopped(): boolean {
    return this.#cancelled || (this.#hasFailed && !this.#mayBeForgiven);
  }

  get #hasFailed(): boolean {
    return this.tally.failed > mostFailures(this.fanOut);
  }

  /** Ranks fail when others are lost beside them: then all begin anew, and their failures do not count. */
  get #mayBeForgiven(): boolean {
    return this.fanOut.gang?.failure === 'fail-all';
  }

  /** Whether it ends when so many tasks have failed: then it should be known how many have before more are begun. */
  get hasLimit(): boolean {
    return mostFailures(this.fanOut) !== Infinity;
  }

  /** Tasks that no slice has yet. */
  get untouched(): number {
    return this.isStopped || this.isGone ? 0 : this.fanOut.tasks - this.cursor.next;
  }

  /** Tasks that could be given out now. */
  get ready(): number {
    // Ranks are given out together, but for those that are tried again by themselves.
    if (this.gang !== undefined && this.gang.going === undefined) return 0;
    this.#retries.schedule();
    const mayTryAgain = !this.isStopped && !this.#slices.isDoubtful && this.#retries.isDue;
    return this.untouched + (mayTryAgain ? 1 : 0);
  }

  /** Places of its gang that are to be filled together; none: it is not their time, or there is no gang. */
  placesToFill(): Place[] {
    const isFree = !this.isStopped && !this.isGone && !this.#slices.isDoubtful && this.#isUngiven();
    return this.gang?.waiting(isFree) ?? [];
  }

  /** Whether all tasks without an outcome are in no slice. */
  #isUngiven(): boolean {
    const { done, failed } = this.tally;
    return this.fanOut.tasks - done - failed === this.untouched + this.#retries.size;
  }

  /**
   * Carves a slice for one worker, and puts it into the queue. Returns its name there; undefined: nothing is left to
   * carve, or somebody else carves.
   */
  carve(staff: Staff): string | undefined {
    if (this.#isLookDue) this.#lookForCancel();
    const tasks = this.#chooseAgain(staff) ?? this.#chooseUntouched(staff.workers);
    return tasks === undefined ? undefined : this.#slices.make(tasks);
  }

  #chooseAgain(staff: Staff): Chosen | undefined {
    const retries = this.#retries;
    retries.schedule();
    if (this.isStopped || this.#slices.isDoubtful) return undefined;
    if (this.gang === undefined) return retries.takeAlike(this.#size(retries.size, staff.workers), staff);
    const { going } = this.gang;
    return going === undefined ? undefined : retries.takePlace(this.gang.openPlaces(), going, staff);
  }

  #chooseUntouched(workers: number): Chosen | undefined {
    const left = this.untouched;
    if (left <= 0) return undefined;
    const first = this.cursor.next;
    const next = first + this.#size(left, workers);
    return { next, ranges: [[first, next - 1]], avoid: [] };
  }

  #size(left: number, workers: number): number {
    const { executions, ms } = this.tally;
    const mean = executions === 0 ? undefined : ms / executions;
    return sliceSize(left, workers, mean, this.#system.pace.slices);
  }

  /** Reads what crews wrote since, but for what was read a moment ago. */
  catchUp(): void {
    if (this.#isLookDue) this.refresh();
  }

  /** Reads what crews wrote since, and what was taken back. */
  refresh(fresh = false): void {
    this.#book.refresh(fresh);
    this.#lookForCancel();
    this.#stopIfFailed();
    this.gang?.refresh();
    this.noteProgress();
  }

  /** Reads what one crew wrote since. */
  hear(writer: string): void {
    this.#book.hear(writer);
    this.#stopIfFailed();
  }

  /** For people and their programs: how far it is, without reading all its lines. */
  noteProgress(): void {
    const { done, failed } = this.tally;
    const line = formatProgress({ tasks: this.fanOut.tasks, done, failed });
    if (line !== this.#progress) this.#perform(overwrite(this.#paths.progress, line));
    this.#progress = line;
  }

  get #isLookDue(): boolean {
    return this.#system.clock.monotonic() - this.#lookedAt >= this.#system.pace.lookAtRuns;
  }

  /** In a listing: a name that is polled for may be remembered as missing. */
  #lookForCancel(): void {
    this.#lookedAt = this.#system.clock.monotonic();
    const names = this.#cancelled ? [] : (this.#perform(list(this.#paths.directory)) ?? []);
    if (names.includes(cancelMarkName)) this.#cancelled = true;
  }

  /** If too many tasks have failed, nobody begins more, wherever slices are. */
  #stopIfFailed(): void {
    if (!this.#cancelled && this.isStopped) this.#stop();
  }

  #stop(): void {
    this.#perform(cancelFanOut(this.#layout, this.name));
    if (this.fanOut.failFast === true) this.#perform(cancelSlices(this.#layout, this.name));
    this.#cancelled = true;
  }

  /** Whether it should be known where its slices are, and whose, before more is decided. */
  get isUnsure(): boolean {
    return this.#slices.isDoubtful || (!this.#cancelled && this.#hasFailed && this.#mayBeForgiven);
  }

  /**
   * Ranks that failed did so by themselves, and the run has failed, if the crews of all others have lived on.
   * `haveLived`: whether they have since a time in monotonic milliseconds. All lines and seals have been read after that
   * was known.
   */
  confirmFailure(haveLived: (since: number) => boolean): void {
    if (this.#cancelled || !this.#hasFailed || !this.#mayBeForgiven) {
      this.#failedSince = undefined;
      return;
    }
    this.#failedSince ??= this.#system.clock.monotonic();
    if (haveLived(this.#failedSince)) this.#stop();
  }

  /**
   * Where another has carved, what seemed to be in no slice before these were looked for may be in one of them. What comes
   * back from now on is in none.
   */
  forgetGaps(): void {
    if (this.#slices.isDoubtful) this.tally.takeAgain(Infinity);
  }

  /**
   * Whatever has no outcome and is in none of the slices that there are is to be given out again, whoever lost it.
   * `since`: the cursor as it was before anybody looked. `live`: tasks of all slices.
   */
  settleGaps(since: Cursor, live: readonly TaskRange[]): void {
    const isKnown = this.gang === undefined || this.#isUngiven();
    const isExplained = live.length > 0 || (isKnown && this.#retries.size > 0);
    if (isExplained && !this.#slices.isDoubtful) return;
    if (!this.#slices.settle(since)) return;
    this.#retries.clear();
    this.tally.giveBackOpen(this.cursor.next, live);
    // What is left of a gang begins together.
    if (live.length === 0 && this.tally.again > 0) this.gang?.void();
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#system.files, steps);
  }
}
