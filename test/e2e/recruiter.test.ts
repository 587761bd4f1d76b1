import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { commandOf, isAlive } from '../rig/processes.js';
import { type Rig, test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

async function hire(rig: Rig, project: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.run('fjr-recruiter', ['--project', project, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function fire(rig: Rig, project: string): Promise<string> {
  const { code, stdout, stderr } = await rig.run('fjr-recruiter', ['--project', project, 'fire']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('hire', () => {
  test('adds nobody to a crew that is there, and says so', async ({ rig }) => {
    await hire(rig, 'sweep', 'hire', '3');
    const [crew] = rig.project('sweep').crews();

    const again = await rig.run('fjr-recruiter', ['--project', 'sweep', 'hire', '5']);

    expect(again).toEqual({
      code: 0,
      stdout: `[fjr-recruiter] There are 3 workers in project "sweep" already (crew ${crew!.id}).\n`,
      stderr: 'hint: for 5 instead: fjr-recruiter --project sweep fire, then hire 5\n',
    });
    expect(rig.project('sweep').crews()).toEqual([crew]);
    await fire(rig, 'sweep');
  });

  test('takes one worker less than there are CPUs when no number is given, but at least one', async ({
    rig,
  }) => {
    const workers = Math.max(1, availableParallelism() - 1);
    const said = await hire(rig, 'default', '--multiplexer', 'none', 'hire');
    expect(said).toBe(
      `[fjr-recruiter] Hired ${workers} worker${workers === 1 ? '' : 's'} in project "default".\n`,
    );
    expect(rig.project().crews()).toMatchObject([{ workers }]);
    await fire(rig, 'default');
  });

  test("leaves no doubt in a crew's command line what it is and which project it serves", async ({ rig }) => {
    await hire(rig, 'sweep', 'hire', '2');
    const [crew] = rig.project('sweep').crews();
    expect(commandOf(crew!.pid)).toMatch(/fjr-worker\S* .*--project sweep /);
    await fire(rig, 'sweep');
  });
});

test('--curdir is where jobs start', async ({ rig }) => {
  mkdirSync(`${rig.directory}/there`);
  await hire(rig, 'default', '--curdir', `${rig.directory}/there`, 'hire', '1');
  rig.project().submit('job.conf', controlledJob());
  const dispatcher = rig.start('fjr-dispatcher');
  const job = await rig.jobs.started('job.conf');
  expect(job.cwd).toBe(`${rig.directory}/there`);
  job.exit(0);
  expect((await dispatcher.ends()).code).toBe(0);
});

describe('fire', () => {
  test('gives what was held back to the queue, uncounted, and leaves nothing running', async ({ rig }) => {
    const project = rig.project();
    await hire(rig, 'default', 'hire', '2');
    for (const name of ['a.conf', 'b.conf']) project.submit(name, controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const jobs = [await rig.jobs.started('a.conf'), await rig.jobs.started('b.conf')];
    await dispatcher.stop();

    expect(await fire(rig, 'default')).toBe('[fjr-recruiter] Fired 2 workers in project "default".\n');

    expect(jobs.map((job) => job.isAlive())).toEqual([false, false]);
    expect(project.jobs('jobqueue')).toEqual(['a.conf', 'b.conf']);
    for (const entry of project.entries('jobqueue')) expect(entry).toMatch(/^[ab]@[0-9a-z]{10}\.conf$/);
    expect([
      ...project.pods(),
      ...project.announced(),
      ...project.journal().filter((line) => line.event === 'verdict'),
    ]).toEqual([]);
  });

  test('kills what does not go when told, and gives it back all the same', async ({ rig }) => {
    const project = rig.project();
    await hire(rig, 'default', 'hire', '1');
    project.submit('stubborn.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('stubborn.conf');
    const grandchild = await job.spawn();
    await job.ignore('SIGTERM');
    await dispatcher.stop();

    expect(await fire(rig, 'default')).toBe('[fjr-recruiter] Fired 1 worker in project "default".\n');

    expect(job.heard).toEqual(['SIGTERM']);
    expect([isAlive(job.pid), isAlive(grandchild)]).toEqual([false, false]);
    expect(project.jobs('jobqueue')).toEqual(['stubborn.conf']);
  });

  test('kills a crew that hangs, and gives back what it held', async ({ rig }) => {
    const project = rig.project();
    await hire(rig, 'default', '--multiplexer', 'none', 'hire', '1');
    const crew = project.crews()[0]!;
    project.submit('job.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('job.conf');
    await dispatcher.stop();
    process.kill(crew.pid, 'SIGSTOP');

    const { code, stdout, stderr } = await rig.run('fjr-recruiter', ['fire']);

    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '[fjr-recruiter] Fired 1 worker in project "default".\n',
      stderr: `[fjr-recruiter] Crew ${crew.id} did not go when told, and was killed.\n`,
    });
    await waitUntil(
      'the job is dead',
      () => job.isAlive(),
      (alive) => !alive,
    );
    expect(project.jobs('jobqueue')).toEqual(['job.conf']);
    expect([...project.pods(), ...project.announced()]).toEqual([]);
  });

  test('--drain lets what runs end, and starts nothing new', async ({ rig }) => {
    const project = rig.project();
    await hire(rig, 'default', 'hire', '1');
    for (const name of ['1.conf', '2.conf']) project.submit(name, controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('1.conf');
    const firing = rig.start('fjr-recruiter', ['fire', '--drain']);
    await dispatcher.stop();
    job.exit(0);

    expect(await firing.ends()).toMatchObject({
      code: 0,
      stdout: '[fjr-recruiter] Fired 1 worker in project "default".\n',
    });

    expect(project.jobs('done')).toEqual(['1.conf']);
    expect(project.jobs('jobqueue')).toEqual(['2.conf']);
  });

  test('says when there was nobody', async ({ rig }) => {
    await hire(rig, 'sweep', '--multiplexer', 'none', 'hire', '1');
    await fire(rig, 'sweep');
    expect(await fire(rig, 'sweep')).toBe('[fjr-recruiter] There was nobody to fire in project "sweep".\n');
  });

  test('does not know a project that is not there', async ({ rig }) => {
    const { code, stderr } = await rig.run('fjr-recruiter', ['--project', 'nowhere', 'fire']);
    expect(code).toBe(4);
    expect(stderr).toBe(
      `fjr-recruiter: there is no project "nowhere" in ${rig.fjrHome}\nhint: fjr-recruiter --project nowhere hire makes it\n`,
    );
  });

  test.for(['tmux', 'screen', 'none'])(
    'of project "exp" never touches "exp2", in %s',
    async (kind, { rig }) => {
      for (const project of ['exp2', 'exp', 'exp-2'])
        await hire(rig, project, '--multiplexer', kind, 'hire', '1');
      const others = ['exp2', 'exp-2'].map((project) => rig.project(project).crews()[0]!.pid);

      await fire(rig, 'exp');

      expect(others.map(isAlive)).toEqual([true, true]);
      expect(rig.project('exp').pods()).toEqual([]);
      for (const project of ['exp2', 'exp-2'])
        expect(await fire(rig, project)).toBe(`[fjr-recruiter] Fired 1 worker in project "${project}".\n`);
    },
  );
});

describe('list', () => {
  test.for(['tmux', 'screen', 'none'])(
    'shows what each worker does, and a command that attaches to the crew, in %s',
    async (kind, { rig }) => {
      const project = rig.project();
      await hire(rig, 'default', '--multiplexer', kind, 'hire', '2');
      project.submit('long.conf', controlledJob());
      const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
      const job = await rig.jobs.started('long.conf');

      const stdout = await waitUntil(
        'the list shows who has the job',
        async () => (await rig.run('fjr-recruiter', ['list'])).stdout,
        (seen) => /worker \d: long/.test(seen),
      );

      const crew = project.crews()[0]!;
      expect(stdout).toMatch(
        new RegExp(`^${crew.id}  2 workers, 1 busy, alive, pid ${crew.pid} on ${crew.host}\n`),
      );
      expect(stdout).toMatch(/\n {4}worker [12]: long@[0-9a-z]{10}\.conf\n/);
      expect(stdout).toMatch(/\n {4}worker [12]: free\n/);
      const attach = /\n {4}attach: (.*)\n/.exec(stdout)?.[1] ?? '';
      const terminal = await rig.terminal(attach);
      await terminal.shows(`[fjr-worker] Started with ID ${crew.id}.`);
      await terminal.shows(new RegExp(String.raw`\[fjr-worker\] Worker ${crew.id}\.[12]: I found a job\.`));
      job.exit(0);
      await terminal.shows(new RegExp(String.raw`\[fjr-worker\] Worker ${crew.id}\.[12]: Finished my job\.`));
      await dispatcher.stop();
      await fire(rig, 'default');
    },
  );

  test('tells programs the same in JSON', async ({ rig }) => {
    await hire(rig, 'default', '--multiplexer', 'none', 'hire', '2');
    const crew = rig.project().crews()[0]!;
    const { stdout } = await rig.run('fjr-recruiter', ['list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      project: 'default',
      crews: [{ id: crew.id, state: 'alive', pid: crew.pid, workers: [{ worker: 1 }, { worker: 2 }] }],
    });
    await fire(rig, 'default');
  });

  test('says when nobody is there', async ({ rig }) => {
    await hire(rig, 'default', '--multiplexer', 'none', 'hire', '1');
    await fire(rig, 'default');
    const { code, stdout } = await rig.run('fjr-recruiter', ['list']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'No workers in project "default".\n' });
  });
});

test('A crew that was killed is replaced by the next hire, and its jobs are not lost', async ({ rig }) => {
  const project = rig.project();
  await hire(rig, 'default', 'hire', '1');
  const dead = project.crews()[0]!;
  process.kill(dead.pid, 'SIGKILL');
  await waitUntil(
    'the crew is dead',
    () => isAlive(dead.pid),
    (alive) => !alive,
  );

  expect(await hire(rig, 'default', 'hire', '1')).toBe(
    '[fjr-recruiter] Hired 1 worker in project "default".\n',
  );
  project.submit('job.conf', controlledJob());
  const dispatcher = rig.start('fjr-dispatcher');
  (await rig.jobs.started('job.conf')).exit(0);

  expect((await dispatcher.ends()).code).toBe(0);
  expect(project.pods()).toEqual([]);
  expect(project.announced()).toEqual([]);
});
