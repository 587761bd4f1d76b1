import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { Layout } from '../../src/queue/layout.js';
import { localPace, sharedPace } from '../../src/queue/pace.js';
import { MountedFiles } from '../../src/system/files.js';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/fjr-lease-`);
  vi.useFakeTimers({
    toFake: ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'performance'],
  });
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

/** The pod of a crew of another host, which does not beat any more. */
function silentCrew(layout: Layout, lease: number): void {
  for (const path of layout.directories) mkdirSync(path, { recursive: true });
  const pod = `${layout.jobpods}/node7-k3f9q2m4`;
  mkdirSync(`${pod}/running`, { recursive: true });
  mkdirSync(`${pod}/items`);
  const numbers = { workers: 1, cpus: 1, memory: 1, gpus: 0, pid: 1, lease };
  const session = { kind: 'none', name: '' };
  writeFileSync(`${pod}/crew.json`, JSON.stringify({ format: 1, host: 'node7', session, ...numbers }));
  writeFileSync(`${pod}/heartbeat`, '{"beat":1,"running":{}}\n');
}

function startDispatcher(layout: Layout, pace: typeof sharedPace): Dispatcher {
  const system = {
    files: new MountedFiles({ shared: false, fsync: false }),
    clock: {
      monotonic: () => performance.now(),
      wall: () => Date.now(),
      timestamp: () => '2026-01-01T00:00:00.000Z',
    },
    host: {
      name: 'here',
      cpus: 1,
      memory: 1,
      identify: () => ({ host: 'here', bootId: '', pidNamespace: '', pid: 1, started: '' }),
      judge: () => 'elsewhere' as const,
      withEnvironment: () => [],
      isShared: () => false,
    },
    doorbells: { hang: () => () => undefined },
    random: () => 0,
    uid: process.getuid!(),
    pace,
    ownsLock: () => true,
    hints: undefined,
  };
  const options = { id: 'dispatcher', order: 'natural', interval: 1, endWhenDone: false } as const;
  const dispatcher = new Dispatcher(system, { ...options, layout, report: () => undefined });
  dispatcher.start();
  return dispatcher;
}

test.for([
  ['local', 10],
  ['local', 30],
  ['shared', 10],
  ['shared', 12],
  ['shared', 30],
  ['shared', 60],
] as const)('At the %s pace a silent crew with a lease of %i s is fenced soon after it', ([name, lease]) => {
  const layout = new Layout(directory);
  silentCrew(layout, lease);
  const dispatcher = startDispatcher(layout, name === 'local' ? localPace : sharedPace);
  vi.advanceTimersByTime(lease * 1000 - 500);
  expect(readdirSync(layout.jobpods)).toEqual(['node7-k3f9q2m4']);
  vi.advanceTimersByTime(lease * 500 + 2500);
  expect(readdirSync(layout.jobpods)).toEqual([]);
  dispatcher.stop();
});

test('What a fenced crew had is given to idle workers, though nobody rings', () => {
  const layout = new Layout(directory);
  silentCrew(layout, 10);
  const dispatcher = startDispatcher(layout, sharedPace);
  vi.advanceTimersByTime(8000);
  // It has not started; and there are other workers, whose crew goes on beating.
  writeFileSync(`${layout.jobpods}/node7-k3f9q2m4/job@k3f9q2m4n7.conf`, '[fjr]\nexecutable: true\n');
  utimesSync(`${layout.jobpods}/node7-k3f9q2m4/job@k3f9q2m4n7.conf`, 1e9, 1e9);
  const other = `${layout.jobpods}/node8-k3f9q2m4`;
  cpSync(`${layout.jobpods}/node7-k3f9q2m4`, other, { recursive: true });
  rmSync(`${other}/job@k3f9q2m4n7.conf`);
  writeFileSync(`${layout.workerqueue}/node8-k3f9q2m4.1`, '');
  const entries = (): string[] => readdirSync(other).filter((name) => name.startsWith('job@'));
  for (let beat = 2; beat < 20 && entries().length === 0; beat++) {
    writeFileSync(`${other}/heartbeat`, `{"beat":${beat},"running":{}}\n`);
    vi.advanceTimersByTime(1000);
  }
  expect(entries()).toHaveLength(1);
  dispatcher.stop();
});
