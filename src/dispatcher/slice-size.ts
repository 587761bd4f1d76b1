/** How much work slices should hold, in milliseconds. */
export interface SliceAim {
  /** Long beside what it costs to hand a slice out. */
  readonly aim: number;
  /** About what that costs: it is not worth it for less, even if workers then end at different times. */
  readonly least: number;
}

/** … and for each worker there is: twice what it costs on a file server, so that all can be given one in that time. */
const aimForEach = 12;
/** Slices for each worker that the rest is divided into: the last ones end at about the same time. */
const share = 3;
/** Most tasks of a slice: what its lines, and a late crew's, may cost. */
export const longestSlice = 5000;
/** Tasks of a slice before anything is known of how long they take. */
const firstSize = 2;

/**
 * How many of the tasks that are left one worker is given at a time. Pure. `mean`: milliseconds that a task took so
 * far; undefined: none has ended.
 */
export function sliceSize(
  left: number,
  workers: number,
  mean: number | undefined,
  { aim, least }: SliceAim,
): number {
  const tasksIn = (milliseconds: number): number =>
    mean === undefined ? firstSize : Math.floor(milliseconds / Math.max(mean, 0.1));
  const fair = Math.max(Math.ceil(left / (share * Math.max(1, workers))), tasksIn(least));
  return Math.max(1, Math.min(tasksIn(Math.max(aim, aimForEach * workers)), fair, left, longestSlice));
}
