import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { isAlive } from '../rig/processes.js';
import { ini } from '../rig/project-files.js';
import { test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

describe('the end', () => {
  test('--keep-running waits for further jobs and keeps the workers', async ({ rig }) => {
    const project = rig.project();
    const crew = await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    for (const name of ['first.conf', 'second.conf']) {
      project.submit(name, controlledJob());
      (await rig.jobs.started(name)).exit(0);
      await waitUntil(
        `${name} is done`,
        () => project.places(),
        ({ done }) => done.some((entry) => entry.startsWith(name.slice(0, 5))),
      );
    }
    expect(dispatcher.exit).toBeUndefined();
    expect(crew.exit).toBeUndefined();
    const { code, stdout } = await dispatcher.stop();
    expect(code).toBe(130);
    expect(stdout).not.toContain('No (more) jobs');
    await crew.stop();
  });

  test('waits for jobs that still run, and for what they put into the queue', async ({ rig }) => {
    const project = rig.project();
    await rig.startCrew(['--workers', '2']);
    project.submit('parent.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const parent = await rig.jobs.started('parent.conf');
    project.submit('child.conf', controlledJob());
    parent.exit(0);
    const child = await rig.jobs.started('child.conf');
    child.exit(0);
    const { code, stdout } = await dispatcher.ends();
    expect(code).toBe(0);
    expect(stdout).toMatch(/2 done, 0 failed in /);
    expect(project.jobs('done')).toEqual(['child.conf', 'parent.conf']);
  });

  test("takes fjd's own spellings of what is the default", async ({ rig }) => {
    for (const option of ['--end_when_jobs_are_done', '--end_on_empty_queue']) {
      const { code, stdout } = await rig.run('fjr-dispatcher', [option]);
      expect(code).toBe(0);
      expect(stdout).toContain('[fjr-dispatcher] No (more) jobs.\n');
      expect(stdout).toContain('[fjr-recruiter] There was nobody to fire in project "default".\n');
    }
  });

  test('comes at once on an empty queue, whatever the interval', async ({ rig }) => {
    const { code } = await rig.run('fjr-dispatcher', ['--interval', '3600']);
    expect(code).toBe(0);
  });

  test('--interval does not slow down what the doorbell tells', async ({ rig }) => {
    const project = rig.project();
    await rig.startCrew();
    project.submit('one.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher', ['--interval', '3600']);
    const first = await rig.jobs.started('one.conf');
    project.submit('two.conf', controlledJob());
    first.exit(0);
    (await rig.jobs.started('two.conf')).exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
  });

  test('--interval must be a number', async ({ rig }) => {
    const { code, stderr } = await rig.run('fjr-dispatcher', ['--interval', 'often']);
    expect(code).toBe(2);
    expect(stderr).toBe('fjr-dispatcher: --interval is "often"\nhint: expected a number, at least 0.01\n');
  });
});

describe('--callback', () => {
  test('runs after the workers are fired, in the directory of the dispatcher', async ({ rig }) => {
    rig.project().submit('job.conf', ini('true'));
    await rig.startCrew();
    const { code, stdout } = await rig.run('fjr-dispatcher', [
      '--callback',
      'ls $FJR_HOME/default/jobpods > pods; echo "called"',
    ]);
    expect(code).toBe(0);
    expect(readFileSync(`${rig.directory}/pods`, 'utf8')).toBe('');
    expect(stdout).toMatch(/Fired 1 worker in project "default"\.\ncalled\n$/);
  });

  test('is reported when it fails, and fails the dispatcher', async ({ rig }) => {
    const { code, stderr } = await rig.run('fjr-dispatcher', ['--callback', 'exit 9']);
    expect(code).toBe(1);
    expect(stderr).toBe('[fjr-dispatcher] The callback failed (exit code 9): exit 9\n');
  });

  test('does not hide that jobs failed', async ({ rig }) => {
    rig.project().submit('job.conf', ini('false'));
    await rig.startCrew();
    const { code, stderr } = await rig.run('fjr-dispatcher', ['--callback', 'touch called; exit 9']);
    expect(code).toBe(3);
    expect(existsSync(`${rig.directory}/called`)).toBe(true);
    expect(stderr).toContain('The callback failed (exit code 9)');
  });
});

describe('--status-only', () => {
  test.for(['--status-only', '--status_only'])(
    '(%s) shows how things stand and dispatches nothing',
    async (option, { rig }) => {
      const project = rig.project();
      const crew = await rig.startCrew(['--workers', '2']);
      for (const name of ['1.conf', '2.conf', '3.conf']) project.submit(name, ini('true'));
      const { code, stdout } = await rig.run('fjr-dispatcher', [option]);
      expect(code).toBe(0);
      expect(stdout).toContain(`project "default" in ${project.root}\n`);
      expect(stdout).toContain('  jobs     3 waiting, 0 running, 0 done, 0 failed\n');
      expect(stdout).toContain('  workers  2 in 1 crew, 2 idle\n');
      expect(project.jobs('jobqueue')).toHaveLength(3);
      await crew.stop();
    },
  );

  test('works beside a dispatcher', async ({ rig }) => {
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    await dispatcher.says('Started on project');
    expect((await rig.run('fjr-dispatcher', ['--status-only'])).code).toBe(0);
    await dispatcher.stop();
  });
});

describe('the lock', () => {
  test('keeps a second dispatcher of a project away, with exit code 5, and none of another project', async ({
    rig,
  }) => {
    const first = rig.start('fjr-dispatcher', ['--keep-running']);
    await first.says('Started on project "default"');
    expect(await rig.run('fjr-dispatcher')).toEqual({
      code: 5,
      stdout: '',
      stderr:
        `fjr-dispatcher: another dispatcher works for project "default" (process ${first.pid} on ${hostname()})\n` +
        'hint: wait for it, or start this one with --standby to take over when it ends or has died\n',
    });
    expect((await rig.run('fjr-dispatcher', ['--project', 'other'])).code).toBe(0);
    await first.stop();
  });

  test('of a dispatcher that was killed is taken over at once', async ({ rig }) => {
    const first = rig.start('fjr-dispatcher', ['--keep-running']);
    await first.says('Started on project "default"');
    first.signal('SIGKILL');
    await first.ends();
    expect(existsSync(`${rig.project().root}/dispatcher.lock`)).toBe(true);

    const start = performance.now();
    const { code, stdout } = await rig.run('fjr-dispatcher');

    // The lock itself would be stale after two minutes.
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(code).toBe(0);
    expect(stdout).toContain('[fjr-dispatcher] No (more) jobs.\n');
  });

  test('is waited for with --standby', async ({ rig }) => {
    const project = rig.project();
    const first = rig.start('fjr-dispatcher', ['--keep-running']);
    await first.says('Started on project "default"');
    const second = rig.start('fjr-dispatcher', ['--standby']);
    await second.says(
      '[fjr-dispatcher] Another dispatcher works for project "default"; waiting to take over.\n',
    );
    await rig.startCrew();
    project.submit('job.conf', controlledJob());
    const job = await rig.jobs.started('job.conf');
    await first.stop();
    await second.says('[fjr-dispatcher] Started on project "default"\n');
    expect(isAlive(job.pid)).toBe(true);
    job.exit(0);
    expect((await second.ends()).code).toBe(0);
    expect(project.outcomes('job.conf')).toHaveLength(1);
  });

  test('is waited for until somebody says otherwise', async ({ rig }) => {
    const first = rig.start('fjr-dispatcher', ['--keep-running']);
    await first.says('Started on project "default"');
    const second = rig.start('fjr-dispatcher', ['--standby']);
    await second.says('waiting to take over.\n');
    second.signal('SIGTERM');
    const { code, stdout } = await second.ends();
    expect(stdout).toContain('[fjr-dispatcher] Received Exit signal. Exiting ...\n');
    expect(code).toBe(130);
    await first.stop();
  });

  test('of a dispatcher that is silent for a lease is taken over by one that stands by', async ({ rig }) => {
    const first = rig.start('fjr-dispatcher', ['--keep-running']);
    await first.says('Started on project "default"');
    const second = rig.start('fjr-dispatcher', ['--standby', '--keep-running']);
    await second.says('waiting to take over.\n');
    first.signal('SIGSTOP');
    await second.says('[fjr-dispatcher] The other dispatcher is silent: taking over.\n', 60);
    await second.says('[fjr-dispatcher] Started on project "default"\n');
    first.signal('SIGCONT');
    const { code, stderr } = await first.ends();
    expect(stderr).toContain('The lock was lost to another dispatcher: leaving the work to it.\n');
    expect(code).toBe(5);
    await second.stop();
  });
});
