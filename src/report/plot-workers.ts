import { compareNatural } from '../job/natural-order.js';
import { describeOutcome, isSuccess } from '../job/outcome.js';
import { type Frame, drawing, frameOf } from './axis.js';
import { type Content, type Markup, beginningOf, element, short } from './markup.js';
import { type RunTime, timeAxis, timeScale } from './plot-ended.js';
import { counted, readableDuration, readableShare } from './readable.js';
import type { Execution, RunSummary, WorkerShare } from './run-digest.js';

/** Rows that a plot has, at most. */
const mostRows = 48;
/** Characters of a name beside its row. */
const nameLength = 22;

/** A row: one worker, or many together. */
interface Row {
  readonly name: string;
  readonly workers: number;
  readonly busyIn: readonly number[];
  readonly failedIn: readonly number[];
  readonly executions: number;
  readonly failed: number;
  readonly busy: number;
  /** Undefined: they are too many to be drawn one by one. */
  readonly single: readonly Execution[] | undefined;
}

/** What each worker did when: its executions one by one, or of many how busy it was. */
export function plotWorkers(summary: RunSummary, time: RunTime): Markup | undefined {
  const rows = rowsOf(summary);
  if (rows.length === 0) return undefined;
  const [pitch, gap] = rows.length > 24 ? [14, 2] : [22, 5];
  const frame = frameOf(rows.length * pitch, 176);
  return drawing(
    frame.bottom + 44,
    `What each of ${counted(summary.workers.length, 'worker')} did over time`,
    timeAxis(frame, time),
    rows.map((row, index) =>
      drawRow(row, frame, { y: frame.top + index * pitch + gap / 2, height: pitch - gap }, summary, time),
    ),
  );
}

/** The rows of a plot; of more workers than fit those of a crew, or of all other crews, share one. */
export function rowsOf({ workers, single }: Pick<RunSummary, 'workers' | 'single'>): Row[] {
  const sorted = workers.toSorted((a, b) => compareNatural(nameOf(a), nameOf(b)));
  const singleOf = (name: string): readonly Execution[] | undefined =>
    single?.filter((execution) => nameOf(execution) === name);
  if (sorted.length <= mostRows)
    return sorted.map((worker) => ({
      ...together(nameOf(worker), [worker]),
      single: singleOf(nameOf(worker)),
    }));
  const crews = byCrew(sorted);
  const all = [...crews].map(([crew, its]) => together(crew, its));
  if (all.length <= mostRows) return all;
  const shown = new Set([...all].sort((a, b) => b.executions - a.executions).slice(0, mostRows - 1));
  const rest = all.filter((row) => !shown.has(row)).flatMap(({ name }) => crews.get(name) ?? []);
  return [...all.filter((row) => shown.has(row)), together(`${all.length - shown.size} other crews`, rest)];
}

export function byCrew(workers: readonly WorkerShare[]): Map<string, WorkerShare[]> {
  const crews = new Map<string, WorkerShare[]>();
  for (const worker of workers) crews.set(worker.crew, [...(crews.get(worker.crew) ?? []), worker]);
  return crews;
}

export function nameOf({ crew, worker }: Pick<WorkerShare, 'crew' | 'worker'>): string {
  return `${crew}.${worker}`;
}

/** Some workers as one. */
export function together(name: string, workers: readonly WorkerShare[]): Row {
  const sum = (of: (worker: WorkerShare) => number): number =>
    workers.reduce((total, worker) => total + of(worker), 0);
  const cells = (of: (worker: WorkerShare) => readonly number[]): number[] =>
    (workers[0] === undefined ? [] : of(workers[0])).map((_, cell) => sum((worker) => of(worker)[cell] ?? 0));
  return {
    name,
    workers: workers.length,
    executions: sum(({ executions }) => executions),
    failed: sum(({ failed }) => failed),
    busy: sum(({ busy }) => busy),
    busyIn: cells(({ busyIn }) => busyIn),
    failedIn: cells(({ failedIn }) => failedIn),
    single: undefined,
  };
}

interface Lane {
  readonly y: number;
  readonly height: number;
}

function drawRow(row: Row, frame: Frame, lane: Lane, summary: RunSummary, time: RunTime): Markup {
  const share = row.busy / row.workers / (time.ended - time.began);
  const words = `${row.name}: ${counted(row.executions, 'execution')}, ${counted(row.failed, 'failure')}, busy ${readableShare(Math.min(1, share))} of the time`;
  return element(
    'g',
    { class: 'lane' },
    element('title', {}, words),
    element('rect', { class: 'idle', x: frame.left, width: frame.right - frame.left, ...lane }),
    row.single === undefined
      ? drawCells(row, frame, lane, summary, time)
      : row.single.map((execution) => drawExecution(execution, frame, lane, time)),
    element(
      'text',
      { x: frame.left - 8, y: lane.y + lane.height / 2 + 4, 'text-anchor': 'end' },
      shortName(row.name),
    ),
  );
}

function drawExecution(execution: Execution, frame: Frame, lane: Lane, time: RunTime): Content {
  const { task, at, ms, outcome } = execution;
  if (at === undefined) return undefined;
  const x = timeScale(time, frame);
  const [from, to] = [x(at - ms), x(at)];
  return element(
    'g',
    {},
    element(
      'title',
      {},
      `task ${task}: ${beginningOf(describeOutcome(outcome), 80)} after ${readableDuration(ms)}`,
    ),
    element('rect', {
      class: isSuccess(outcome) ? 'done single' : 'failed single',
      x: from,
      width: Math.max(1, to - from),
      ...lane,
    }),
  );
}

/** Lower ones are not seen. */
const leastHeight = 0.75;

/** How busy it was in each cell is the height of a bar, with what was in vain at its foot. */
function drawCells(row: Row, frame: Frame, { y, height }: Lane, summary: RunSummary, time: RunTime): Content {
  const x = timeScale(time, frame);
  const edge = (cell: number): number => x(summary.start + cell * summary.width);
  const paths = { done: '', failed: '' };
  row.busyIn.forEach((busy, cell) => {
    if (busy === 0) return;
    const heightOf = (ms: number): number =>
      Math.max(leastHeight, Math.min(1, ms / row.workers / lengthOf(cell, summary, time)) * height);
    const sides = [edge(cell), edge(cell + 1)] as const;
    const failed = row.failedIn[cell] ?? 0;
    paths.done += bar(sides, y + height, heightOf(busy));
    if (failed > 0) paths.failed += bar(sides, y + height, heightOf(failed));
  });
  return [
    element('path', { class: 'done', d: paths.done }),
    paths.failed === '' ? undefined : element('path', { class: 'failed', d: paths.failed }),
  ];
}

/** The first and the last cell of a run reach beyond it. */
function lengthOf(cell: number, { start, width }: RunSummary, { began, ended }: RunTime): number {
  const from = Math.max(began, start + cell * width);
  return Math.max(1, Math.min(ended, start + (cell + 1) * width) - from);
}

function bar([left, right]: readonly [number, number], bottom: number, height: number): string {
  return `M${short(left)} ${short(bottom)}v${short(-height)}h${short(right - left)}v${short(height)}z`;
}

/** Crews' names end in what tells them apart. */
function shortName(name: string): string {
  return name.length > nameLength ? `…${name.slice(1 - nameLength)}` : name;
}
