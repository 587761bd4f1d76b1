import { type Frame, drawing, frameBeside, xAxis, yAxis } from './axis.js';
import { type Markup, element, short } from './markup.js';
import { counted, rateUnit, readableCount, readableDuration, threeDigits } from './readable.js';
import type { RunSummary } from './run-digest.js';
import { type Scale, linearScale, linearTicks, timeTicks } from './scale.js';

/** The time that a run has taken so far, for all plots over time. */
export interface RunTime {
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
}

export function timeOf({ began, ended }: RunSummary): RunTime | undefined {
  return began === undefined || ended === undefined
    ? undefined
    : { began, ended: Math.max(ended, began + 1) };
}

export function timeScale({ began, ended }: RunTime, { left, right }: Frame): Scale {
  return linearScale([began, ended], [left, right]);
}

export function timeAxis(frame: Frame, { began, ended }: RunTime): Markup {
  const { unit, ticks } = timeTicks(ended - began, 12);
  const scale = timeScale({ began, ended }, frame);
  const marks = ticks.map(({ ms, text }) => ({ value: began + ms, text }));
  return xAxis(frame, scale, marks, `${unit} since the first task began`);
}

/** How many tasks had ended by when: those that are done, and on top of them those that have failed. */
export function plotEnded(summary: RunSummary, time: RunTime): Markup {
  const [done, failed] = [runningSum(summary.doneIn), runningSum(summary.failedIn)];
  const both = done.map((count, cell) => count + (failed[cell] ?? 0));
  const most = Math.max(1, both.at(-1) ?? 0);
  const ticks = linearTicks(most, 5, 1).map((value) => ({ value, text: readableCount(value) }));
  const frame = frameBeside(240, [...ticks, { text: readableCount(most) }]);
  const x = timeScale(time, frame);
  const y = linearScale([0, most], [frame.bottom, frame.top]);
  const places = done.map((_, cell) => x(summary.start + (cell + 1) * summary.width));
  return drawing(
    frame.bottom + 44,
    `Tasks ended over time: ${readableCount(done.at(-1) ?? 0)} done and ${readableCount(failed.at(-1) ?? 0)} failed in ${readableDuration(time.ended - time.began)}`,
    timeAxis(frame, time),
    yAxis(frame, y, ticks, 'tasks ended'),
    element('path', { class: 'failed', d: areaBelow(both, places, frame, y) }),
    element('path', { class: 'done', d: areaBelow(done, places, frame, y) }),
  );
}

/** Straight from cell to cell: within one nobody knows. */
function areaBelow(counts: readonly number[], places: readonly number[], frame: Frame, y: Scale): string {
  const points = counts.map((count, cell) => `L${short(places[cell] ?? 0)} ${short(y(count))}`);
  return `M${short(frame.left)} ${frame.bottom}${points.join('')}L${short(places.at(-1) ?? frame.left)} ${frame.bottom}Z`;
}

function runningSum(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => (sum += count));
}

/** Fewer tasks than this have no rate that says anything. */
const leastForRate = 20;
/** Tasks that a bar should stand for, on the average. */
const tasksInBar = 5;

/** Tasks that ended in a span of time. */
interface RateBar {
  readonly done: number;
  readonly failed: number;
  /** From which moment to which, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** How many tasks ended in a unit of time: shows where a run stood still. Undefined: there were too few. */
export function plotRate(summary: RunSummary, time: RunTime): Markup | undefined {
  const bars = rateBars(summary, time);
  if (bars === undefined) return undefined;
  const highest = Math.max(...bars.map(({ done, failed, from, to }) => (done + failed) / length(from, to)));
  const { unit, ms } = rateUnit(highest);
  const ticks = linearTicks(highest * ms, 4).map((value) => ({ value, text: threeDigits(value) }));
  // As much room on the left as the plot above has: the same moments stand below one another.
  const frame = frameBeside(150, [...ticks, { text: readableCount(summary.done + summary.failed) }]);
  const [x, y] = [timeScale(time, frame), linearScale([0, highest * ms], [frame.bottom, frame.top])];
  return drawing(
    frame.bottom + 44,
    `Tasks that ended per ${unit} over time, at most ${threeDigits(highest * ms)}`,
    timeAxis(frame, time),
    yAxis(frame, y, ticks, `tasks per ${unit}`),
    bars.map(({ done, failed, from, to }) => {
      const heightOf = (count: number): number => frame.bottom - y((count * ms) / length(from, to));
      return element(
        'g',
        {},
        element(
          'title',
          {},
          `${counted(done, 'task')} done, ${readableCount(failed)} failed from ${readableDuration(from - time.began)} to ${readableDuration(to - time.began)}`,
        ),
        stack([x(from), x(to)], frame.bottom, heightOf(done), heightOf(done + failed)),
      );
    }),
  );
}

/** Cells of the run's time, together so many that each bar stands for some tasks. Empty ones are left out. */
export function rateBars(
  { done, failed, untimed, doneIn, failedIn, start, width }: RunSummary,
  { began, ended }: RunTime,
): RateBar[] | undefined {
  const known = done + failed - untimed;
  if (known < leastForRate) return undefined;
  const together = Math.ceil(doneIn.length / Math.min(120, Math.max(4, known / tasksInBar)));
  const failedBars = merge(failedIn, together);
  return merge(doneIn, together)
    .map((count, index) => ({
      done: count,
      failed: failedBars[index] ?? 0,
      from: Math.max(began, start + index * together * width),
      to: Math.min(ended, start + (index + 1) * together * width),
    }))
    .filter((bar) => bar.done + bar.failed > 0);
}

/** A bar of what is done, and on top of it what has failed, between two places. `both`: the height of all of it. */
export function stack(
  [left, right]: readonly [number, number],
  bottom: number,
  done: number,
  both: number,
): (Markup | undefined)[] {
  const width = Math.max(0.75, right - left - 0.75);
  const part = (name: string, from: number, to: number): Markup | undefined =>
    to > from
      ? element('rect', { class: name, x: left, y: bottom - to, width, height: to - from })
      : undefined;
  return [part('done', 0, done), part('failed', done, both)];
}

/** What is left of a bar that time cuts short still has a length. */
function length(from: number, to: number): number {
  return Math.max(1, to - from);
}

/** Each so many cells become one. */
export function merge(cells: readonly number[], together: number): number[] {
  const merged: number[] = [];
  cells.forEach((amount, index) => {
    const into = Math.floor(index / together);
    merged[into] = (merged[into] ?? 0) + amount;
  });
  return merged;
}
