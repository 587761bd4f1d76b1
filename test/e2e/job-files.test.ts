import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { controlledJob, controlledShellJob } from '../rig/controlled-job.js';
import { onPath } from '../rig/on-path.js';
import { isAlive } from '../rig/processes.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** Runs what is in the queue on one new crew, to its end. */
async function runAll(
  rig: Rig,
  workers = 1,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  await rig.startCrew(['--workers', String(workers)]);
  return rig.run('fjr-dispatcher');
}

/** A job that notes its name in the order in which jobs start. */
const noteOrder = `sh -c 'echo "$FJR_JOB" >> "$LEDGER/order"'`;

function orderOf(rig: Rig): string[] {
  return readFileSync(`${rig.ledger}/order`, 'utf8').split('\n').slice(0, -1);
}

describe('timeout', () => {
  test.for(['perl', 'no perl'])(
    'ends the whole process group, with SIGTERM first and SIGKILL for who ignores it (%s)',
    async (perl, { rig }) => {
      const project = rig.project();
      project.submit('polite.conf', controlledJob({ timeout: 1 }));
      project.submit('stubborn.conf', controlledJob({ timeout: 1 }));
      const env = perl === 'perl' ? {} : { PATH: rig.pathWithOnly('sh', 'sleep') };
      await rig.startCrew(['--workers', '2'], { env });
      const dispatcher = rig.start('fjr-dispatcher');
      const polite = await rig.jobs.started('polite.conf');
      const stubborn = await rig.jobs.started('stubborn.conf');
      await stubborn.ignore('SIGTERM');
      const grandchildren = await Promise.all([polite.spawn(), stubborn.spawn()]);

      const { code, stdout } = await dispatcher.ends();

      expect(code).toBe(3);
      for (const name of ['polite.conf', 'stubborn.conf']) {
        expect(stdout).toContain(`[fjr-dispatcher] Job ${name} failed: timed out after 1 s\n`);
        expect(project.outcomes(name)).toMatchObject([
          { to: 'failed', outcome: { kind: 'timeout', seconds: 1 } },
        ]);
      }
      expect(stubborn.heard).toEqual(['SIGTERM']);
      expect([polite.pid, stubborn.pid, ...grandchildren].filter(isAlive)).toEqual([]);
    },
  );

  test('leaves a job time to end in order, also one whose command line needs a shell', async ({ rig }) => {
    const project = rig.project();
    project.submit('job.conf', controlledShellJob({ timeout: 1 }));
    await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('job.conf');
    await job.ignore('SIGTERM');
    await waitUntil(
      'it has heard SIGTERM',
      () => job.heard,
      (heard) => heard.length > 0,
    );
    await job.print('cleaned up\n');
    job.exit(0);
    expect((await dispatcher.ends()).code).toBe(3);
    expect(project.log('job.conf', 'out')).toBe('cleaned up\n');
    expect(project.outcomes('job.conf')).toMatchObject([{ outcome: { kind: 'timeout' } }]);
  });
});

describe('retries', () => {
  test('come with a back-off that doubles, and say which attempt it is', async ({ rig }) => {
    const project = rig.project();
    project.submit(
      'flaky.conf',
      ini(`sh -c 'echo "$FJR_ATTEMPT"; test "$FJR_ATTEMPT" = 3'`, { retries: 2, 'retry-delay': '0.3s' }),
    );
    const { code, stdout } = await runAll(rig);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 done, 0 failed, 2 executions tried again in /);
    expect(project.entries('done')).toEqual([expect.stringMatching(/^flaky@[0-9a-z]{10}\+x2\.conf$/)]);
    expect(project.log('flaky.conf', 'out')).toBe('3\n');
    const times = project
      .starts('flaky.conf')
      .map(({ time }) => Date.parse(time))
      .sort();
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(300);
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(600);
    const logs = project
      .starts('flaky.conf')
      .map(({ entry }) => project.log(entry, 'out'))
      .sort();
    expect(logs).toEqual(['1\n', '2\n', '3\n']);
  });

  test('end when their budget is spent, which each kind of failure has for itself', async ({ rig }) => {
    const project = rig.project();
    const failsThrice = 'case $FJR_ATTEMPT in 1) exit 1 ;; 2) kill -KILL $$ ;; *) exit 5 ;; esac';
    project.submit('hopeless.sh', `#!/bin/sh\n#FJR retries: 1\n#FJR retry-delay: 0\n${failsThrice}\n`);
    const { code } = await runAll(rig);
    expect(code).toBe(3);
    expect(project.entries('failed')).toEqual([expect.stringMatching(/^hopeless@[0-9a-z]{10}\+x1\+k1\.sh$/)]);
    expect(project.outcomes('hopeless.sh')).toMatchObject([{ outcome: { kind: 'exit', code: 5 } }]);
  });
});

