import { FjrError } from '../job/fjr-error.js';
import {
  type Slice,
  type TaskFailures,
  type TaskRange,
  countTasks,
  formatSlice,
  keptPools,
  tasksIn,
} from '../job/fan-out.js';
import type { Needs } from '../job/job.js';
import { carveSlice, placeSlice } from '../queue/carve-slice.js';
import type { FanOutBook } from '../queue/fan-out-book.js';
import { type Cursor, FanOutPaths, parseCursor, sliceName } from '../queue/fan-out-paths.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { type Steps, list } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Files } from '../system/files.js';
import { longestSlice } from './slice-size.js';

/** Tasks that go together. */
export interface Chosen {
  readonly ranges: readonly TaskRange[];
  /** Where the cursor then stands; left out: where it is. */
  readonly next?: number;
  /** Workers that are not to have them. */
  readonly avoid: readonly string[];
  /** Of ranks: what their type needs, and the try of their gang. */
  readonly needs?: Needs;
  readonly gang?: string;
}

/** Makes slices of one fan-out job's tasks, and knows by the job's cursor whether somebody else does. */
export class SliceMaker {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #name: string;
  readonly #paths: FanOutPaths;
  readonly #book: FanOutBook;
  #cursor: Cursor;
  #isDoubtful: boolean;
  #isGone = false;

  /** Throws FjrError if there is no cursor. */
  constructor(files: Files, layout: Layout, name: string, book: FanOutBook) {
    this.#files = files;
    this.#layout = layout;
    this.#name = name;
    this.#paths = new FanOutPaths(layout.queued(name));
    this.#book = book;
    const cursor = this.#look();
    // Perhaps it is being renamed just now: the next look finds it.
    if (cursor === undefined) throw new FjrError('no-cursor', `${this.#paths.directory} has no cursor`);
    this.#cursor = cursor;
    this.#isDoubtful = cursor.slices > 0;
    this.#placeNewest();
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  /** Somebody has removed the job. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Tasks that seem to be in no slice may be in one of somebody else's, until all slices have ended. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** A slice was to be made, and perhaps was not. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /**
   * All slices are known. `since`: the cursor as it was before anybody looked for them; if it has moved, there may be others
   * after all. Returns whether it is now certain which tasks are in slices.
   */
  settle(since: Cursor): boolean {
    const cursor = this.#look();
    this.#isDoubtful = cursor?.draft !== since.draft;
    if (this.#isDoubtful) this.#cursor = cursor ?? this.#cursor;
    return !this.#isDoubtful;
  }

  /** Puts a slice of these tasks into the queue. Returns its name there; undefined: somebody else carves. */
  make({ ranges, next = this.#cursor.next, avoid, needs, gang }: Chosen): string | undefined {
    const { fanOut, tally } = this.#book;
    const slices = this.#cursor.slices + 1;
    const to = { next, slices, draft: `${slices}-${newToken()}` };
    const kept = keptPools(fanOut);
    const slice: Slice = {
      of: this.#name,
      slice: slices,
      priority: fanOut.job.priority,
      needs: needs ?? fanOut.job.needs,
      nice: fanOut.job.nice,
      failed: tally.failed,
      tasks: ranges,
      ...(kept.length === 0 ? {} : { kept }),
      ...(avoid.length === 0 ? {} : { avoid }),
      ...(gang === undefined ? {} : { gang }),
      failures: this.#failuresIn(ranges),
    };
    const of = { name: this.#name, paths: this.#paths };
    if (this.#perform(carveSlice(this.#layout, of, this.#cursor, to, formatSlice(slice))) === 'overtaken') {
      this.#overtaken();
      return undefined;
    }
    this.#cursor = to;
    return sliceName(this.#name, slices);
  }

  /** Two dispatchers for a moment. What the other knows we learn when all slices have ended. */
  #overtaken(): void {
    const cursor = this.#look();
    this.#isGone = cursor === undefined;
    if (cursor === undefined) return;
    this.#cursor = cursor;
    this.#isDoubtful = true;
    this.#placeNewest();
  }

  #placeNewest(): void {
    this.#perform(placeSlice(this.#layout, this.#name, this.#paths, this.#cursor));
  }

  #look(): Cursor | undefined {
    return parseCursor(this.#perform(list(this.#paths.directory)) ?? []);
  }

  #failuresIn(ranges: readonly TaskRange[]): Record<string, TaskFailures> {
    const failures: Record<string, TaskFailures> = {};
    if (countTasks(ranges) > longestSlice) return failures;
    for (const task of tasksIn(ranges)) {
      const its = this.#book.tally.failuresOf(task);
      if (Object.keys(its).length > 0) failures[task] = its;
    }
    return failures;
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#files, steps);
  }
}
