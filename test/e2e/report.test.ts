import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { formatSlice } from '../../src/job/fan-out.js';
import { jobDefaults } from '../../src/job/job.js';
import { parseExposition } from '../report/parse-exposition.js';
import { submitTasks } from '../rig/fan-out.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** Of some metrics, the value of the sample whose labels hold these; undefined: there is none. */
function valueIn(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const all = parseExposition(text).flatMap(({ samples }) => samples);
  return all.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;
}

function write(rig: Rig, text: string): string {
  const path = `${rig.directory}/fjr.yaml`;
  writeFileSync(path, text);
  return path;
}

describe('fjr report and fjr metrics', () => {
  test('tell of a run that has ended what became of its tasks, secrets left out', async ({ rig }) => {
    const file = write(
      rig,
      `name: sweep
command: 'case $FJR_TASK_INDEX in 3) exit 7;; 5) test $FJR_ATTEMPT = 2 || exit 1;; esac; : {{ Env "PASSWORD" }}'
input:
  items: [a, b, c, '<i>{{ Env "PASSWORD" }}', e, f, g, h]
retries: 1
retry_delay: 0
workers: { local: 2 }
`,
    );
    const env = { PASSWORD: 's3cret' };
    const metrics = `${rig.directory}/run.prom`;
    const { code, stdout } = await rig.run('fjr', ['run', file, '--metrics', metrics], { env });
    expect(code).toBe(3);
    const run = /^(sweep-\w+)\.run: 8 tasks/.exec(stdout)?.[1] ?? '';

    const path = `${rig.directory}/${run}.html`;
    expect(await rig.run('fjr', ['report', run])).toEqual({ code: 0, stdout: `${path}\n`, stderr: '' });
    const page = readFileSync(path, 'utf8');
    expect(page).not.toContain('s3cret');
    expect(page).toContain(`<title>${run}.run · fjr</title>`);
    expect(page).toContain('aria-label="7 of 8 tasks done, 1 failed"');
    expect(page).toContain('<td><code>&lt;i&gt;***</code></td><td>exit code 7</td>');
    expect(page).toContain('<dd>8<small>10 executions</small></dd>');
    expect(
      (await rig.run('fjr', ['report', run, '--output', '-'])).stdout.startsWith('<!DOCTYPE html>'),
    ).toBe(true);
    expect((await rig.run('fjr', ['show', run])).stdout).not.toContain('s3cret');

    const printed = await rig.run('fjr', ['metrics', run]);
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    // The last that was written while it ran says the same.
    expect(printed.stdout).toBe(readFileSync(metrics, 'utf8'));
    expect(valueIn(printed.stdout, 'fjr_run_state', { state: 'failed' })).toBe(1);
    expect(valueIn(printed.stdout, 'fjr_tasks', { state: 'done' })).toBe(7);
    expect(valueIn(printed.stdout, 'fjr_tasks', { state: 'failed' })).toBe(1);
    expect(valueIn(printed.stdout, 'fjr_task_duration_seconds_count')).toBe(10);
    expect(valueIn(printed.stdout, 'fjr_task_failures_total', { reason: 'exit' })).toBe(3);
    expect(valueIn(printed.stdout, 'fjr_task_retries_total', { reason: 'exit' })).toBe(2);
  }, 30_000);

  test('tell of a run that goes on how it stands', async ({ rig }) => {
    const file = write(
      rig,
      `name: held
command: 'test $INPUT = 1 || until test -e "$LEDGER/gate"; do sleep 0.02; done'
input: [1, 2, 3]
workers: { local: 2 }
`,
    );
    const metrics = `${rig.directory}/run.prom`;
    const running = rig.start('fjr', ['run', '--metrics', metrics, file]);
    const read = (): string => (existsSync(metrics) ? readFileSync(metrics, 'utf8') : '');
    const seen = await waitUntil(
      'the file tells that a task is done',
      read,
      (text) => valueIn(text, 'fjr_tasks', { state: 'done' }) === 1,
    );
    expect(valueIn(seen, 'fjr_run_state', { state: 'waiting' })).toBe(1);
    expect(valueIn(seen, 'fjr_tasks', { state: 'left' })).toBe(2);
    const [run = ''] = rig
      .project()
      .entries('jobqueue')
      .filter((name) => name.endsWith('.run'));
    expect((await rig.run('fjr', ['report', run, '--output', 'now.html'])).code).toBe(0);
    expect(readFileSync(`${rig.directory}/now.html`, 'utf8')).toContain(
      '<span class="state is-waiting">waiting',
    );
    writeFileSync(`${rig.ledger}/gate`, '');
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(valueIn(read(), 'fjr_tasks', { state: 'done' })).toBe(3);
  }, 40_000);

  test('count what counts: neither lines after a seal nor a line that is there twice', async ({ rig }) => {
    const { root } = rig.project();
    submitTasks(root, 'sweep.run', 'true', ['a', 'b', 'c', 'd']);
    const directory = `${root}/jobqueue/sweep.run`;
    const said = (token: string, task: number, more = ''): string =>
      `{"task":${task},"token":"${token}","ms":1000,"worker":1${more}}\n`;
    const [sealed, whole] = ['aaaaaaaaaa', 'bbbbbbbbbb'];
    const { needs } = jobDefaults;
    const slice = {
      of: 'sweep.run',
      slice: 1,
      priority: 0,
      needs,
      nice: 9,
      tasks: [[0, 2]],
      failures: {},
    } as const;
    writeFileSync(`${directory}/sealed/${sealed}=1`, formatSlice(slice));
    appendFileSync(
      `${directory}/outcomes/one-12345678.jsonl`,
      said(sealed, 0) + said(sealed, 1) + said(sealed, 2),
    );
    const again = said(whole, 1, ',"outcome":{"kind":"exit","code":1}') + said(whole, 2);
    appendFileSync(`${directory}/outcomes/two-12345678.jsonl`, again + said(whole, 2) + '{"task":3,"tok');
    const { stdout } = await rig.run('fjr', ['metrics', 'sweep.run']);
    expect(valueIn(stdout, 'fjr_tasks', { state: 'done' })).toBe(2);
    expect(valueIn(stdout, 'fjr_tasks', { state: 'failed' })).toBe(1);
    expect(valueIn(stdout, 'fjr_task_duration_seconds_count')).toBe(3);
    expect(valueIn(stdout, 'fjr_worker_busy_seconds_total', { crew: 'one-12345678' })).toBe(1);
    expect(valueIn(stdout, 'fjr_worker_busy_seconds_total', { crew: 'two-12345678' })).toBe(2);
    // No line tells when.
    expect((await rig.run('fjr', ['report', 'sweep'])).code).toBe(0);
  });

  test('say what is wrong before they read a run', async ({ rig }) => {
    submitTasks(rig.project().root, 'sweep.run', 'true', ['a']);
    writeFileSync(`${rig.project().root}/jobqueue/plain.sh`, '#!/bin/sh\n');
    expect(await rig.run('fjr', ['report', 'plain.sh'])).toMatchObject({
      code: 2,
      stderr: 'fjr: "plain.sh" is no fan-out job\nhint: name a run as fjr status shows it\n',
    });
    expect(await rig.run('fjr', ['metrics', 'other'])).toMatchObject({ code: 4 });
    expect(await rig.run('fjr', ['metrics', 'sweep', '--output', 'no/where.prom'])).toMatchObject({
      code: 1,
      stderr: 'fjr: cannot write no/where.prom: ENOENT\nhint: make its directory first\n',
    });
    expect(await rig.run('fjr', ['report', 'sweep', '--output', rig.directory])).toMatchObject({
      code: 1,
      stderr: `fjr: cannot write ${rig.directory}: EISDIR\nhint: name a file in it\n`,
    });
    expect(await rig.run('fjr', ['run', '--metrics', 'x.prom', 'echo', ':::', 'a'])).toMatchObject({
      code: 2,
      stderr: 'fjr: --metrics goes with a fan-out file\nhint: fjr run fjr.yaml --metrics FILE\n',
    });
  });
});