describe('order', () => {
  test('is by priority, then as people count', async ({ rig }) => {
    const project = rig.project();
    for (const name of ['job10.conf', 'job2.conf', 'job1.conf']) project.submitOld(name, ini(noteOrder));
    project.submitOld('late.conf', ini(noteOrder, { priority: -1 }));
    project.submitOld('urgent.conf', ini(noteOrder, { priority: 5 }));
    expect((await runAll(rig)).code).toBe(0);
    expect(orderOf(rig)).toEqual(['urgent.conf', 'job1.conf', 'job2.conf', 'job10.conf', 'late.conf']);
  });

  test('is by priority also among jobs that were given ahead of time, since those before took moments', async ({
    rig,
  }) => {
    const project = rig.project();
    for (let index = 0; index < 30; index++) project.submitOld(`quick${index}.conf`, ini('true'));
    const crew = await rig.startCrew(['--workers', '1']);
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    await waitUntil(
      'all have been done',
      () => project.jobs('done').length,
      (count) => count === 30,
    );
    project.submitOld('long.conf', controlledJob());
    const long = await rig.jobs.started('long.conf');
    const given = (name: string): Promise<unknown> =>
      waitUntil(
        `${name} waits behind the one that runs`,
        () => project.assigned(),
        (jobs) => jobs.includes(name),
      );
    for (const name of ['job1.conf', 'job2.conf']) {
      project.submitOld(name, ini(noteOrder));
      await given(name);
    }
    project.submitOld('urgent.conf', ini(noteOrder, { priority: 5 }));
    await given('urgent.conf');
    long.exit(0);
    await waitUntil(
      'all have been done',
      () => project.jobs('done').length,
      (count) => count === 34,
    );
    expect(orderOf(rig)).toEqual(['urgent.conf', 'job1.conf', 'job2.conf']);
    await dispatcher.stop();
    await crew.stop();
  });

  test('is by priority also among more than a dispatcher that starts can read at once', async ({ rig }) => {
    const project = rig.project();
    for (let index = 1; index <= 400; index++) project.submitOld(`job${index}.conf`, ini('true'));
    project.submitOld('urgent.conf', controlledJob({ priority: 5 }));
    await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher');
    const urgent = await rig.jobs.started('urgent.conf');
    expect(project.jobs('done')).toEqual([]);
    for (const name of project.entries('jobqueue')) rmSync(`${project.root}/jobqueue/${name}`);
    urgent.exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
  });

  test('can be the newest first', async ({ rig }) => {
    const project = rig.project();
    project.submitOld('old.conf', ini(noteOrder));
    project.submit('new.conf', ini(noteOrder));
    const dispatcher = rig.start('fjr-dispatcher', ['--order', 'newest']);
    await dispatcher.says('Found 2 job(s) and 0 worker(s)...');
    await rig.startCrew();
    expect((await dispatcher.ends()).code).toBe(0);
    expect(orderOf(rig)).toEqual(['new.conf', 'old.conf']);
  });
});

test('nice is 9 unless the job says otherwise', async ({ rig }) => {
  const project = rig.project();
  project.submit('plain.conf', ini("sh -c 'nice'"));
  project.submit('nicer.conf', ini("sh -c 'nice'", { nice: 15 }));
  project.submit('eager.conf', ini("sh -c 'nice'", { nice: 0 }));
  expect((await runAll(rig)).code).toBe(0);
  expect(['plain', 'nicer', 'eager'].map((name) => project.log(`${name}.conf`, 'out'))).toEqual([
    '9\n',
    '15\n',
    '0\n',
  ]);
});

