/** Buckets within each doubling: a value is known to one part in so many, and below it exactly. */
const perOctave = 512;

/** In seconds: how many took at most so long is known exactly. */
export const durationLimits = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600, 1800, 3600, 14_400, 86_400,
] as const;

/** How many durations there are from `from` up to, and not including, `to` milliseconds. */
export interface DurationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * How long things took, however many they are, in bounded memory: counts in buckets whose width grows with the value.
 * Number, sum, least and greatest are exact.
 */
export class Durations {
  readonly #counts: number[] = [];
  /** For each limit: those that took at most so long, and longer than the limit before. */
  readonly #upTo = durationLimits.map(() => 0);
  count = 0;
  /** Milliseconds, as all that follow. */
  sum = 0;
  min = Infinity;
  max = 0;

  add(ms: number): void {
    // A clock that is set back while something runs makes no time run backwards.
    const value = Math.max(0, Math.round(ms));
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    const limit = durationLimits.findIndex((seconds) => value <= seconds * 1000);
    if (limit >= 0) this.#upTo[limit] = (this.#upTo[limit] ?? 0) + 1;
    this.count += 1;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }

  /** All of both. */
  static of(...parts: readonly Durations[]): Durations {
    const all = new Durations();
    for (const part of parts) {
      part.#counts.forEach((count, bucket) => {
        all.#counts[bucket] = (all.#counts[bucket] ?? 0) + count;
      });
      part.#upTo.forEach((count, limit) => {
        all.#upTo[limit] = (all.#upTo[limit] ?? 0) + count;
      });
      all.count += part.count;
      all.sum += part.sum;
      all.min = Math.min(all.min, part.min);
      all.max = Math.max(all.max, part.max);
    }
    return all;
  }

  /** The value below which this share of all lies, from 0 to 1; undefined: there are none. */
  quantile(share: number): number | undefined {
    if (this.count === 0) return undefined;
    const rank = Math.min(this.count - 1, Math.floor(share * this.count));
    let before = 0;
    for (const [bucket, count = 0] of this.#counts.entries()) {
      before += count;
      if (before > rank) return Math.min(this.max, Math.max(this.min, middleOf(bucket)));
    }
    return this.max;
  }

  /** How many took at most so long, for each of the limits. */
  within(): number[] {
    let sum = 0;
    return this.#upTo.map((count) => (sum += count));
  }

  /**
   * The same counts in bins of which so many make a doubling: equally wide on a logarithmic scale, but for the shortest,
   * whose edges are whole milliseconds. Empty bins are left out.
   */
  bins(octave: number): DurationBin[] {
    const bins = new Map<number, DurationBin>();
    this.#counts.forEach((count, bucket) => {
      const edges = binAround(middleOf(bucket), octave);
      bins.set(edges.from, { ...edges, count: (bins.get(edges.from)?.count ?? 0) + count });
    });
    return [...bins.values()].sort((a, b) => a.from - b.from);
  }
}

/**
 * Which bucket a whole number of milliseconds lies in. Small numbers have one each; from `perOctave` on each doubling is
 * parted into so many equal ones.
 */
function bucketOf(value: number): number {
  if (value < perOctave) return value;
  const doublings = Math.floor(Math.log2(value / perOctave));
  return perOctave * doublings + Math.floor(value / 2 ** doublings);
}

/** The middle of the whole numbers that lie in a bucket. */
function middleOf(bucket: number): number {
  if (bucket < perOctave) return bucket;
  const doublings = Math.floor(bucket / perOctave) - 1;
  const step = 2 ** doublings;
  return (bucket - perOctave * doublings) * step + (step - 1) / 2;
}

function binAround(value: number, octave: number): { from: number; to: number } {
  if (value < 1) return { from: 0, to: 1 };
  const edge = (index: number): number => Math.round(2 ** (index / octave));
  let index = Math.floor(Math.log2(value) * octave);
  while (value < edge(index)) index -= 1;
  while (value >= edge(index + 1)) index += 1;
  return { from: edge(index), to: edge(index + 1) };
}
