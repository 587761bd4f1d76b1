import {
  type FanOut,
  type Slice,
  type TaskFailures,
  type TaskRange,
  asRanges,
  countTasks,
  formatSlice,
  keptPools,
  mostFailures,
  tasksIn,
} from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import type { Gang } from '../job/gang.js';
import type { Needs } from '../job/job.js';
import { cancelFanOut, cancelSlices } from '../queue/cancel-fan-out.js';
import { carveSlice, placeSlice } from '../queue/carve-slice.js';
import { FanOutBook } from '../queue/fan-out-book.js';
import {
  type Cursor,
  FanOutPaths,
  cancelMarkName,
  formatProgress,
  parseCursor,
  sliceName,
} from '../queue/fan-out-paths.js';
import type { FanOutTally } from '../queue/fan-out-tally.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { type Steps, list, overwrite } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Pace } from '../queue/pace.js';
import { Heap } from './heap.js';
import { type GangOfRun, GangRun } from './gang-run.js';
import { RunKeepers } from './kept-items.js';
import { sliceSize } from './slice-size.js';

export interface FanOutSystem {
  readonly files: Files;
  readonly clock: Clock;
  readonly pace: Pace;
  /** Whether this dispatcher has the lock, and is not beside another. */
  readonly ownsLock: () => boolean;
}

/** Whether a crew is known, and there. */
export type IsAlive = (crew: CrewId) => boolean;

/** Who works: badges, and how many there are between whom what is left is to be shared. */
export interface Staff {
  readonly workers: number;
  readonly idle: readonly string[];
  /** Whether a badge belongs to a crew that is alive. */
  readonly isHere: (badge: string) => boolean;
}

/** Milliseconds that a task waits for another worker than those on which it failed. */
export const patience = 5000;
/** Most tasks of a slice: what its lines, and a late crew's, may cost. */
const longestSlice = 5000;
/** Tasks that are passed over, when others are looked for that go with the first. */
const mostPassedOver = 1000;
/** The longest back-off before a retry, in seconds. */
const longestDelay = 600;

interface Delayed {
  /** Monotonic milliseconds. */
  readonly due: number;
  readonly task: number;
}

/** Tasks for a slice, and where the cursor then stands. */
interface Chosen {
  readonly next: number;
  readonly ranges: TaskRange[];
  readonly avoid: readonly string[];
  /** Of ranks: what their type needs, and the try of their gang. */
  readonly needs?: Needs;
  readonly gang?: string;
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
  /** Undefined: its tasks are no ranks. */
  readonly gang: GangRun | undefined;
  /** Tasks that wait for their next try. */
  readonly #delayed = new Heap<Delayed>((a, b) => a.due < b.due);
  #cursor: Cursor;
  /** Somebody else has carved: tasks that seem to be in no slice may be in one of his, until all slices have ended. */
  #othersCarved: boolean;
  #cancelled = false;
  /** Monotonic milliseconds since when it seems to have failed. */
  #failedSince: number | undefined;
  #isGone = false;
  /** Monotonic milliseconds. */
  #lookedAt = -Infinity;
  #progress = '';

