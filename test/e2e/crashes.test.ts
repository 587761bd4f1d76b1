import { describe, expect } from 'vitest';
import { type ControlledJob, controlledJob, controlledShellJob } from '../rig/controlled-job.js';
import { isAlive, signal } from '../rig/processes.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

/** The promise of the guardian: within two seconds of its crew's end no process of a job is left. */
async function dieWithinTwoSeconds(pids: readonly number[]): Promise<void> {
  const alive = (): number[] => pids.filter(isAlive);
  await waitUntil(`processes ${pids.join(', ')} are dead`, alive, (left) => left.length === 0, 2);
}

async function startWithGrandchild(rig: Rig, name: string): Promise<{ job: ControlledJob; pids: number[] }> {
  rig.project().submit(name, controlledJob());
  const job = await rig.jobs.started(name);
  return { job, pids: [job.pid, await job.spawn()] };
}

describe('SIGKILL of a crew', () => {
  test.for(['perl', 'no perl'])(
    "kills its jobs' whole process groups, and the jobs run again elsewhere, counted (%s)",
    async (perl, { rig }) => {
      const project = rig.project();
      const env = perl === 'perl' ? {} : { PATH: rig.pathWithOnly('sh', 'sleep') };
      const first = await rig.startCrew(['--workers', '2'], { env });
      const dispatcher = rig.start('fjr-dispatcher');
      const [a, b] = [await startWithGrandchild(rig, 'a.conf'), await startWithGrandchild(rig, 'b.conf')];
      await rig.startCrew(['--workers', '2']);

      first.signal('SIGKILL');

      await dieWithinTwoSeconds([...a.pids, ...b.pids]);
      for (const name of ['a.conf', 'b.conf']) {
        const again = await rig.jobs.started(name, 2);
        expect(again.attempt).toBe('2');
        expect(again.env['FJR_WORKER_ID']).not.toBe(rig.jobs.executions[0]!.env['FJR_WORKER_ID']);
        again.exit(0);
      }
      expect((await dispatcher.ends()).code).toBe(0);
      expect(project.jobs('done')).toEqual(['a.conf', 'b.conf']);
      for (const entry of project.entries('done')) expect(entry).toMatch(/^[ab]@[0-9a-z]{10}\+l1\.conf$/);
      for (const name of ['a.conf', 'b.conf']) expect(project.outcomes(name)).toHaveLength(1);
      expect(rig.jobs.executions).toHaveLength(4);
    },
  );

  test('also kills a job that was just told to end and takes its time, behind a shell that has ended', async ({
    rig,
  }) => {
    const crew = await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    rig.project().submit('job.conf', controlledShellJob({ timeout: 1 }));
    const job = await rig.jobs.started('job.conf');
    await job.ignore('SIGTERM');
    await waitUntil(
      'it has heard SIGTERM',
      () => job.heard,
      (heard) => heard.length > 0,
    );
    crew.signal('SIGKILL');
    await dieWithinTwoSeconds([job.pid]);
    await dispatcher.stop();
  });

  test('keeps what its jobs had printed', async ({ rig }) => {
    const project = rig.project();
    const crew = await rig.startCrew();
    const dispatcher = rig.start('fjr-dispatcher');
    const { job } = await startWithGrandchild(rig, 'job.conf');
    await job.print('as far as it came\n');
    crew.signal('SIGKILL');
    await rig.startCrew();
    (await rig.jobs.started('job.conf', 2)).exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
    const lost = project.starts('job.conf').find(({ entry }) => !entry.includes('+l1'))!;
    expect(project.log(lost.entry, 'out')).toBe('as far as it came\n');
  });

  test('five times over fails the job that it may be the fault of', async ({ rig }) => {
    const project = rig.project();
    project.submit('killer.conf', controlledJob({ 'retry-delay': 0, retries: 9 }));
    const dispatcher = rig.start('fjr-dispatcher');
    for (let crews = 1; crews <= 5; crews++) {
      const crew = await rig.startCrew();
      await rig.jobs.started('killer.conf', crews);
      crew.signal('SIGKILL');
    }
    const { code, stdout } = await dispatcher.ends();
    expect(code).toBe(3);
    expect(stdout).toContain('[fjr-dispatcher] Job killer.conf failed: lost with crew ');
    expect(project.jobs('failed')).toEqual(['killer.conf']);
    expect(project.outcomes('killer.conf')).toMatchObject([{ outcome: { kind: 'lost' } }]);
  });
});