describe('after', () => {
  test('waits until the other job is done', async ({ rig }) => {
    const project = rig.project();
    project.submit('a-second.conf', controlledJob({ after: 'b-first.conf' }));
    project.submit('b-first.conf', controlledJob());
    await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher');
    const first = await rig.jobs.started('b-first.conf');
    expect(project.jobs('jobqueue')).toEqual(['a-second.conf']);
    first.exit(0);
    (await rig.jobs.started('a-second.conf')).exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
    expect(rig.jobs.executions.map(({ name }) => name)).toEqual(['b-first.conf', 'a-second.conf']);
  });

  test('fails all that wait for a job that failed, one after the other', async ({ rig }) => {
    const project = rig.project();
    project.submit('1.conf', ini('false'));
    project.submit('2.conf', ini('true', { after: '1.conf' }));
    project.submit('3.conf', ini('true', { after: '2.conf' }));
    const { code, stdout } = await runAll(rig);
    expect(code).toBe(3);
    expect(stdout).toContain('Job 2.conf goes to failed: it was to run after "1.conf", which failed\n');
    expect(project.jobs('failed')).toEqual(['1.conf', '2.conf', '3.conf']);
    expect(project.starts('2.conf')).toEqual([]);
    expect(project.outcomes('3.conf')).toMatchObject([{ outcome: { kind: 'dependency' } }]);
  });

  test('waits for a job that nobody has submitted yet, and says so', async ({ rig }) => {
    const project = rig.project();
    project.submit('late.conf', ini('true', { after: 'early.conf' }));
    await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher');
    await dispatcher.says(
      '[fjr-dispatcher] Job late.conf waits for early.conf, which nobody has submitted yet.\n',
    );
    project.submit('early.conf', ini('true'));
    expect((await dispatcher.ends()).code).toBe(0);
    expect(project.jobs('done')).toEqual(['early.conf', 'late.conf']);
  });

  test('fails jobs that wait for themselves', async ({ rig }) => {
    const project = rig.project();
    project.submit('a.conf', ini('true', { after: 'b.conf' }));
    project.submit('b.conf', ini('true', { after: 'a.conf' }));
    project.submit('self.conf', ini('true', { after: 'self.conf' }));
    project.submit('good.conf', ini('true'));
    const { code, stdout } = await runAll(rig);
    expect(code).toBe(3);
    expect(stdout).toContain('it waits for itself: self.conf → self.conf');
    expect(project.jobs('failed')).toEqual(['a.conf', 'b.conf', 'self.conf']);
    expect(project.jobs('done')).toEqual(['good.conf']);
  });
});

