import type { Task } from './api.js';

/**
 * The tasks of a run by the workers that ran them. A hundred thousand of them are kept as numbers, and drawn as what they
 * come to in each column of pixels: so long was the worker busy, so often did it fail.
 */
export interface Lane {
  readonly crew: string;
  readonly worker: number;
  readonly tasks: LaneTasks;
}

class LaneTasks {
  #begins = new Float64Array(16);
  #ends = new Float64Array(16);
  #failed = new Uint8Array(16);
  #count = 0;
  done = 0;
  failures = 0;
  running = 0;
  /** Milliseconds. */
  busy = 0;
  longest = 0;

  get count(): number {
    return this.#count;
  }

  add(begin: number, end: number, hasFailed: boolean): void {
    if (this.#count === this.#begins.length) this.#grow();
    this.#begins[this.#count] = begin;
    this.#ends[this.#count] = end;
    this.#failed[this.#count] = hasFailed ? 1 : 0;
    this.#count += 1;
    const took = Number.isFinite(end) ? end - begin : 0;
    this.busy += took;
    this.longest = Math.max(this.longest, took);
    if (!Number.isFinite(end)) this.running += 1;
    else if (hasFailed) this.failures += 1;
    else this.done += 1;
  }

  begin(index: number): number {
    return this.#begins[index] ?? 0;
  }

  /** Infinity: it runs. */
  end(index: number): number {
    return this.#ends[index] ?? 0;
  }

  hasFailed(index: number): boolean {
    return this.#failed[index] === 1;
  }

  #grow(): void {
    const size = this.#begins.length * 2;
    const [begins, ends, failed] = [new Float64Array(size), new Float64Array(size), new Uint8Array(size)];
    begins.set(this.#begins);
    ends.set(this.#ends);
    failed.set(this.#failed);
    [this.#begins, this.#ends, this.#failed] = [begins, ends, failed];
  }
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  first = Infinity;
  last = -Infinity;
  count = 0;

  add({ begin, end, crew, worker, state }: Task): void {
    if (begin === null || crew === null || worker === null) return;
    const key = `${worker} ${crew}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = { crew, worker, tasks: new LaneTasks() }));
    const from = Date.parse(begin);
    const to = end === null ? Infinity : Date.parse(end);
    lane.tasks.add(from, to, state === 'failed');
    this.first = Math.min(this.first, from);
    this.last = Math.max(this.last, Number.isFinite(to) ? to : from);
    this.count += 1;
  }

  /** By crew, and by number in it. */
  all(): Lane[] {
    return [...this.#lanes.values()].sort((a, b) =>
      a.crew === b.crew ? a.worker - b.worker : a.crew.localeCompare(b.crew, 'en', { numeric: true }),
    );
  }
}

/** A bar to draw: from where to where in pixels, and for which share of that time the worker was busy, and in vain. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly busy: number;
  /** A part of `busy`. */
  readonly failed: number;
  /** Something has failed here, however small a part of it that was. */
  readonly hasFailed: boolean;
}

/** Narrower bars cannot be told from each other. */
const leastWidth = 3;

/** The bars of a lane in so many pixels: its tasks, or, where those would be too narrow, what they come to. */
export function barsOf({ tasks }: Lane, first: number, last: number, pixels: number): Bar[] {
  const scale = pixels / Math.max(1, last - first);
  const place = (time: number): number => (Math.min(time, last) - first) * scale;
  if (tasks.count * leastWidth < pixels)
    return Array.from({ length: tasks.count }, (_, index) => {
      const from = place(tasks.begin(index));
      const to = Math.max(from + 1, place(tasks.end(index)));
      const hasFailed = tasks.hasFailed(index);
      return { from, to, busy: 1, failed: hasFailed ? 1 : 0, hasFailed };
    });
  return columnsOf(tasks, place, pixels);
}

function columnsOf(tasks: Lane['tasks'], place: (time: number) => number, pixels: number): Bar[] {
  const columns = Math.ceil(pixels / leastWidth);
  const busy = new Float32Array(columns);
  const failed = new Float32Array(columns);
  const hasFailed = new Uint8Array(columns);
  for (let index = 0; index < tasks.count; index += 1) {
    const from = place(tasks.begin(index)) / leastWidth;
    const to = place(tasks.end(index)) / leastWidth;
    const isVain = tasks.hasFailed(index);
    if (isVain) hasFailed[Math.min(columns - 1, Math.floor(to))] = 1;
    for (let column = Math.floor(from); column < Math.min(columns, to); column += 1) {
      const part = Math.min(to, column + 1) - Math.max(from, column);
      busy[column] = (busy[column] ?? 0) + part;
      if (isVain) failed[column] = (failed[column] ?? 0) + part;
    }
  }
  return Array.from(busy, (share, column) => ({
    from: column * leastWidth,
    to: (column + 1) * leastWidth,
    busy: Math.min(1, share),
    failed: Math.min(1, failed[column] ?? 0),
    hasFailed: hasFailed[column] === 1,
  })).filter((bar) => bar.busy > 0 || bar.hasFailed);
}
