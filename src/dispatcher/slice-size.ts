/** Milliseconds of work that a slice should hold at least: long beside what it costs to hand it out. */
const leastAim = 1000;
/** … and for each worker there is: twice what it costs on a file server, so that all can be given one in that time. */
const aimForEach = 12;
/** Slices for each worker that the rest is divided into: the last ones end at about the same time. */
const share = 3;
/** Tasks of a slice before anything is known of how long they take. */
const firstSize = 2;

/**
 * How many of the tasks that are left one worker is given at a time. Pure. `mean`: milliseconds that a task took so
 * far; undefined: none has ended.
 */
export function sliceSize(left: number, workers: number, mean: number | undefined): number {
  const aim = Math.max(leastAim, aimForEach * workers);
  const wanted = mean === undefined ? firstSize : Math.floor(aim / Math.max(mean, 0.1));
  const fair = Math.ceil(left / (share * Math.max(1, workers)));
  return Math.max(1, Math.min(wanted, fair, left));
}
