import { type Content, type Markup, element, render } from './markup.js';
import { headSection } from './head-section.js';
import { Durations } from './durations.js';
import { describe, plotDurations } from './plot-durations.js';
import { plotEnded, plotRate, timeOf } from './plot-ended.js';
import { plotWorkers, rowsOf } from './plot-workers.js';
import { counted, readableTime } from './readable.js';
import type { RunSummary } from './run-digest.js';
import type { RunHead } from './run-head.js';
import { style } from './style.js';
import { type FailedTask, failedTasksTable, waysTable, workersTable } from './tables.js';

/** A run as one HTML file that needs nothing else. `failures`: the newest of those that failed. */
export function reportPage(head: RunHead, summary: RunSummary, failures: readonly FailedTask[]): string {
  const body = element(
    'main',
    {},
    headSection(head, summary),
    progressSection(summary),
    durationSection(summary),
    failureSection(summary, failures),
    workerSection(summary),
    element(
      'footer',
      {},
      `Made by fjr at ${readableTime(head.now)}. Times are by the clocks of the hosts that tasks ran on.`,
    ),
  );
  const title = `${head.name} · fjr`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${render(title)}</title>
<style>${style}</style>
</head>
<body>
${render(body)}
</body>
</html>
`;
}

function section(title: string, ...content: readonly Content[]): Markup {
  return element('section', {}, element('h2', {}, title), ...content);
}

type Key = 'done' | 'failed' | 'again' | 'idle';

function legend(...keys: readonly (readonly [Key, string])[]): Markup {
  return element(
    'ul',
    { class: 'legend' },
    keys.map(([key, words]) => element('li', { class: `key-${key}` }, words)),
  );
}

function figure(plot: Markup | undefined): Content {
  return plot === undefined ? undefined : element('figure', {}, plot);
}

const results = [
  ['done', 'done'],
  ['failed', 'failed'],
] as const;

function progressSection(summary: RunSummary): Content {
  const time = timeOf(summary);
  if (time === undefined || summary.done + summary.failed < 2) return undefined;
  return section(
    'Tasks ended over time',
    summary.untimed > 0
      ? element('p', {}, `Of ${counted(summary.untimed, 'task')} it is not known when they ended.`)
      : undefined,
    legend(...results),
    figure(plotEnded(summary, time)),
    figure(plotRate(summary, time)),
  );
}

function durationSection(summary: RunSummary): Content {
  const plot = plotDurations(summary);
  if (plot === undefined) return undefined;
  const all = Durations.of(summary.durations.done, summary.durations.failed);
  return section(
    'How long executions ran',
    element('p', {}, `${counted(all.count, 'execution')}: ${describe(all)}.`),
    legend(...results),
    figure(plot),
  );
}

function failureSection({ ways, failed }: RunSummary, failures: readonly FailedTask[]): Content {
  if (ways.length === 0) return undefined;
  return section(
    'Failures by reason',
    legend(['failed', 'the task has failed'], ['again', 'the task was tried again, or will be']),
    waysTable(ways),
    failures.length === 0
      ? undefined
      : [
          element(
            'h2',
            {},
            failures.length < failed
              ? `The newest ${failures.length} of ${counted(failed, 'failed task')}`
              : 'Failed tasks',
          ),
          failedTasksTable(failures),
        ],
  );
}

function workerSection(summary: RunSummary): Content {
  const time = timeOf(summary);
  if (summary.workers.length === 0) return undefined;
  const isSingle =
    summary.single !== undefined && rowsOf(summary).every(({ single }) => single !== undefined);
  const bars = isSingle
    ? ([
        ['done', 'an execution'],
        ['failed', 'one that failed'],
      ] as const)
    : ([
        ['done', 'share of the time in which tasks ran'],
        ['failed', 'in which they ran in vain'],
      ] as const);
  return section(
    'Workers',
    legend(...bars, ['idle', 'idle']),
    time === undefined ? undefined : figure(plotWorkers(summary, time)),
    workersTable(summary, time),
  );
}
