import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Crews } from '../../src/dispatcher/crews.js';
import { FanOutRun } from '../../src/dispatcher/fan-out-run.js';
import { FanOuts } from '../../src/dispatcher/fan-outs.js';
import { Reaper } from '../../src/dispatcher/reaper.js';
import { assignJob } from '../../src/queue/assign-job.js';
import { tokenOf } from '../../src/queue/entry-name.js';
import { decideGang } from '../../src/queue/decide-gang.js';
import { FanOutPaths, parseGangState, sliceName } from '../../src/queue/fan-out-paths.js';
import { sealSlice } from '../../src/queue/finish-slice.js';
import { type CrewId, Layout } from '../../src/queue/layout.js';
import { localPace } from '../../src/queue/pace.js';
import { perform } from '../../src/queue/perform.js';
import { raisePod } from '../../src/queue/raise-pod.js';
import { startJob } from '../../src/queue/start-job.js';
import { newToken } from '../../src/queue/token.js';
import { MountedFiles } from '../../src/system/files.js';
import { LinuxHost } from '../../src/system/host.js';
import { submitRanks, submitTasks } from '../rig/fan-out.js';

const crew = 'node7-k3f9q2m4' as CrewId;
const files = new MountedFiles({ shared: false, fsync: false });

let directory: string;
let layout: Layout;
/** Milliseconds. */
let now: number;
let hasLock: boolean;

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/fjr-gang-`);
  layout = new Layout(directory);
  now = 1_000_000;
  hasLock = true;
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const system = {
  files,
  clock: { monotonic: () => now, wall: () => now, timestamp: () => new Date(now).toISOString() },
  pace: localPace,
  ownsLock: () => hasLock,
};

/** A run of ranks as a dispatcher knows it. */
function follow(): FanOutRun {
  return new FanOutRun(system, layout, 'train.run', () => true);
}

/** All runs, as a dispatcher knows them. */
function followAll(): FanOuts {
  const crews = new Crews(files, layout, () => Infinity);
  const reaper = new Reaper({ ...system, host: new LinuxHost() }, layout, 'dispatcher', () => undefined);
  return new FanOuts({ system, layout, id: 'dispatcher', intake, crews, reaper });
}

function stateOnDisk(): string | undefined {
  return parseGangState(readdirSync(layout.queued('train.run')))?.kind;
}

function slices(): string[] {
  return readdirSync(layout.jobqueue).filter((name) => name.endsWith('.slice'));
}

const intake = { has: (name: string) => files.exists(layout.queued(name)), depart: () => undefined };

/** A crew starts a slice. Returns what it is called there. */
function take(name: string): string {
  const assigned = perform(files, assignJob(layout, name, newToken(), crew));
  const entry = assigned.kind === 'assigned' ? assigned.entry : '';
  expect(perform(files, startJob(layout, crew, entry))).toBe('started');
  return entry;
}

/** What a crew does with a slice of a try that is void. */
function takeAndGiveBack(slice: number): void {
  const entry = take(sliceName('train.run', slice));
  const token = tokenOf(entry)!;
  const pod = layout.pod(crew);
  perform(files, sealSlice(layout, crew, pod, { entry, of: 'train.run', token }, false));
}

describe('A gang that is being gathered', () => {
  beforeEach(() => {
    submitRanks(directory, 'train.run', ':', 3);
  });

  test('gives back what it has when not all of it has reached workers for a minute, and is gathered anew', () => {
    perform(files, raisePod(layout, crew, '{}', 3));
    const run = follow();
    expect(run.gang?.gather()).toHaveLength(3);
    now += 60_000;
    run.refresh();
    expect([stateOnDisk(), run.gang?.isGathering]).toEqual(['hold', true]);
    now += 1;
    run.refresh();
    expect([stateOnDisk(), run.gang?.isGathering]).toEqual(['void', false]);
    expect(run.placesToFill()).toEqual([]);
    for (const slice of [1, 2, 3]) {
      expect(run.placesToFill()).toEqual([]);
      takeAndGiveBack(slice);
      run.refresh();
    }
    expect(run.placesToFill()).toHaveLength(3);
    expect(run.gang?.gather()).toHaveLength(3);
    expect(stateOnDisk()).toBe('hold');
  });

  test('by somebody who may be dead is given back at once by who has the lock', () => {
    follow().gang?.gather();
    const run = follow();
    expect([stateOnDisk(), run.gang?.isGathering]).toEqual(['void', false]);
  });

  test('is left alone for 20 s by another who has not the lock', () => {
    follow().gang?.gather();
    hasLock = false;
    const run = follow();
    now += 20_000;
    run.refresh();
    expect(stateOnDisk()).toBe('hold');
    now += 1;
    run.refresh();
    expect(stateOnDisk()).toBe('void');
  });

  test('is followed by others when it goes, and given up by nobody however long it takes', () => {
    const run = follow();
    const names = run.gang?.gather() ?? [];
    hasLock = false;
    const other = follow();
    run.gang?.look(new Map(names.slice(1).map((name) => [name, 'node7'])));
    expect(stateOnDisk()).toBe('hold');
    run.gang?.look(new Map(names.map((name) => [name, 'node7'])));
    now += 600_000;
    for (const each of [run, other]) each.refresh();
    expect(stateOnDisk()).toBe('go');
    expect(other.gang?.going).toBe(run.gang?.going);
  });

  test('does not go once another has decided that it is void', () => {
    const run = follow();
    const names = run.gang?.gather() ?? [];
    const paths = new FanOutPaths(layout.queued('train.run'));
    const held = parseGangState(readdirSync(paths.directory));
    const token = held?.kind === 'hold' ? held.token : newToken();
    perform(files, decideGang(paths, { kind: 'hold', token }, { kind: 'void', token }));
    run.gang?.look(new Map(names.map((name) => [name, 'node7'])));
    expect([stateOnDisk(), run.gang?.going]).toEqual(['void', undefined]);
  });
});

test('What another has given out again is not given out once more by a dispatcher that comes later', () => {
  submitRanks(directory, 'train.run', ':', 2, { failure: 'retry-rank', retries: 3 });
  perform(files, raisePod(layout, crew, '{}', 2));
  const first = follow();
  first.gang?.gather();
  first.gang?.void();
  for (const slice of [1, 2]) takeAndGiveBack(slice);
  first.refresh();
  const names = first.gang?.gather() ?? [];
  for (const name of names) take(name);
  // It finds seals of both ranks, and slices of both.
  hasLock = false;
  const later = followAll();
  later.add('train.run');
  first.gang?.look(new Map(names.map((name) => [name, 'node7'])));
  later.settle();
  later.refresh();
  const staff = { workers: 2, idle: [`${crew}.3`], isHere: () => true };
  const carved = [...later.carve(staff, () => true)];
  expect([stateOnDisk(), later.isReady, carved]).toEqual(['go', false, []]);
});

describe('Slices', () => {
  test('of one run never wait in the queue more than 200 at a time, however many workers are idle', () => {
    submitTasks(
      directory,
      'sweep.run',
      ':',
      Array.from({ length: 2000 }, (_, task) => String(task)),
    );
    const fanOuts = followAll();
    fanOuts.add('sweep.run');
    const idle = Array.from({ length: 500 }, (_, worker) => `${crew}.${worker + 1}`);
    const staff = { workers: idle.length, idle, isHere: () => true };
    const refill = (): number => [...fanOuts.carve(staff, () => true)].length;
    expect([refill(), slices().length]).toEqual([200, 200]);
    expect([refill(), slices().length]).toEqual([0, 200]);
    perform(files, raisePod(layout, crew, '{}', 500));
    for (const name of slices().slice(0, 50)) perform(files, assignJob(layout, name, newToken(), crew));
    expect([refill(), slices().length]).toEqual([50, 200]);
  });
});
