import type { JobRecord } from './job-record.js';

/** Where a record stands among others: by the time of its change, then by its id. */
export type Key = Pick<JobRecord, 'changed' | 'id'>;

export function compareKeys(a: Key, b: Key): number {
  if (a.changed !== b.changed) return a.changed - b.changed;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Records that are taken in before they are sorted. */
const inboxSize = 512;

/**
 * Records in the order of their keys, for lists of a million that change all the time. Sorted runs of growing length, the
 * newest last, of which two are merged when they are about as long: to add costs the logarithm, and nothing ever takes
 * long. A record that is gone stays in its run until that is merged, or until half of all are gone.
 */
export class JobOrder {
  #runs: (readonly JobRecord[])[] = [];
  #inbox: JobRecord[] = [];
  #held = 0;
  #gone = 0;

  /** How many there are. */
  get size(): number {
    return this.#held - this.#gone;
  }

  add(record: JobRecord): void {
    this.#held += 1;
    this.#inbox.push(record);
    if (this.#inbox.length >= inboxSize) this.#settle();
  }

  /** One of its records was marked as gone. */
  noteGone(): void {
    this.#gone += 1;
    if (this.#gone > inboxSize && this.#gone * 2 > this.#held) this.#sweep();
  }

  /** Sorted runs that together hold all; some of what they hold is gone. They do not change. */
  runs(): readonly (readonly JobRecord[])[] {
    if (this.#inbox.length > 0) this.#settle();
    return this.#runs;
  }

  #settle(): void {
    this.#runs.push(this.#inbox.sort(compareKeys));
    this.#inbox = [];
    for (;;) {
      const [last, before] = [this.#runs.at(-1), this.#runs.at(-2)];
      if (last === undefined || before === undefined || before.length > 2 * last.length) return;
      const merged = merge(before, last);
      this.#forget(before.length + last.length - merged.length);
      this.#runs.splice(-2, 2, merged);
    }
  }

  #sweep(): void {
    this.#runs = this.#runs.map((run) => run.filter(isHere)).filter((run) => run.length > 0);
    this.#inbox = this.#inbox.filter(isHere);
    this.#held = this.#inbox.length + this.#runs.reduce((sum, run) => sum + run.length, 0);
    this.#gone = 0;
  }

  #forget(count: number): void {
    this.#held -= count;
    this.#gone -= count;
  }
}

function isHere(record: JobRecord): boolean {
  return !record.gone;
}

function merge(a: readonly JobRecord[], b: readonly JobRecord[]): JobRecord[] {
  const merged: JobRecord[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [x, y] = [a[i], b[j]];
    if (x === undefined && y === undefined) return merged;
    const takesX = x !== undefined && (y === undefined || compareKeys(x, y) <= 0);
    const next = takesX ? x : y;
    if (takesX) i += 1;
    else j += 1;
    if (next?.gone === false) merged.push(next);
  }
}