test('SIGKILL of the dispatcher loses nothing: jobs go on, and the next one finishes', async ({ rig }) => {
  const project = rig.project();
  const names = Array.from({ length: 20 }, (_, index) => `${index + 1}.conf`);
  await rig.startCrew(['--workers', '3']);
  for (const name of names)
    project.submit(name, ini('sh -c \'echo "$FJR_ATTEMPT" >> "$LEDGER/$FJR_JOB"; sleep 0.05\''));
  project.submit('0.conf', controlledJob({ priority: 1 }));
  const dispatcher = rig.start('fjr-dispatcher');
  const job = await rig.jobs.started('0.conf');
  await waitUntil(
    'the work has begun',
    () => project.places(),
    ({ done }) => done.length > 3,
  );

  dispatcher.signal('SIGKILL');

  await dispatcher.ends();
  const next = rig.start('fjr-dispatcher');
  await next.says('Started on project');
  expect(job.isAlive()).toBe(true);
  job.exit(0);
  expect((await next.ends()).code).toBe(0);
  expect(project.jobs('done')).toEqual([...names, '0.conf'].sort());
  for (const name of [...names, '0.conf'])
    expect([project.starts(name), project.outcomes(name)]).toMatchObject([[{}], [{}]]);
  expect(rig.jobs.executions).toHaveLength(1);
});

test('SIGKILL of the process that starts jobs fails those as spawn-error, and the crew goes on', async ({
  rig,
}) => {
  const project = rig.project();
  const crew = await rig.startCrew();
  const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
  const { pids } = await startWithGrandchild(rig, 'hit.conf');

  signal(project.crews()[0]!.guardianPid, 'SIGKILL');

  await dieWithinTwoSeconds(pids);
  await waitUntil(
    'the job has failed',
    () => project.places(),
    ({ failed }) => failed.length === 1,
  );
  expect(project.outcomes('hit.conf')).toMatchObject([
    { outcome: { kind: 'spawn-error', reason: 'the process that starts jobs died' } },
  ]);
  project.submit('next.conf', controlledJob());
  (await rig.jobs.started('next.conf')).exit(0);
  await waitUntil(
    'the next job is done',
    () => project.places(),
    ({ done }) => done.length === 1,
  );
  expect(crew.exit).toBeUndefined();
  await dispatcher.stop();
  await crew.stop();
});

test('A retry is what a job gets that asked for it when the process that starts jobs dies', async ({
  rig,
}) => {
  const project = rig.project();
  await rig.startCrew();
  const dispatcher = rig.start('fjr-dispatcher');
  project.submit('job.conf', controlledJob({ retries: 1, 'retry-delay': 0 }));
  await rig.jobs.started('job.conf');
  signal(project.crews()[0]!.guardianPid, 'SIGKILL');
  const again = await rig.jobs.started('job.conf', 2);
  expect(again.attempt).toBe('2');
  again.exit(0);
  expect((await dispatcher.ends()).code).toBe(0);
  expect(project.entries('done')).toEqual([expect.stringMatching(/^job@[0-9a-z]{10}\+s1\.conf$/)]);
});

test.for(['tmux', 'screen'])(
  'SIGKILL of the %s server ends the crew and its jobs, and loses none',
  async (kind, { rig }) => {
    const project = rig.project();
    await rig.run('fjr-recruiter', ['--multiplexer', kind, 'hire', '1']);
    const crew = project.crews()[0]!;
    const dispatcher = rig.start('fjr-dispatcher');
    const { pids } = await startWithGrandchild(rig, 'job.conf');

    signal(await serverPid(rig, kind, crew.session.name), 'SIGKILL');

    await waitUntil(
      'the crew is dead',
      () => isAlive(crew.pid),
      (alive) => !alive,
    );
    await dieWithinTwoSeconds(pids);
    const hired = await rig.run('fjr-recruiter', ['--multiplexer', kind, 'hire', '1']);
    expect(hired).toMatchObject({
      code: 0,
      stdout: '[fjr-recruiter] Hired 1 worker in project "default".\n',
    });
    (await rig.jobs.started('job.conf', 2)).exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
    expect(project.outcomes('job.conf')).toHaveLength(1);
  },
);

async function serverPid(rig: Rig, kind: string, session: string): Promise<number> {
  if (kind === 'tmux') {
    const { stdout } = await rig.run('tmux', [
      '-L',
      session,
      'display-message',
      '-p',
      '-t',
      session,
      '#{pid}',
    ]);
    return Number(stdout);
  }
  const { stdout } = await rig.run('screen', ['-ls', session]);
  return Number(/(\d+)\./.exec(stdout)?.[1]);
}
