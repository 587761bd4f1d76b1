import { drawing, frameBeside, xAxis, yAxis } from './axis.js';
import { Durations } from './durations.js';
import { type Content, type Markup, element } from './markup.js';
import { stack } from './plot-ended.js';
import { counted, readableCount, readableDuration } from './readable.js';
import type { RunSummary } from './run-digest.js';
import { type Scale, type Span, durationTicks, linearScale, linearTicks, logScale } from './scale.js';

/** Bars that a histogram has: the more, the more there is to show. */
function barsFor(count: number): number {
  return Math.min(60, Math.max(12, Math.ceil(2 * Math.sqrt(count))));
}

/** How long executions ran: a bar for each span of durations, on a scale on which equal factors are equally far apart. */
export function plotDurations({ durations }: Pick<RunSummary, 'durations'>): Markup | undefined {
  const all = Durations.of(durations.done, durations.failed);
  const octave = [64, 32, 16, 8, 4, 2, 1].find((parts) => all.bins(parts).length <= barsFor(all.count)) ?? 1;
  const [bins, failed] = [all.bins(octave), durations.failed.bins(octave)];
  const [first, last] = [bins[0], bins.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const failedFrom = new Map(failed.map(({ from, count }) => [from, count]));
  const most = Math.max(...bins.map(({ count }) => count));
  const ticks = linearTicks(most, 4, 1).map((value) => ({ value, text: readableCount(value) }));
  const frame = frameBeside(220, ticks);
  const span = widened([Math.max(0.5, first.from), last.to]);
  const x = logScale(span, [frame.left, frame.right]);
  const y = linearScale([0, most], [frame.bottom, frame.top + 40]);
  return drawing(
    frame.bottom + 44,
    `How long executions ran: ${describe(all)}`,
    xAxis(
      frame,
      x,
      durationTicks(span, 14).map((value) => ({ value, text: durationTick(value) })),
      'duration of an execution',
    ),
    yAxis(frame, y, ticks, 'executions'),
    bins.map(({ from, to, count }) => {
      const bad = failedFrom.get(from) ?? 0;
      const heightOf = (of: number): number => frame.bottom - y(of);
      return element(
        'g',
        {},
        element(
          'title',
          {},
          `${counted(count, 'execution')}, ${readableCount(bad)} of them failed: ${readableDuration(from)} to ${readableDuration(to)}`,
        ),
        stack([x(from), x(to)], frame.bottom, heightOf(count - bad), heightOf(count)),
      );
    }),
    marks(all, x, frame.top, frame.bottom, frame.right),
  );
}

/** If all are much the same, some room beside them. */
function widened([low, high]: Span): Span {
  return high / low < 1.5 ? [low / 1.25, high * 1.25] : [low, high];
}

/** `median 1.2 s, 95% below 3.4 s, longest 8 s` */
export function describe(all: Durations): string {
  const [median = 0, most = 0] = [all.quantile(0.5), all.quantile(0.95)];
  return `median ${readableDuration(median)}, 95% below ${readableDuration(most)}, longest ${readableDuration(all.max)}`;
}

/** Median, 95th percentile and maximum, each with its name; names that would lie on one another take a line each. */
function marks(all: Durations, x: Scale, top: number, bottom: number, right: number): Content {
  const values = [
    { name: 'median', value: all.quantile(0.5) ?? 0 },
    { name: 'p95', value: all.quantile(0.95) ?? 0 },
    { name: 'max', value: all.max },
  ];
  return values.map(({ name, value }, index) => {
    const place = x(Math.max(value, 0.5));
    const y = top + 2 + 13 * index;
    // Where there is no room on the right the name stands on the left.
    const isLate = place > right - 110;
    return element(
      'g',
      { class: 'mark' },
      element('line', { x1: place, x2: place, y1: y - 8, y2: bottom }),
      element(
        'text',
        { x: isLate ? place - 5 : place + 5, y, 'text-anchor': isLate ? 'end' : 'start' },
        `${name} ${readableDuration(value)}`,
      ),
    );
  });
}

function durationTick(ms: number): string {
  if (ms >= 60_000) return readableDuration(ms);
  return ms < 1000 ? `${Number(ms.toPrecision(4))} ms` : `${Number((ms / 1000).toPrecision(4))} s`;
}
