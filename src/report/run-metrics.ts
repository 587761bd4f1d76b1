import { Durations, durationLimits } from './durations.js';
import { type Family, type Sample, formatExposition } from './exposition.js';
import type { RunHead } from './run-head.js';
import type { Reason, RunSummary } from './run-digest.js';

/** How the run stands in its project just now; nothing of it is left once it has ended. */
export interface RunPlace {
  /** Its slices: how many wait for a worker, and how many a crew has. */
  readonly slices: { readonly waiting: number; readonly assigned: number };
  /** Items of the pools that its tasks need. */
  readonly pools: readonly { readonly name: string; readonly free: number; readonly used: number }[];
}

const states = ['waiting', 'done', 'failed'] as const;
const reasons: readonly Reason[] = ['exit', 'signal', 'timeout', 'spawn-error', 'lost', 'final'];

/** A run's metrics in Prometheus' text format. */
export function runMetrics(head: RunHead, summary: RunSummary, place: RunPlace): string {
  const families = [
    ...runFamilies(head, summary),
    ...taskFamilies(summary),
    ...workerFamilies(summary),
    ...placeFamilies(place),
  ];
  return formatExposition(families, { project: head.project, run: head.name });
}

function runFamilies({ id, state, submitted }: RunHead, { began, ended }: RunSummary): Family[] {
  return [
    gauge('fjr_run_info', 'The run itself; its id is a label.', [{ labels: { id }, value: 1 }]),
    gauge(
      'fjr_run_state',
      'Where the run is: 1 for the state that it is in.',
      states.map((one) => ({ labels: { state: one }, value: one === state ? 1 : 0 })),
    ),
    gauge('fjr_run_submitted_timestamp_seconds', 'When the run was submitted.', moment(submitted)),
    gauge('fjr_run_begin_timestamp_seconds', 'When the first task of the run began.', moment(began)),
    gauge('fjr_run_newest_end_timestamp_seconds', 'When the newest task that has ended did.', moment(ended)),
  ];
}

function taskFamilies({ tasks, done, failed, durations, ways }: RunSummary): Family[] {
  const sumOf = (reason: Reason, count: (way: RunSummary['ways'][number]) => number): number =>
    ways.filter((way) => way.reason === reason).reduce((sum, way) => sum + count(way), 0);
  const byReason = (count: (way: RunSummary['ways'][number]) => number): Sample[] =>
    reasons.map((reason) => ({ labels: { reason }, value: sumOf(reason, count) }));
  return [
    gauge('fjr_tasks', 'Tasks of the run by what has become of them.', [
      { labels: { state: 'done' }, value: done },
      { labels: { state: 'failed' }, value: failed },
      { labels: { state: 'left' }, value: tasks - done - failed },
    ]),
    {
      name: 'fjr_task_duration_seconds',
      type: 'histogram',
      help: 'How long executions of tasks ran, those that failed included.',
      samples: histogram(Durations.of(durations.done, durations.failed)),
    },
    counter(
      'fjr_task_failures_total',
      'Executions of tasks that failed, by reason; final is what is never tried again.',
      byReason(({ final, again }) => final + again),
    ),
    counter(
      'fjr_task_retries_total',
      'Executions of tasks that failed and that another follows, by reason.',
      byReason(({ again }) => again),
    ),
  ];
}

function workerFamilies({ workers }: RunSummary): Family[] {
  const each = (value: (worker: RunSummary['workers'][number]) => number): Sample[] =>
    workers.map((one) => ({ labels: { crew: one.crew, worker: one.worker }, value: value(one) }));
  return [
    counter(
      'fjr_worker_executions_total',
      'Executions of tasks by a worker, those that failed included.',
      each(({ executions }) => executions),
    ),
    counter(
      'fjr_worker_failures_total',
      'Executions of tasks by a worker that failed.',
      each(({ failed }) => failed),
    ),
    counter(
      'fjr_worker_busy_seconds_total',
      'How long executions of tasks ran on a worker.',
      each(({ busy }) => seconds(busy)),
    ),
  ];
}

function placeFamilies({ slices, pools }: RunPlace): Family[] {
  return [
    gauge('fjr_run_slices', 'Shares of tasks that wait for a worker, or that a crew has.', [
      { labels: { state: 'waiting' }, value: slices.waiting },
      { labels: { state: 'assigned' }, value: slices.assigned },
    ]),
    gauge(
      'fjr_pool_items',
      'Items of pools that tasks of the run need.',
      pools.flatMap(({ name, free, used }) => [
        { labels: { pool: name, state: 'free' }, value: free },
        { labels: { pool: name, state: 'used' }, value: used },
      ]),
    ),
  ];
}

function histogram(durations: Durations): Sample[] {
  const buckets = durations.within().map((value, index) => ({
    suffix: '_bucket',
    labels: { le: String(durationLimits[index]) },
    value,
  }));
  return [
    ...buckets,
    { suffix: '_bucket', labels: { le: '+Inf' }, value: durations.count },
    { suffix: '_sum', value: seconds(durations.sum) },
    { suffix: '_count', value: durations.count },
  ];
}

function moment(ms: number | undefined): Sample[] {
  return ms === undefined ? [] : [{ value: seconds(ms) }];
}

function seconds(ms: number): number {
  return ms / 1000;
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'counter', help, samples };
}
