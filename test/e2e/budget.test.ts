import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { submitTasks } from '../rig/fan-out.js';
import { descendantsOf } from '../rig/processes.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { type CallKind, type Calls, Traced } from '../rig/traced.js';
import { waitUntil } from '../rig/wait-until.js';

const workers = 8;
/** Milliseconds: under strace everything takes several times as long. */
const patience = 180_000;

/**
 * Calls of dispatcher and crew together for a job file that runs `true`. Counted, with 400 jobs on a machine with two
 * cores: 5 changes, of which there may never be more, 5.1 to 5.4 opens, 3 looks and 1.4 to 1.8 listings. The rest is a
 * tenth for what goes by the clock.
 */
const perJob: Calls = { change: 5.1, open: 5.9, look: 3.3, listing: 2.1 };

/**
 * A task of a fan-out run costs something, and a slice does. How many tasks are in a slice depends on how fast the machine
 * is, and so does what a task costs on the whole. Counted: 2.1 opens and 2.2 looks for a task, 7 changes, 6.3 opens and 6.9
 * listings for a slice.
 */
const perTask: Calls = { change: 0, open: 2.3, look: 2.4, listing: 0 };
const perSlice: Calls = { change: 7.5, open: 7, look: 0, listing: 7.7 };
/** Sweeps and heartbeats while it lasts. */
const byTheClock: Calls = { change: 0, open: 60, look: 60, listing: 60 };

/**
 * Megabytes. Seen, with Node 20: 80 to 104, since garbage is collected sooner when the machine is slow, and 64 to 66.
 */
const mostOfDispatcher = 115;
const mostOfCrew = 75;

/** It may be there, and not be allowed to trace. */
const hasStrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0;

describe.skipIf(!hasStrace)('Calls of the file system, as strace counts them:', () => {
  test(
    'a job file costs no more than its budget',
    async ({ rig }) => {
      const jobs = 400;
      const service = await startService(rig);
      const before = service.calls();
      moveIn(rig, jobs);
      await allAreDone(rig, 1 + jobs);
      const spent = subtract(service.calls(), before);
      await service.stop();
      expectWithin(spent, (kind) => perJob[kind] * jobs);
    },
    patience,
  );

  test(
    'tasks and slices of a fan-out run cost no more than theirs',
    async ({ rig }) => {
      const tasks = 3000;
      const service = await startService(rig);
      const before = service.calls();
      const inputs = Array.from({ length: tasks }, (_, task) => String(task));
      submitTasks(rig.project().root, 'many.run', ':', inputs, { command: { kind: 'argv', argv: ['true'] } });
      await allAreDone(rig, 2);
      const spent = subtract(service.calls(), before);
      await service.stop();
      const slices = rig
        .project()
        .journal()
        .filter(({ event }) => event === 'slice').length;
      expectWithin(spent, (kind) => perTask[kind] * tasks + perSlice[kind] * slices + byTheClock[kind]);
    },
    patience,
  );
});

test('a dispatcher with 20,000 job files stays within its memory', async ({ rig }) => {
  const jobs = 20_000;
  for (let job = 1; job <= jobs; job++) rig.project().submitOld(`job${job}.conf`, ini('true'));
  const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
  await dispatcher.says(`Found ${jobs} job(s)`, 60);
  const peak = megabytes(dispatcher.pid, 'VmHWM');
  await dispatcher.stop();
  expect(peak).toBeLessThan(mostOfDispatcher);
});

test('a crew of 256 workers stays within its memory, its starter included', async ({ rig }) => {
  const crew = await rig.startCrew(['--workers', '256']);
  await waitUntil(
    'all workers are free',
    () => rig.project().announced().length,
    (free) => free === 256,
  );
  const processes = [crew.pid, ...descendantsOf(crew.pid).map(({ pid }) => pid)];
  expect(processes.length).toBeGreaterThan(1);
  const resident = processes.reduce((sum, pid) => sum + megabytes(pid, 'VmRSS'), 0);
  await crew.stop();
  expect(resident).toBeLessThan(mostOfCrew);
});

interface Service {
  readonly calls: () => Calls;
  readonly stop: () => Promise<void>;
}

/** A crew and a dispatcher that have worked before, so that being born is not counted, and wait. */
async function startService(rig: Rig): Promise<Service> {
  const crew = new Traced(rig, 'fjr-worker', '--workers', String(workers));
  await crew.program.says('[fjr-worker] Started with ID ');
  const dispatcher = new Traced(rig, 'fjr-dispatcher', '--keep-running');
  rig.project().submitOld('first.conf', ini('true'));
  await allAreDone(rig, 1);
  return {
    calls: () => add(crew.calls(), dispatcher.calls()),
    stop: async () => {
      await dispatcher.stop();
      await crew.stop();
    },
  };
}

async function allAreDone(rig: Rig, entries: number): Promise<void> {
  await waitUntil(
    'all are done, and all workers free again',
    () => ({ done: rig.project().entries('done').length, free: rig.project().announced().length }),
    ({ done, free }) => done === entries && free === workers,
    120,
  );
}

/** Files that are complete when they appear, and known to be: how often they are looked at depends on nothing else. */
function moveIn(rig: Rig, jobs: number): void {
  const drafts = `${rig.directory}/drafts`;
  mkdirSync(drafts);
  const names = Array.from({ length: jobs }, (_, job) => `job${job}.conf`);
  for (const name of names) {
    writeFileSync(`${drafts}/${name}`, ini('true'));
    utimesSync(`${drafts}/${name}`, 1e9, 1e9);
  }
  for (const name of names) renameSync(`${drafts}/${name}`, `${rig.project().root}/jobqueue/${name}`);
}

function combine(a: Calls, b: Calls, how: (a: number, b: number) => number): Calls {
  const kinds = Object.keys(a) as CallKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, how(a[kind], b[kind])])) as Calls;
}

const add = (a: Calls, b: Calls): Calls => combine(a, b, (one, other) => one + other);
const subtract = (a: Calls, b: Calls): Calls => combine(a, b, (one, other) => one - other);

function expectWithin(spent: Calls, budget: (kind: CallKind) => number): void {
  for (const kind of Object.keys(spent) as CallKind[])
    expect(spent[kind], `calls of the kind "${kind}", of ${JSON.stringify(spent)}`).toBeLessThanOrEqual(
      budget(kind),
    );
}

function megabytes(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  return (
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  );
}
