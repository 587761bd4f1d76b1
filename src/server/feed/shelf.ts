import type { Served } from '../served.js';
import { isJob } from './job-record.js';

/** The directories that may hold very many jobs. */
export const shelfStates = ['waiting', 'done', 'failed'] as const;
export type ShelfState = (typeof shelfStates)[number];

/** Milliseconds that a directory's time may lag behind a change of it. */
const coarseness = 2_000;

/** A directory of jobs: a bell says which names came or went, and a sweep now and then looks at all. */
export class Shelf {
  readonly state: ShelfState;
  readonly directory: string;
  readonly #served: Served;
  readonly #silence: () => void;
  #heard = new Set<string>();
  /** What the directory's time was when the last sweep began, and when that was. */
  #swept: { readonly changed: number | undefined; readonly at: number } | undefined;

  constructor(served: Served, state: ShelfState, ring: () => void) {
    this.#served = served;
    this.state = state;
    this.directory = state === 'waiting' ? served.layout.jobqueue : served.layout[state];
    this.#silence = served.doorbells.hang(this.directory, (name) => {
      // Without a name there was too much to tell: the next sweep finds it.
      if (name === undefined || !isJob(name)) return;
      this.#heard.add(name);
      ring();
    });
  }

  readonly path = (id: string): string => `${this.directory}/${id}`;

  /** Names that came or went. */
  takeHeard(): ReadonlySet<string> {
    const heard = this.#heard;
    if (heard.size > 0) this.#heard = new Set();
    return heard;
  }

  /**
   * All jobs in it, in pieces; undefined: nothing has come or gone since the last time. That is told by the directory's
   * own time, which only a local filesystem keeps for us.
   */
  sweep(): AsyncIterable<readonly string[]> | undefined {
    const { files, clock, isShared } = this.#served;
    const at = clock.wall();
    const changed = files.changedAt(this.directory);
    const last = this.#swept;
    const isSame = last !== undefined && changed === last.changed && changed !== undefined;
    if (!isShared && isSame && changed < last.at - coarseness) return undefined;
    this.#swept = { changed, at };
    return this.#names();
  }

  close(): void {
    this.#silence();
  }

  async *#names(): AsyncGenerator<readonly string[]> {
    this.#served.files.refresh(this.directory);
    for await (const names of this.#served.listing(this.directory)) yield names.filter(isJob);
  }
}
