import type { JobState, JobSummary } from '../api.js';
import { element, section, setText } from '../elements.js';
import { jobLink, ticking, whereOf } from '../job-cells.js';
import { JobWindow } from '../job-window.js';
import { linkToJobs } from '../location.js';
import { drawLater } from '../paced.js';
import { type Row, Rows, Still } from '../rows.js';
import type { Panel } from '../view.js';

interface Form {
  readonly id: string;
  readonly title: string;
  readonly states: readonly JobState[];
  /** Where they all are to be seen. */
  readonly all: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly makeRow: () => Row<JobSummary>;
  readonly none: string;
  readonly shown: number;
}

/** Jobs that run, and for how long they have. */
export function runningPanel(): Panel {
  return movingPanel({
    id: 'running',
    title: 'Running',
    states: ['running', 'assigned'],
    all: { state: 'running' },
    columns: ['Job', 'Where', 'For'],
    makeRow: runningRow,
    none: 'Nothing runs.',
    shown: 16,
  });
}

/** The queue. */
export function waitingPanel(): Panel {
  return movingPanel({
    id: 'waiting',
    title: 'Queue',
    states: ['waiting'],
    all: { state: 'waiting' },
    columns: ['Job', 'Waiting for'],
    makeRow: waitingRow,
    none: 'Nothing waits.',
    shown: 8,
  });
}

/** Columns that are not numbers. */
const classes: Readonly<Partial<Record<string, string>>> = { Where: 'where' };

function movingPanel({ id, title, states, all, columns, makeRow, none, shown }: Form): Panel {
  const body = element('tbody', {});
  const heads = columns.map((words, index) =>
    element('th', { scope: 'col', class: classes[words] ?? (index > 0 ? 'number' : undefined) }, words),
  );
  const table = element(
    'table',
    { 'aria-labelledby': id },
    element('thead', {}, element('tr', {}, ...heads)),
    body,
  );
  const empty = element('p', { class: 'none' }, 'Reading …');
  const { root, head } = section(id, title, table, empty);
  const more = element('a', { href: linkToJobs(all) }, 'all');
  head.append(element('span', { class: 'aside' }, 'newest first · ', more));
  const rows = new Rows<JobSummary>(body, (job) => job.id, makeRow);
  const window = new JobWindow(states, 'job', shown * 2, () => draw());
  const still = new Still(table, () => draw());
  const draw = drawLater(() => {
    rows.show(window.jobs.slice(0, shown), still.held);
    table.hidden = rows.size === 0;
    empty.hidden = rows.size > 0;
    setText(empty, none);
  });
  table.hidden = true;
  return {
    root,
    load: () => window.load(),
    hear: (event) => {
      window.hear(event);
    },
    close: () => window.close(),
  };
}

function runningRow(): Row<JobSummary> {
  const link = jobLink();
  const where = element('td', { class: 'where' });
  const since = element('td', { class: 'number' });
  return {
    root: element('tr', {}, element('th', { scope: 'row' }, link.root), where, since),
    show: (job) => {
      link.show(job);
      setText(where, whereOf(job));
      // It is not its own time yet.
      if (job.state === 'running') ticking(since, job.started ?? job.changed);
      else {
        ticking(since, null);
        setText(since, 'starting');
      }
    },
  };
}

function waitingRow(): Row<JobSummary> {
  const link = jobLink();
  const since = element('td', { class: 'number' });
  return {
    root: element('tr', {}, element('th', { scope: 'row' }, link.root), since),
    show: (job) => {
      link.show(job);
      ticking(since, job.changed);
    },
  };
}
