import { describe, expect, test } from 'vitest';
import { jobDefaults } from '../../src/job/job.js';
import { FanOutTally } from '../../src/queue/fan-out-tally.js';
import type { TaskLine } from '../../src/queue/task-line.js';
import { reportPage } from '../../src/report/page.js';
import { RunDigest } from '../../src/report/run-digest.js';
import type { RunHead } from '../../src/report/run-head.js';
import { runMetrics } from '../../src/report/run-metrics.js';
import { parseExposition } from './parse-exposition.js';

const start = 1_795_500_000_000;
const hostile = `"'></title></style></svg><script src=//x>&`;
const head: RunHead = {
  project: 'default',
  name: 'sweep.run',
  id: 'abc',
  state: 'waiting',
  command: 'true',
  submitted: start,
  now: start + 100_000,
};

/** `line` of each of so many tasks. */
function summaryOf(tasks: number, line: (task: number) => { line: Partial<TaskLine>; crew: string }) {
  const tally = new FanOutTally({ tasks, job: jobDefaults });
  const digest = new RunDigest();
  for (let task = 0; task < tasks; task += 1) {
    const { line: more, crew } = line(task);
    const whole = {
      task,
      token: String(Math.floor(task / 100)),
      ms: 500,
      at: start + 600 + task,
      worker: 1,
      ...more,
    };
    tally.add(whole);
    digest.add(whole, crew);
  }
  return digest.summary(tally, tasks);
}

/** Every start has its end, in order. Throws where not. */
function checkNesting(html: string): void {
  const open: string[] = [];
  const body = html.replace(/<!DOCTYPE html>|<meta [^>]*>|<style>[^<]*<\/style>/g, '');
  for (const [tag, slash, name = '', rest = ''] of body.matchAll(
    /<(\/?)([\w]+)((?:\s[\w:-]+="[^"<>]*")*\s*\/?)>/g,
  )) {
    if (slash === '/') expect(open.pop(), tag).toBe(name);
    else if (!rest.endsWith('/')) open.push(name);
  }
  expect(open).toEqual([]);
  expect(body.replace(/<(\/?)([\w]+)((?:\s[\w:-]+="[^"<>]*")*\s*\/?)>/g, '')).not.toMatch(/[<>]/);
}

describe('the page of a run', () => {
  test('is well-formed whatever names, inputs and outcomes hold, and fetches nothing', () => {
    const summary = summaryOf(3, () => ({
      line: { outcome: { kind: 'spawn-error', reason: hostile } },
      crew: hostile,
    }));
    const failures = summary.failures.map((failure) => ({ ...failure, input: hostile }));
    const page = reportPage(
      { ...head, name: hostile, command: hostile, project: hostile },
      summary,
      failures,
    );
    checkNesting(page);
    expect(page).not.toMatch(/<(script|link|img)|<[^>]*\s(src|href)=|url\(|@import/);
  });

  test('shows a command of several lines in several lines', () => {
    const page = reportPage(
      { ...head, command: 'cd <x>\nmake\n' },
      summaryOf(1, () => ({ line: {}, crew: 'c' })),
      [],
    );
    expect(page).toContain('<pre><code>cd &lt;x&gt;\nmake\n</code></pre>');
  });

  test.each([
    ['none has ended', 0],
    ['one has', 1],
    ['some have', 300],
  ])('holds whatever there is to tell: %s', (_, tasks) => {
    const page = reportPage(head, { ...summaryOf(tasks, () => ({ line: {}, crew: 'c' })), tasks: 300 }, []);
    checkNesting(page);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page.includes('How long executions ran')).toBe(tasks > 0);
    expect(page.includes('Tasks ended over time')).toBe(tasks > 1);
  });

  test('is made of lines that do not tell when their tasks ended, too', () => {
    const summary = summaryOf(50, () => ({ line: { at: undefined } as unknown as TaskLine, crew: 'c' }));
    const page = reportPage(head, summary, []);
    checkNesting(page);
    expect(page).toContain('50 executions: median 500 ms');
    expect(page).not.toMatch(/NaN|Infinity/);
  });

  test('stays small, with many workers and tasks', () => {
    const summary = summaryOf(60_000, (task) => ({
      line: {
        worker: task % 20,
        ms: 100 + ((task * 7919) % 5000),
        at: start + 10_000 + task * 20,
        ...(task % 50 === 0 ? { outcome: { kind: 'exit', code: 1 } as const } : {}),
      },
      crew: `host${task % 100}-abcdefgh`,
    }));
    const page = reportPage(head, summary, []);
    expect(page.length).toBeLessThan(1_000_000);
    expect(page).toContain('other crews');
  });
});

test('metrics of a run are in order for Prometheus, and their histogram is one', () => {
  const summary = summaryOf(100, (task) => ({
    line: { ms: task * 40, ...(task % 10 === 0 ? { outcome: { kind: 'exit', code: 1 } as const } : {}) },
    crew: hostile,
  }));
  const place = { slices: { waiting: 1, assigned: 2 }, pools: [{ name: 'PROXY', free: 1, used: 2 }] };
  const families = parseExposition(runMetrics(head, summary, place));
  for (const { name, type, samples } of families) {
    expect(name).toMatch(/^fjr_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    for (const { labels } of samples) expect(labels).toMatchObject({ project: 'default', run: 'sweep.run' });
  }
  const { samples } = families.find(({ type }) => type === 'histogram')!;
  const buckets = samples.filter(({ labels }) => 'le' in labels);
  expect(buckets.map(({ labels }) => Number(labels['le']!.replace('Inf', 'Infinity')))).toEqual(
    buckets.map(({ labels }) => Number(labels['le']!.replace('Inf', 'Infinity'))).sort((a, b) => a - b),
  );
  expect(buckets.find(({ labels }) => labels['le'] === '1')?.value).toBe(26);
  expect(buckets.at(-1)?.value).toBe(100);
  expect(samples.slice(-2).map(({ value }) => value)).toEqual([198, 100]);
});
