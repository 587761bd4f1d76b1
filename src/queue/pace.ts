/**
 * How often the directories are looked at. On a local disk a look costs microseconds and doorbells ring at once, so
 * looks are frequent and only a safety net. On a shared filesystem each look is a round trip or more, and no doorbell
 * tells what other hosts did: there the looks themselves, or hints, bring the news.
 *
 * All times in milliseconds.
 */
export interface Pace {
  /** Between two sweeps of a crew's own pod … */
  readonly sweepPod: number;
  /** … when a dispatcher's hints arrive. */
  readonly sweepPodHinted: number;
  /** Between a crew's looks for what it started and does not know of. */
  readonly lookForStrays: number;
  /** Between a crew's looks for pool items that came without their entry, when no job of its own holds any. */
  readonly tendIdleItems: number;
  /** Between two looks for idle workers while jobs wait. */
  readonly lookForIdle: number;
  /** Between two readings of the journals. */
  readonly readJournals: number;
  /** Between two passes over the pods, and two looks at what is held. */
  readonly lookAround: number;
  /** Between two looks for new journals. */
  readonly lookForJournals: number;
  /** Between two looks at what is decided of gangs, by who gathers one and by who has ranks of it. */
  readonly lookAtGangs: number;
  /** Between two looks into a fan-out job's directory while slices of it are handed out. */
  readonly lookAtRuns: number;
  /** Work in a slice: see `SliceAim`. */
  readonly slices: { readonly aim: number; readonly least: number };
  /** After which an entry that has not started may be given to somebody idle. */
  readonly recallAfter: number;
  /**
   * What busy crews are given ahead of time, so that the next job is at hand when one ends: so much work for each worker,
   * if its jobs are no longer than `longest`, which they hold up those that are more urgent. Else, or while nobody knows
   * how long they are, as many jobs as `unknown` says.
   */
  readonly ahead: { readonly work: number; readonly longest: number; readonly unknown: number };
}

export const localPace: Pace = {
  sweepPod: 1000,
  sweepPodHinted: 1000,
  lookForStrays: 1000,
  tendIdleItems: 2000,
  lookForIdle: 250,
  readJournals: 100,
  lookAround: 1000,
  lookForJournals: 1000,
  lookAtGangs: 100,
  lookAtRuns: 0,
  slices: { aim: 1000, least: 20 },
  recallAfter: 5000,
  ahead: { work: 200, longest: 500, unknown: 0 },
};

export const sharedPace: Pace = {
  sweepPod: 2500,
  sweepPodHinted: 20_000,
  lookForStrays: 30_000,
  tendIdleItems: 60_000,
  lookForIdle: 1000,
  readJournals: 2000,
  lookAround: 2000,
  lookForJournals: 10_000,
  lookAtGangs: 1000,
  lookAtRuns: 1000,
  slices: { aim: 4000, least: 250 },
  recallAfter: 6000,
  ahead: { work: 2000, longest: Infinity, unknown: 1 },
};
