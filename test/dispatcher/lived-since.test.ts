import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Reaper } from '../../src/dispatcher/reaper.js';
import { formatHeartbeat } from '../../src/queue/crew-file.js';
import { type CrewId, Layout } from '../../src/queue/layout.js';
import { MountedFiles } from '../../src/system/files.js';
import type { Liveness } from '../../src/system/host.js';

const crew = 'node7-k3f9q2m4' as CrewId;

let directory: string;
let layout: Layout;
/** Milliseconds on the dispatcher's own clock. */
let now: number;
let liveness: Liveness;
let reaper: Reaper;

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/fjr-lived-`);
  layout = new Layout(directory);
  for (const path of layout.directories) mkdirSync(path);
  const pod = layout.pod(crew);
  for (const path of [pod.directory, pod.running, pod.items]) mkdirSync(path);
  const numbers = { workers: 1, cpus: 1, memory: 1, gpus: 0, pid: 1, lease: 60 };
  const file = { format: 1, host: 'node7', session: { kind: 'none', name: '' }, ...numbers };
  writeFileSync(pod.crewFile, JSON.stringify(file));
  [now, liveness] = [1000, 'elsewhere'];
  const clock = { monotonic: () => now, wall: () => now, timestamp: () => new Date(now).toISOString() };
  const host = {
    name: 'here',
    cpus: 1,
    memory: 1,
    identify: () => ({ host: 'here', bootId: '', pidNamespace: '', pid: 1, started: '' }),
    judge: () => liveness,
    withEnvironment: () => [],
    isShared: () => true,
  };
  const files = new MountedFiles({ shared: false, fsync: false });
  reaper = new Reaper({ files, clock, host }, layout, 'dispatcher', () => undefined);
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** The crew's clock says `at`, in seconds since 1970: nothing may rest on that. */
function beat(number: number, at: number, leaving?: true): void {
  const path = layout.pod(crew).heartbeat;
  writeFileSync(path, formatHeartbeat({ beat: number, running: {}, ...(leaving && { leaving }) }));
  utimesSync(path, at, at);
}

/** The dispatcher looks, so many seconds later. */
function look(later = 5): void {
  now += later * 1000;
  expect(reaper.pass()).toEqual([crew]);
}

describe('A crew of another host is known to have lived since a failure was seen', () => {
  // Years before, and years after, the dispatcher's own.
  test.each([1e8, 9e9])('when its heartbeat was new twice since, whatever its clock says (%d)', (clock) => {
    beat(1, clock);
    look();
    const failedAt = now + 1000;
    expect(reaper.hasLivedSince(crew, failedAt)).toBe(false);
    look();
    // It is seen now and may have been written before, while nobody looked.
    beat(2, clock - 1000);
    look();
    expect(reaper.hasLivedSince(crew, failedAt)).toBe(false);
    look();
    expect(reaper.hasLivedSince(crew, failedAt)).toBe(false);
    beat(3, clock - 2000);
    look();
    expect(reaper.hasLivedSince(crew, failedAt)).toBe(true);
    // Of what fails later it has not.
    expect(reaper.hasLivedSince(crew, now)).toBe(false);
  });

  test('and not by beats that came before', () => {
    for (const number of [1, 2, 3, 4]) {
      beat(number, 1e9);
      look();
    }
    expect(reaper.hasLivedSince(crew, now + 1)).toBe(false);
  });

  test('and not by a crew that is about to leave', () => {
    beat(1, 1e9);
    look();
    const failedAt = now;
    beat(2, 1e9);
    look();
    beat(3, 1e9);
    look();
    expect(reaper.hasLivedSince(crew, failedAt)).toBe(true);
    beat(4, 1e9, true);
    look();
    expect(reaper.hasLivedSince(crew, failedAt)).toBe(false);
  });

  test('and not by a crew of which nobody has seen anything', () => {
    expect(reaper.hasLivedSince(crew, 0)).toBe(false);
  });
});

describe('A crew of this host is known to live', () => {
  beforeEach(() => {
    liveness = 'alive';
    beat(1, 1e9);
    look();
  });

  test('while its process is there', () => {
    expect(reaper.hasLivedSince(crew, now + 1000)).toBe(true);
  });

  test('unless it says that it leaves, also when that was said after the last look', () => {
    beat(2, 1e9, true);
    expect(reaper.hasLivedSince(crew, now)).toBe(false);
  });
});
