import { element } from './elements.js';
import { type Lane, type Lanes, barsOf } from './lanes.js';
import { clockTime, duration } from './words.js';

const laneHeight = 14;
const gap = 3;
/** What was done leaves room above it, which only failures reach. */
const busyHeight = laneHeight - 5;
const leastFailure = 2;
const axisHeight = 20;
/** Of the width, and in pixels at most: for the names of workers. */
const labelShare = 0.25;
const widestLabel = 170;
/** Higher than this nobody looks at it whole; the table beside it has all workers. */
const mostLanes = 128;

/** One lane for each worker, its tasks as bars. Those that failed are taller, and of another colour. */
export class Timeline {
  readonly #canvas = element('canvas', { role: 'img' });
  readonly root = element('div', { class: 'timeline' }, this.#canvas);
  readonly #resize = new ResizeObserver(() => this.#draw());
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  #lanes: Lanes | undefined;
  #now = 0;

  constructor() {
    this.#resize.observe(this.root);
    this.#scheme.addEventListener('change', this.#draw);
  }

  /** `now`: when it is, if the run goes on. */
  show(lanes: Lanes, now: number | undefined, words: string): void {
    this.#lanes = lanes;
    this.#now = now ?? lanes.last;
    this.#canvas.setAttribute('aria-label', words);
    this.#draw();
  }

  close(): void {
    this.#resize.disconnect();
    this.#scheme.removeEventListener('change', this.#draw);
  }

  readonly #draw = (): void => {
    const width = this.root.clientWidth;
    const all = this.#lanes;
    const context = this.#canvas.getContext('2d');
    if (all === undefined || context === null || width === 0 || all.count === 0) return;
    const lanes = all.all().slice(0, mostLanes);
    const height = lanes.length * (laneHeight + gap) + axisHeight;
    this.#canvas.width = width * devicePixelRatio;
    this.#canvas.height = height * devicePixelRatio;
    this.#canvas.style.height = `${height}px`;
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(this.root);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const last = Math.max(this.#now, all.last, all.first + 1);
    context.font = `11px ${style.fontFamily}`;
    const left = Math.round(Math.min(widestLabel, width * labelShare));
    lanes.forEach((lane, index) => {
      const top = index * (laneHeight + gap);
      context.fillStyle = colour('--soft');
      context.textBaseline = 'alphabetic';
      context.fillText(shortened(context, lane, left - 10), 0, top + laneHeight - 2);
      context.fillStyle = colour('--idle');
      context.fillRect(left, top + laneHeight - 1, width - left, 1);
      context.save();
      context.translate(left, 0);
      drawLane(context, lane, { top, width: width - left, first: all.first, last }, colour);
      context.restore();
    });
    context.translate(left, 0);
    drawAxis(context, { first: all.first, last, width: width - left, height }, colour('--soft'));
  };
}

/** A worker's name in so many pixels; its number is what must not be missing. */
function shortened(context: CanvasRenderingContext2D, { crew, worker }: Lane, room: number): string {
  const number = ` · ${worker}`;
  for (let name = crew; name !== ''; name = name.slice(0, -1)) {
    const text = `${name}${name === crew ? '' : '…'}${number}`;
    if (context.measureText(text).width <= room) return text;
  }
  return String(worker);
}

interface Place {
  readonly top: number;
  readonly width: number;
  readonly first: number;
  readonly last: number;
}

function drawLane(
  context: CanvasRenderingContext2D,
  lane: Lane,
  { top, width, first, last }: Place,
  colour: (name: string) => string,
): void {
  const bottom = top + laneHeight - 1;
  for (const { from, to, busy, failed, hasFailed } of barsOf(lane, first, last, width)) {
    const wide = to - from > 4 ? to - from - 1 : to - from;
    const done = Math.round((busy - failed) * busyHeight);
    const vain = hasFailed ? Math.max(leastFailure, Math.round(failed * (laneHeight - 1))) : 0;
    context.fillStyle = colour('--done');
    context.fillRect(
      from,
      bottom - Math.max(hasFailed ? 0 : 1, done),
      wide,
      Math.max(hasFailed ? 0 : 1, done),
    );
    context.fillStyle = colour('--failed');
    context.fillRect(from, top, wide, Math.min(vain, laneHeight - 1));
  }
}

function drawAxis(
  context: CanvasRenderingContext2D,
  { first, last, width, height }: { first: number; last: number; width: number; height: number },
  colour: string,
): void {
  context.fillStyle = colour;
  context.textBaseline = 'bottom';
  context.textAlign = 'left';
  context.fillText(clockTime(new Date(first)), 0, height);
  context.textAlign = 'center';
  context.fillText(duration(last - first), width / 2, height);
  context.textAlign = 'right';
  context.fillText(clockTime(new Date(last)), width, height);
}