describe('a job', () => {
  test('sees its own file, itself, its workdir and its variables', async ({ rig }) => {
    const project = rig.project('sweep');
    mkdirSync(`${rig.directory}/home/work`);
    project.submit(
      'job.conf',
      controlledJob({ workdir: '~/work', env: "GREETING=it's $HOME, ünïcode\n  EMPTY=" }),
    );
    await rig.startCrew(['--project', 'sweep']);
    const dispatcher = rig.start('fjr-dispatcher', ['--project', 'sweep']);
    const job = await rig.jobs.started('job.conf');
    const crew = project.crews()[0]!;
    const entry = project.places().running[0]!;
    expect(job.cwd).toBe(`${rig.directory}/home/work`);
    expect(job.argv).toEqual([`${project.root}/jobpods/${crew.id}/running/${entry}`]);
    expect(job.env).toMatchObject({
      GREETING: "it's $HOME, ünïcode",
      EMPTY: '',
      FJR_JOB: 'job.conf',
      FJR_PROJECT: 'sweep',
      FJR_WORKER_ID: `${crew.id}.1`,
      FJR_ATTEMPT: '1',
      FJR_JOB_FILE: job.argv[0],
    });
    job.exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
  });

  test('without a workdir starts where its crew was hired', async ({ rig }) => {
    const project = rig.project();
    mkdirSync(`${rig.directory}/here`);
    await rig.run('fjr-recruiter', ['hire', '1'], { cwd: `${rig.directory}/here` });
    project.submit('job.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('job.conf');
    expect(job.cwd).toBe(`${rig.directory}/here`);
    job.exit(0);
    await dispatcher.ends();
  });

  test('finds its logfile made, with the directory, before it starts', async ({ rig }) => {
    const project = rig.project();
    const logfile = `${rig.directory}/some/where/job.log`;
    project.submit(
      'job.conf',
      ini(`sh -c 'test -f "$1" && echo written >> "$1"; echo printed' sh '${logfile}'`, { logfile }),
    );
    expect((await runAll(rig)).code).toBe(0);
    expect(readFileSync(logfile, 'utf8')).toBe('written\n');
    expect(project.log('job.conf', 'out')).toBe('printed\n');
  });

  test('that runs long can be followed while it runs', async ({ rig }) => {
    const project = rig.project();
    project.submit('long.conf', controlledJob());
    await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('long.conf');
    await job.print('half of it\n');
    await waitUntil(
      'its log can be read',
      () => project.log('long.conf', 'out'),
      (text) => text === 'half of it\n',
    );
    await job.print('and the rest\n');
    expect(project.log('long.conf', 'out')).toBe('half of it\nand the rest\n');
    job.exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
    expect(project.log('long.conf', 'out')).toBe('half of it\nand the rest\n');
  });

  test('leaves no process behind when it ends', async ({ rig }) => {
    const project = rig.project();
    project.submit('parent.conf', controlledJob());
    await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('parent.conf');
    const grandchild = await job.spawn();
    job.exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
    expect(isAlive(grandchild)).toBe(false);
  });

  test('whose program does not exist fails with what the system said', async ({ rig }) => {
    const project = rig.project();
    project.submit('plain.conf', ini('/no/such/program'));
    project.submit('workdir.conf', ini('true', { workdir: '/no/such/directory' }));
    const { code, stdout } = await runAll(rig);
    expect(code).toBe(3);
    expect(stdout).toContain(
      'Job plain.conf failed: could not be started: cannot run /no/such/program: No such file or directory\n',
    );
    expect(stdout).toContain(
      'Job workdir.conf failed: could not be started: cannot enter /no/such/directory: No such file or directory\n',
    );
  });
});

describe('the forms of a job file', () => {
  test('are INI with any of three section names, scripts with and without the x bit, and programs', async ({
    rig,
  }) => {
    const project = rig.project();
    for (const section of ['fjr', 'fjd', 'control'])
      project.submit(`${section}.conf`, `[${section}]\nexecutable = echo ${section}\n`);
    project.submit('runs-itself.sh', '#!/bin/sh\necho "itself: $FJR_JOB"\n', 0o700);
    project.submit('is-run.sh', '#!/bin/sh -u\necho "run: $FJR_JOB"\n');
    project.submit(
      'with-directives.py',
      '#!/usr/bin/env python3\n#FJR env: GREETING=hello\n#FJR nice: 11\nimport os\nprint(os.environ["GREETING"], os.nice(0), os.environ["FJR_JOB"])\n',
    );
    copyFileSync(onPath('env'), `${project.root}/jobqueue/program`);
    const { code, stdout } = await runAll(rig, 2);
    expect(stdout).toMatch(/7 done, 0 failed/);
    expect(code).toBe(0);
    expect(project.log('fjd.conf', 'out')).toMatch(/^fjd .*\/running\/fjd@[0-9a-z]{10}\.conf\n$/);
    expect(project.log('runs-itself.sh', 'out')).toBe('itself: runs-itself.sh\n');
    expect(project.log('is-run.sh', 'out')).toBe('run: is-run.sh\n');
    expect(project.log('with-directives.py', 'out')).toBe('hello 11 with-directives.py\n');
    expect(project.log('program', 'out')).toContain('\nFJR_JOB=program\n');
  });

  test('that are none of these go to failed with the reason, and stop nobody else', async ({ rig }) => {
    const project = rig.project();
    project.submit('good.conf', ini('true'));
    project.submit('typo.conf', '[fjr]\nexecutable: true\ntimout: 5\n');
    project.submit('empty.conf', '');
    project.submit('typo.sh', '#!/bin/sh\n#FJR prioritty: 5\ntrue\n');
    symlinkSync('/dev/null', `${project.root}/jobqueue/link.conf`);
    const { code, stdout } = await runAll(rig);
    expect(code).toBe(3);
    expect(stdout).toContain(
      'Job typo.conf goes to failed: line 3: unknown key "timout" in [fjr] (did you mean "timeout"?)\n',
    );
    expect(stdout).toContain(
      'Job typo.sh goes to failed: line 2: unknown key "prioritty" in #FJR (did you mean "priority"?)\n',
    );
    expect(stdout).toContain(
      'Job link.conf goes to failed: it is a symbolic link, not a file (copy a job file into the queue)\n',
    );
    expect(project.jobs('failed')).toEqual(['empty.conf', 'link.conf', 'typo.conf', 'typo.sh']);
    expect(project.jobs('done')).toEqual(['good.conf']);
    expect(existsSync('/dev/null')).toBe(true);
  });
});
