import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FjrError } from '../../src/job/fjr-error.js';
import { Layout, makeCrewId } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { raisePod } from '../../src/queue/raise-pod.js';
import { PilotSite } from '../../src/recruiter/pilot-site.js';
import type { Pilot, Scheduler } from '../../src/recruiter/scheduler.js';
import { systemClock } from '../../src/system/clock.js';
import { MountedFiles } from '../../src/system/files.js';
import { LinuxHost } from '../../src/system/host.js';

let directory: string;
let layout: Layout;
let waited: number;
const files = new MountedFiles({ shared: false, fsync: false });
const host = new LinuxHost();

beforeEach(() => {
  directory = mkdtempSync('/tmp/fjr-pilot-site-');
  layout = new Layout(`${directory}/sweep`);
  for (const path of layout.directories) mkdirSync(path, { recursive: true });
  waited = 0;
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A batch system whose pilots do what the test says when they are told something. */
class PlayedScheduler implements Scheduler {
  readonly pilots = new Map<string, Pilot>();
  readonly told: string[] = [];
  onSubmit: (count: number) => void = () => undefined;
  onTold: (ids: readonly string[], what: string) => void = () => undefined;

  set(id: string, phase: Pilot['phase'], state: string = phase): void {
    this.pilots.set(id, { id, phase, state, reason: '' });
  }
  list(): Promise<readonly Pilot[]> {
    return Promise.resolve([...this.pilots.values()]);
  }
  submit(): Promise<string> {
    const id = String(this.pilots.size + 1);
    this.onSubmit(this.pilots.size);
    this.set(id, 'waiting');
    return Promise.resolve(id);
  }
  cancel(ids: readonly string[], which: 'waiting' | 'all'): Promise<void> {
    return this.#tell(ids, `cancel ${which}`);
  }
  signal(ids: readonly string[], name: 'TERM' | 'USR2'): Promise<void> {
    return this.#tell(ids, name);
  }
  #tell(ids: readonly string[], what: string): Promise<void> {
    if (ids.length > 0) this.told.push(`${what} ${ids.join(' ')}`);
    if (ids.length > 0) this.onTold(ids, what);
    return Promise.resolve();
  }
}

function siteOf(scheduler: Scheduler, pilots = 1, interruption?: AbortSignal): PilotSite {
  const wait = (milliseconds: number): Promise<void> => {
    waited += milliseconds;
    return Promise.resolve();
  };
  const crew = { argv: ['node'], env: {}, directory: '/', workers: 2, gpus: 0 };
  return new PilotSite({ files, host, clock: systemClock, wait, interruption }, scheduler, {
    name: 'cluster',
    kind: 'slurm',
    project: 'sweep',
    layout,
    crew,
    pilots,
    min: 0,
    max: pilots,
  });
}

/** A crew's pod, as pilot `id` has left it, with one job that runs. */
function leavePod(id: string): void {
  const crew = makeCrewId('node7', 'k3f9q2m4');
  const file = {
    format: 1,
    id: crew,
    host: 'node7',
    pid: 1,
    workers: 2,
    cpus: 2,
    memory: 1,
    gpus: 0,
    lease: 30,
    session: { kind: 'slurm', name: id },
  };
  perform(files, raisePod(layout, crew, JSON.stringify(file), 2));
  writeFileSync(`${layout.pod(crew).running}/job@k3f9q2m4n7.conf`, '');
}

describe('hire', () => {
  test('tells what was submitted before the batch system refused, and why it did', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.onSubmit = (count) => {
      if (count === 2) throw new FjrError('slurm', 'no more than two', { hint: 'wait' });
    };
    expect(await siteOf(scheduler, 3).hire()).toEqual({
      lines: ['Submitted 2 pilots of 2 workers in project "sweep": slurm jobs 1, 2.'],
      failure: { reason: 'no more than two', hint: 'wait' },
    });
  });

  test('does not count pilots that are ending or have failed', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'ending');
    scheduler.set('2', 'failed');
    scheduler.set('3', 'running');
    expect((await siteOf(scheduler, 2).hire()).lines[0]).toContain('Submitted 1 pilot ');
  });
});

describe('fire', () => {
  test('asks those that run to go, and cancels those that wait', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'running');
    scheduler.set('2', 'waiting');
    scheduler.onTold = (ids) => {
      for (const id of ids) scheduler.pilots.delete(id);
    };
    expect(await siteOf(scheduler).fire(false)).toEqual({
      lines: ['Fired 0 workers in project "sweep": slurm jobs 1, 2.'],
    });
    expect(scheduler.told).toEqual(['cancel waiting 2', 'TERM 1']);
  });

  test('cancels one that starts before it can be taken out of the queue, when it runs', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'waiting');
    scheduler.onTold = (_, what) => {
      if (what === 'TERM') scheduler.pilots.clear();
      else scheduler.set('1', 'running');
    };
    await siteOf(scheduler).fire(false);
    expect(scheduler.told).toEqual(['cancel waiting 1', 'TERM 1']);
  });

  test('has the batch system end what does not go, and gives back what it held', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'running');
    leavePod('1');
    scheduler.onTold = (_, what) => {
      if (what === 'cancel all') scheduler.pilots.clear();
    };
    expect(await siteOf(scheduler).fire(false)).toEqual({
      lines: [
        'Fired 2 workers in project "sweep": slurm job 1.',
        'slurm job 1 did not go when told, and was cancelled.',
      ],
    });
    expect(new Set(scheduler.told)).toEqual(new Set(['TERM 1', 'cancel all 1']));
    expect(waited).toBeGreaterThan(30_000);
    expect(readdirSync(layout.jobqueue)).toEqual(['job@k3f9q2m4n7+l1.conf']);
    expect(readdirSync(layout.jobpods)).toEqual([]);
  });

  test('waits for a drained crew as long as its jobs take', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'running');
    let told = 0;
    scheduler.onTold = () => {
      if (++told === 100) scheduler.pilots.clear();
    };
    await siteOf(scheduler).fire(true);
    expect(new Set(scheduler.told)).toEqual(new Set(['USR2 1']));
    expect(waited).toBeGreaterThan(600_000);
  });

  test('does not wait for ever for a pilot whose node is lost', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'ending', 'COMPLETING');
    await siteOf(scheduler).fire(true);
    expect(waited).toBeLessThan(100_000);
  });

  test('leaves a pilot that was started anew meanwhile to its lease', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'running');
    scheduler.onTold = () => {
      scheduler.pilots.clear();
      leavePod('1');
    };
    await siteOf(scheduler).fire(false);
    expect(readdirSync(layout.jobpods)).toEqual(['node7-k3f9q2m4']);
  });

  test('ends at once when a person does not want to wait', async () => {
    const scheduler = new PlayedScheduler();
    scheduler.set('1', 'running');
    leavePod('1');
    const interruption = new AbortController();
    scheduler.onTold = () => {
      interruption.abort();
    };
    await siteOf(scheduler, 1, interruption.signal).fire(true);
    expect(waited).toBe(100);
    expect(readdirSync(layout.jobpods)).toEqual(['node7-k3f9q2m4']);
  });
});
