import { type Figures, type Scenario, play } from './scenario.js';
import { servers } from './server.js';
import { inDigits, inPercent, inTime, table } from './table.js';

export type Row = Scenario & { readonly name: keyof typeof servers };

const workersPerHost = 64;
/** Seconds that are looked at; fewer where they take long to simulate. */
const usual = 60;
const short = 20;

/**
 * What is simulated if nobody says what. Where nothing begins in the time that is looked at, it is all the same how many
 * tasks there are and how long they take: such are left out.
 */
export function sweep(seed: number): Row[] {
  const rows: Row[] = [];
  const add = (
    name: Row['name'],
    kind: Row['kind'],
    count: number,
    taskSeconds: number,
    hosts: number,
    seconds = usual,
  ): void => {
    const server = servers[name];
    rows.push({ name, server, hosts, workersPerHost, kind, count, taskSeconds, seconds, seed });
  };
  for (const seconds of [0.1, 1, 60])
    for (const hosts of [1, 10, 100]) add('measured', 'tasks', 1e8, seconds, hosts);
  for (const hosts of [1000, 3000]) add('measured', 'tasks', 1e8, 1, hosts);
  for (const hosts of [1, 10, 100]) add('measured', 'tasks', 1e6, 1, hosts);
  for (const hosts of [1, 10, 100]) add('measured', 'files', 1e5, 1, hosts);
  add('measured', 'files', 1e5, 1, 1000, short);
  add('measured', 'files', 1e6, 1, 10);
  for (const hosts of [1, 10, 100]) add('assumed', 'tasks', 1e8, 1, hosts);
  add('assumed', 'tasks', 1e8, 1, 1000, short);
  return rows;
}

const head = [
  'server',
  'hosts',
  'queue',
  'each',
  'begins after',
  'ended/s',
  'workers busy',
  'all take',
  'dispatcher waits',
  'its CPU',
  'server busy',
  'calls/s: handing out',
  'looking',
  'beats',
  'entries',
  'journals',
  'output',
];

/** Plays them one after another; `progress` is told of each. */
export function playAll(rows: readonly Row[], progress: (row: Row) => void): Map<Row, Figures> {
  const figures = new Map<Row, Figures>();
  for (const row of rows) {
    progress(row);
    figures.set(row, play(row));
  }
  return figures;
}

export function tableOf(all: ReadonlyMap<Row, Figures>): string {
  return table(
    head,
    [...all].map(([row, figures]) => wordsOf(row, figures)),
  );
}

function wordsOf(row: Row, figures: Figures): string[] {
  const calls = (...purposes: Parameters<Figures['calls']['get']>[0][]): string =>
    inDigits(purposes.reduce((sum, purpose) => sum + (figures.calls.get(purpose) ?? 0), 0));
  return [
    row.name,
    inDigits(row.hosts),
    `${inDigits(row.count)} ${row.kind}`,
    inTime(row.taskSeconds),
    beginning(row, figures),
    inDigits(figures.ended),
    inPercent(figures.used),
    figures.ended > 0 ? inTime(row.count / figures.ended) : '-',
    inPercent(Math.min(1, figures.waiting)),
    inPercent(figures.cpu),
    inPercent(Math.min(1, figures.server)),
    calls('entries: dispatcher'),
    calls('heartbeats: dispatcher', 'journals and outcomes: dispatcher'),
    calls('heartbeats: crews'),
    calls('entries: crews'),
    calls('journals and outcomes: crews'),
    calls('output of tasks'),
  ];
}

/** Slices are carved for all who are idle before the first of them begins: if that has not come, it is computed. */
function beginning(
  { hosts, workersPerHost: each, seconds }: Row,
  { began, carved, slices }: Figures,
): string {
  if (began !== undefined) return inTime(began);
  return slices === 0 ? `> ${inTime(seconds)}` : `~ ${inTime(seconds + (hosts * each - carved) / slices)}`;
}