  /** Reads all there is. Throws FjrError if it is no fan-out job, or a damaged one. */
  constructor(system: FanOutSystem, layout: Layout, name: string, isAlive: IsAlive) {
    this.#system = system;
    this.#layout = layout;
    this.name = name;
    this.#paths = new FanOutPaths(layout.queued(name));
    this.#book = new FanOutBook(system.files, this.#paths);
    const pools = keptPools(this.#book.fanOut);
    this.kept = pools.length === 0 ? undefined : new RunKeepers(system.files, layout, name, pools, isAlive);
    this.#cursor = this.#readCursor();
    this.#othersCarved = this.#cursor.slices > 0;
    const { gang } = this.#book.fanOut;
    this.gang = gang === undefined ? undefined : new GangRun(system.files, system.clock, this.#ofGang(gang));
    perform(system.files, placeSlice(layout, name, this.#paths, this.#cursor));
    this.refresh();
  }

  get fanOut(): FanOut {
    return this.#book.fanOut;
  }

  get tally(): FanOutTally {
    return this.#book.tally;
  }

  /** Somebody has removed it. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Tasks that no slice has yet. */
  get untouched(): number {
    return this.isStopped || this.#isGone ? 0 : this.fanOut.tasks - this.#cursor.next;
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

  /** Whether it should be known where its slices are, and whose, before more is decided. */
  get isUnsure(): boolean {
    return this.#othersCarved || (!this.#cancelled && this.#hasFailed && this.#mayBeForgiven);
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

  get isCancelled(): boolean {
    return this.#cancelled;
  }

  /** Whether it ends when so many tasks have failed: then it should be known how many have before more are begun. */
  get hasLimit(): boolean {
    return mostFailures(this.fanOut) !== Infinity;
  }

  /** If too many tasks have failed, nobody begins more, wherever slices are. */
  stopIfFailed(): void {
    if (!this.#cancelled && this.isStopped) this.#stop();
  }

  #stop(): void {
    this.#perform(cancelFanOut(this.#layout, this.name));
    if (this.fanOut.failFast === true) this.#perform(cancelSlices(this.#layout, this.name));
    this.#cancelled = true;
  }

  /** Tasks that could be given out now. */
  get ready(): number {
    // Ranks are given out together, but for those that are tried again by themselves.
    if (this.gang !== undefined && this.gang.going === undefined) return 0;
    this.#schedule();
    return this.untouched + (this.isStopped ? 0 : this.#due());
  }

  /** Monotonic milliseconds at which a task may be tried again; undefined: none waits. */
  get nextDue(): number | undefined {
    return this.#othersCarved ? undefined : this.#delayed.first?.due;
  }

  get #isLookDue(): boolean {
    return this.#system.clock.monotonic() - this.#lookedAt >= this.#system.pace.lookAtRuns;
  }

  /** Reads what crews wrote since, but for what was read a moment ago. */
  catchUp(): void {
    if (this.#isLookDue) this.refresh();
  }

  /** Reads what crews wrote since, and what was taken back. */
  refresh(fresh = false): void {
    this.#book.refresh(fresh);
    this.#lookForCancel();
    this.stopIfFailed();
    this.gang?.refresh();
    this.noteProgress();
  }

  /** Reads what one crew wrote since. */
  hear(writer: string): void {
    this.#book.hear(writer);
    this.stopIfFailed();
  }

  /**
   * Carves a slice for one worker, and puts it into the queue. Returns its name there; undefined: nothing is left to
   * carve, or somebody else carves.
   */
  carve(staff: Staff): string | undefined {
    if (this.#isLookDue) this.#lookForCancel();
    const tasks = this.#chooseAgain(staff) ?? this.#chooseUntouched(staff.workers);
    return tasks === undefined ? undefined : this.#carve(tasks);
  }

  #carve(tasks: Chosen): string | undefined {
    const slices = this.#cursor.slices + 1;
    const { next, ranges, avoid, needs = this.fanOut.job.needs, gang } = tasks;
    const to = { next, slices, draft: `${slices}-${newToken()}` };
    const { priority, nice } = this.fanOut.job;
    const slice: Slice = {
      of: this.name,
      slice: slices,
      priority,
      needs,
      nice,
      failed: this.tally.failed,
      tasks: ranges,
      ...(this.kept === undefined ? {} : { kept: keptPools(this.fanOut) }),
      ...(avoid.length === 0 ? {} : { avoid }),
      ...(gang === undefined ? {} : { gang }),
      failures: this.#failuresIn(ranges),
    };
    const fanOut = { name: this.name, paths: this.#paths };
    const steps = carveSlice(this.#layout, fanOut, this.#cursor, to, formatSlice(slice));
    if (this.#perform(steps) === 'overtaken') {
      this.#overtaken();
      return undefined;
    }
    this.#cursor = to;
    return sliceName(this.name, slices);
  }

  /**
   * Where another has carved, what seemed to be in no slice before these were looked for may be in one of them. What comes
   * back from now on is in none.
   */
  forgetGaps(): void {
    if (!this.#othersCarved) return;
    this.tally.takeAgain(Infinity);
  }

  /**
   * Whatever has no outcome and is in none of the slices that there are is to be given out again, whoever lost it.
   * `since`: the cursor as it was before anybody looked; if it has moved, there may be others after all. `live`: tasks of
   * all slices.
   */
  settleGaps(since: Cursor, live: readonly TaskRange[]): void {
    const isKnown = this.gang === undefined || this.#isUngiven();
    const isExplained = live.length > 0 || (isKnown && this.#delayed.size + this.tally.again > 0);
    if (isExplained && !this.#othersCarved) return;
    const cursor = this.#lookForCursor();
    if (cursor?.draft !== since.draft) {
      this.#cursor = cursor ?? this.#cursor;
      this.#othersCarved = true;
      return;
    }
    this.#othersCarved = false;
    while (this.#delayed.pop() !== undefined);
    this.tally.giveBackOpen(this.#cursor.next, live);
    // What is left of a gang begins together.
    if (live.length === 0 && this.tally.again > 0) this.gang?.void();
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  /** For people and their programs: how far it is, without reading all its lines. */
  noteProgress(): void {
    const { done, failed } = this.tally;
    const line = formatProgress({ tasks: this.fanOut.tasks, done, failed });
    if (line !== this.#progress) this.#perform(overwrite(this.#paths.progress, line));
    this.#progress = line;
  }

  /** What its gang needs of it. */
  #ofGang(gang: Gang): GangOfRun {
    return {
      gang,
      paths: this.#paths,
      isOpen: (rank) => this.tally.stateOf(rank) === 'open',
      isFree: () => !this.isStopped && !this.#isGone && !this.#othersCarved && this.#isUngiven(),
      isChief: this.#system.ownsLock,
      hasReturned: (token) => this.#book.hasReturned(token),
      carve: (ranges, needs, token) => {
        this.tally.takeAgain(Infinity);
        while (this.#delayed.pop() !== undefined);
        return this.#carve({ next: this.fanOut.tasks, ranges: [...ranges], avoid: [], needs, gang: token });
      },
      lose: () => {
        this.#othersCarved = true;
      },
    };
  }

  /** Whether all tasks without an outcome are in no slice. */
  #isUngiven(): boolean {
    const { done, failed, again } = this.tally;
    return this.fanOut.tasks - done - failed === this.untouched + this.#delayed.size + again;
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#system.files, steps);
  }

  /** In a listing: a name that is polled for may be remembered as missing. */
  #lookForCancel(): void {
    this.#lookedAt = this.#system.clock.monotonic();
    const names = this.#cancelled ? [] : (this.#perform(list(this.#paths.directory)) ?? []);
    if (names.includes(cancelMarkName)) this.#cancelled = true;
  }

  #readCursor(): Cursor {
    const cursor = this.#lookForCursor();
    // Perhaps it is being renamed just now: the next look finds it.
    if (cursor === undefined) throw new FjrError('no-cursor', `${this.#paths.directory} has no cursor`);
    return cursor;
  }

  #lookForCursor(): Cursor | undefined {
    return parseCursor(this.#perform(list(this.#paths.directory)) ?? []);
  }

  /** Somebody else has carved: two dispatchers for a moment. What he knows we learn when all slices have ended. */
  #overtaken(): void {
    const cursor = this.#lookForCursor();
    this.#isGone = cursor === undefined;
    if (cursor === undefined) return;
    this.#cursor = cursor;
    this.#othersCarved = true;
    this.#perform(placeSlice(this.#layout, this.name, this.#paths, this.#cursor));
  }

  /** Tasks that failed wait some time, those that were only given back none. */
  #schedule(): void {
    if (this.tally.again === 0) return;
    const now = this.#system.clock.monotonic();
    for (const task of this.tally.takeAgain(Infinity)) {
      const failures = this.tally.failuresOf(task);
      const count = Object.values(failures).reduce((sum, one) => sum + one, 0) - (failures.lost ?? 0);
      const seconds = count === 0 ? 0 : Math.min(longestDelay, this.fanOut.job.retryDelay * 2 ** (count - 1));
      this.#delayed.push({ due: now + seconds * 1000, task });
    }
  }

  #due(): number {
    const { first } = this.#delayed;
    return !this.#othersCarved && first !== undefined && first.due <= this.#system.clock.monotonic() ? 1 : 0;
  }

  #chooseAgain(staff: Staff): Chosen | undefined {
    this.#schedule();
    if (this.isStopped || this.#othersCarved) return undefined;
    return this.gang === undefined ? this.#chooseAlike(staff) : this.#choosePlace(staff, this.gang);
  }

  /**
   * Ranks that are tried again by themselves: those of one place, which run one after another as before, once nothing of
   * that place runs.
   */
  #choosePlace(staff: Staff, gang: GangRun): Chosen | undefined {
    const now = this.#system.clock.monotonic();
    const waiting = new Map<number, Delayed>();
    for (let one = this.#delayed.pop(); one !== undefined; one = this.#delayed.pop())
      if (this.tally.stateOf(one.task) === 'open') waiting.set(one.task, one);
    let chosen: Chosen | undefined;
    for (const { ranks, type } of gang.openPlaces()) {
      const its = [...tasksIn(ranks)].map((rank) => waiting.get(rank));
      const [first] = its;
      const isDue = first !== undefined && its.every((one) => one !== undefined && one.due <= now);
      if (chosen !== undefined || gang.going === undefined || !isDue) continue;
      // The others wait for it: it does not wait for another worker.
      const avoided = this.#avoidedBy(first.task, staff);
      const avoid = staff.idle.every((badge) => avoided.includes(badge)) ? [] : avoided;
      for (const rank of tasksIn(ranks)) waiting.delete(rank);
      chosen = { next: this.#cursor.next, ranges: [...ranks], avoid, needs: type.needs, gang: gang.going };
    }
    for (const one of waiting.values()) this.#delayed.push(one);
    return chosen;
  }

  /** Tasks that have failed on the same workers, of whom others are to have them, go together. */
  #chooseAlike(staff: Staff): Chosen | undefined {
    const now = this.#system.clock.monotonic();
    const most = this.#size(this.#delayed.size, staff.workers);
    const tasks: number[] = [];
    const later: Delayed[] = [];
    let avoid: readonly string[] = [];
    while (tasks.length < most && later.length < mostPassedOver) {
      const { first } = this.#delayed;
      if (first === undefined || first.due > now) break;
      this.#delayed.pop();
      if (this.tally.stateOf(first.task) !== 'open') continue;
      const its = now - first.due < patience ? this.#avoidedBy(first.task, staff) : [];
      const isFirst = tasks.length === 0 && staff.idle.some((badge) => !its.includes(badge));
      if (isFirst) avoid = its;
      if (isFirst || (tasks.length > 0 && its.join() === avoid.join())) tasks.push(first.task);
      else later.push(first);
    }
    for (const each of later) this.#delayed.push(each);
    if (tasks.length === 0) return undefined;
    return { next: this.#cursor.next, ranges: asRanges(tasks.sort((a, b) => a - b)), avoid };
  }

  /** Workers on which a task has failed; none if there are no others. */
  #avoidedBy(task: number, { isHere, workers }: Staff): readonly string[] {
    const badges = [...this.tally.failedOn(task)].filter(isHere).sort();
    return badges.length < workers ? badges : [];
  }

  #chooseUntouched(workers: number): Chosen | undefined {
    const left = this.untouched;
    if (left <= 0) return undefined;
    const first = this.#cursor.next;
    const next = first + this.#size(left, workers);
    return { next, ranges: [[first, next - 1]], avoid: [] };
  }

  #size(left: number, workers: number): number {
    const { executions, ms } = this.tally;
    const mean = executions === 0 ? undefined : ms / executions;
    return Math.min(longestSlice, sliceSize(left, workers, mean, this.#system.pace.slices));
  }

  #failuresIn(ranges: readonly TaskRange[]): Record<string, TaskFailures> {
    const failures: Record<string, TaskFailures> = {};
    if (countTasks(ranges) > longestSlice) return failures;
    for (const task of tasksIn(ranges)) {
      const its = this.tally.failuresOf(task);
      if (Object.keys(its).length > 0) failures[task] = its;
    }
    return failures;
  }
}
