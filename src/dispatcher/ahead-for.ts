import type { Pace } from '../queue/pace.js';

/** Most jobs that are given ahead for each worker. */
const most = 16;

/**
 * How many jobs a busy crew is given ahead of time for each of its workers: as many as it is likely to do until it is
 * looked at again. Pure. `mean`: milliseconds that its jobs took lately; undefined: none has ended.
 */
export function aheadFor(mean: number | undefined, { work, longest, unknown }: Pace['ahead']): number {
  if (mean === undefined || mean > longest) return unknown;
  return Math.min(most, Math.ceil(work / Math.max(mean, 1)));
}
