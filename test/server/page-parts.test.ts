import { describe, expect, test } from 'vitest';
import { Lanes, barsOf } from '../../src/server/ui/lanes.js';
import { linkToJob, linkToJobs, placeOf } from '../../src/server/ui/location.js';
import { lastLines, plainLog } from '../../src/server/ui/log-text.js';
import { bytes, count, duration, readable } from '../../src/server/ui/words.js';

describe('What the page writes', () => {
  test('is short, and of one form', () => {
    expect([0, 412, 999, 1000, 48_213, 999_700, 8.19e9].map(bytes)).toEqual([
      '0 B',
      '412 B',
      '999 B',
      '1.0 kB',
      '48 kB',
      '1.0 MB',
      '8.2 GB',
    ]);
    const second = 1000;
    expect([0, 0.44, 9.96, 12, 185, 7_620, 273_600].map((seconds) => duration(seconds * second))).toEqual([
      '0 s',
      '0.4 s',
      '10.0 s',
      '12 s',
      '3 m 05 s',
      '2 h 07 m',
      '3 d 4 h',
    ]);
    expect(count(1_234_567)).toBe('1\u202f234\u202f567');
  });

  test('hides nothing of a name', () => {
    expect(readable('a\u202egnp.exe')).toBe('a\\u202egnp.exe');
    expect(readable('a\u0000\nb\u007f')).toBe('a\\x00\\x0ab\\x7f');
    expect(readable('größer 漢字 😀.conf')).toBe('größer 漢字 😀.conf');
  });

  test('of a log is what a terminal would show', () => {
    expect(plainLog('\u001b[1;32mgreen\u001b[0m \u001b]0;title\u0007x\n')).toBe('green x\n');
    expect(plainLog('10%\r55%\r100%\ndone\r\n')).toBe('100%\ndone\n');
    expect(plainLog('bell\u0007 tab\there\u0000\n')).toBe('bell tab\there\n');
    expect(lastLines('1\n2\n3\n4\n\n', 2)).toBe('3\n4');
  });
});

describe('Addresses', () => {
  test.for(['job.conf', 'a/b?c#d%e &.sh', '..', 'größer@k3f9q2m4n7.conf'])('lead to the job %s', (id) => {
    expect(placeOf(linkToJob(id))).toEqual({ view: 'job', id });
  });

  test('say what is searched for', () => {
    const link = linkToJobs({ state: 'failed', kind: '', q: 'a&b=c #1' });
    expect(placeOf(link)).toEqual({ view: 'jobs', state: 'failed', kind: '', text: 'a&b=c #1' });
    expect(placeOf('')).toEqual({ view: 'overview' });
    expect(placeOf('#/runs/sweep.run')).toEqual({ view: 'job', id: 'sweep.run' });
  });

  test.for(['#/nothing', '#/jobs/a/b', '#/jobs/%E4%A'])('that nothing is at: %s', (hash) => {
    expect(placeOf(hash)).toEqual({ view: 'unknown' });
  });
});

describe('Lanes of workers', () => {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

  function lanesOf(tasks: number, workers: number, seconds: number): Lanes {
    const lanes = new Lanes();
    for (let task = 0; task < tasks; task += 1) {
      const begin = Math.floor(task / workers) * seconds;
      const state = task % 100 === 99 ? 'failed' : 'done';
      const [crew, worker] = ['c', (task % workers) + 1];
      lanes.add({ task, state, begin: at(begin), end: at(begin + seconds / 2), crew, worker, outcome: null });
    }
    return lanes;
  }

  test('show each task where there is room for it', () => {
    const lanes = lanesOf(8, 2, 10);
    const all = lanes.all();
    expect(all.map(({ worker, tasks }) => [worker, tasks.count, tasks.busy])).toEqual([
      [1, 4, 20_000],
      [2, 4, 20_000],
    ]);
    const bars = barsOf(all[0]!, lanes.first, lanes.last, 350);
    expect(bars.map(({ from, to }) => [from, to])).toEqual([
      [0, 50],
      [100, 150],
      [200, 250],
      [300, 350],
    ]);
  });

  test('show a hundred thousand tasks as what they come to, and lose no failure', () => {
    const lanes = lanesOf(100_000, 10, 1);
    const bars = lanes.all().map((lane) => barsOf(lane, lanes.first, lanes.last, 900));
    for (const [index, columns] of bars.entries()) {
      expect(columns.length).toBeLessThanOrEqual(300);
      const busy = columns.reduce((sum, column) => sum + column.busy, 0) / 300;
      expect(busy).toBeCloseTo(0.5, 2);
      expect(columns.some(({ hasFailed }) => hasFailed)).toBe(index === 9);
    }
    expect(lanes.all().reduce((sum, { tasks }) => sum + tasks.failures, 0)).toBe(1000);
  });

  test('show one that still runs up to now', () => {
    const lanes = lanesOf(1, 1, 10);
    lanes.add({ task: 1, state: 'running', begin: at(10), end: null, crew: 'c', worker: 1, outcome: null });
    expect(barsOf(lanes.all()[0]!, lanes.first, start + 20_000, 200).at(-1)).toEqual({
      from: 100,
      to: 200,
      busy: 1,
      failed: 0,
      hasFailed: false,
    });
  });
});
