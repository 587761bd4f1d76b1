import uPlot from 'uplot';
import type { Minute } from './api.js';
import { clockTime, count } from './words.js';

const height = 168;

/** Bars, a minute each: what is done above the line, what has failed below it. */
export class ThroughputPlot {
  readonly #place: HTMLElement;
  readonly #pointed: (minute: Minute | undefined) => void;
  readonly #resize = new ResizeObserver(() => this.#fit());
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #minutes: readonly Minute[] = [];
  #plot: uPlot | undefined;

  /** `pointed`: a minute is pointed at, or none. */
  constructor(place: HTMLElement, pointed: (minute: Minute | undefined) => void) {
    this.#place = place;
    this.#pointed = pointed;
    this.#resize.observe(place);
    this.#scheme.addEventListener('change', this.#remake);
  }

  show(minutes: readonly Minute[]): void {
    this.#minutes = minutes;
    if (this.#plot === undefined) this.#remake();
    else this.#plot.setData(this.#data());
  }

  close(): void {
    this.#resize.disconnect();
    this.#scheme.removeEventListener('change', this.#remake);
    this.#plot?.destroy();
  }

  #data(): uPlot.AlignedData {
    return [
      this.#minutes.map(({ minute }) => Date.parse(minute) / 1000),
      this.#minutes.map(({ done }) => done),
      this.#minutes.map(({ failed }) => -failed),
    ];
  }

  #fit(): void {
    const width = this.#place.clientWidth;
    if (this.#plot !== undefined && width > 0 && this.#plot.width !== width)
      this.#plot.setSize({ width, height });
  }

  readonly #remake = (): void => {
    this.#plot?.destroy();
    this.#plot = undefined;
    const width = this.#place.clientWidth;
    if (width > 0 && this.#minutes.length > 0)
      this.#plot = new uPlot(this.#options(width), this.#data(), this.#place);
  };

  #options(width: number): uPlot.Options {
    const style = getComputedStyle(this.#place);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--soft'),
      font: `11px ${style.fontFamily}`,
      ticks: { show: false },
      grid: { stroke: colour('--line'), width: 1 },
    };
    return {
      width,
      height,
      // The last time stands with half of it behind the last minute.
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: (_, first, last) => [first - 30, last + 30] },
        y: { range: (_, low, high) => rangeOf(low, high) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 22,
          gap: 4,
          space: 70,
          values: (_, times) => times.map(timeLabel),
        },
        {
          ...axis,
          size: 44,
          gap: 6,
          space: 28,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000],
          values: (_, values) => values.map((value) => count(Math.abs(value))),
        },
      ],
      series: [
        {},
        { label: 'done', fill: colour('--done'), paths: bars, points: { show: false } },
        { label: 'failed', fill: colour('--failed'), paths: bars, points: { show: false } },
      ],
      hooks: {
        setCursor: [
          ({ cursor }) => this.#pointed(cursor.idx == null ? undefined : this.#minutes[cursor.idx]),
        ],
      },
    };
  }
}

function timeLabel(seconds: number): string {
  return clockTime(new Date(seconds * 1000), false);
}

/** From the most that failed to the most that was done, with the line between them always in sight. */
function rangeOf(low: number | null, high: number | null): [number, number] {
  const [least, most] = [Math.min(0, low ?? 0), Math.max(4, high ?? 0)];
  return [least === 0 ? 0 : Math.min(least, -most / 12) * 1.1, most * 1.08];
}

/** A single failure among thousands is a bar that can be seen, too. */
const leastPixels = 2;

const bars: uPlot.Series.PathBuilder = (plot, series, from, to) => {
  const fill = new Path2D();
  const [times = []] = plot.data;
  const values = plot.data[series] ?? [];
  const line = plot.valToPos(0, 'y', true);
  const step = plot.valToPos(60, 'x', true) - plot.valToPos(0, 'x', true);
  const wide = Math.max(1, Math.floor(step * 0.72));
  for (let index = from; index <= to; index += 1) {
    const value = values[index] ?? 0;
    if (value === 0) continue;
    const middle = plot.valToPos(times[index] ?? 0, 'x', true);
    const tall = Math.max(leastPixels * devicePixelRatio, Math.abs(plot.valToPos(value, 'y', true) - line));
    fill.rect(Math.round(middle - wide / 2), value > 0 ? line - tall : line, wide, tall);
  }
  return { fill, flags: 1 };
};
