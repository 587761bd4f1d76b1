import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { ini } from '../rig/project-files.js';
import { test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

describe('a resource pool', () => {
  test('gives each item to one job at a time, and takes all of them back', async ({ rig }) => {
    const project = rig.project();
    project.addPool('PROXY', { first: 'http://a:1', second: 'http://b:2' });
    // mkdir tells: whoever holds an item finds that nobody else does.
    const job = [
      'held="$LEDGER/held-$(echo "$TASK_RESOURCE_PROXY" | tr -c "a-z0-9\\n" -)"',
      'mkdir "$held" || { echo "$FJR_JOB" >> "$LEDGER/overlaps"; exit 1; }',
      'echo "$TASK_RESOURCE_PROXY"; sleep 0.05; rmdir "$held"',
    ].join('; ');
    for (let number = 1; number <= 16; number++)
      project.submitOld(`${number}.conf`, ini(`sh -c '${job}'`, { resources: 'PROXY' }));
    await Promise.all([rig.startCrew(['--workers', '3']), rig.startCrew(['--workers', '3'])]);

    const { code, stderr } = await rig.run('fjr-dispatcher');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(rig.ledger)).toEqual([]);
    const values = project.jobs('done').map((name) => project.log(name, 'out'));
    expect(values).toHaveLength(16);
    expect(new Set(values)).toEqual(new Set(['http://a:1\n', 'http://b:2\n']));
    expect(project.pool('PROXY')).toEqual(['first', 'second']);
    expect(readFileSync(`${project.root}/resources/PROXY/first`, 'utf8')).toBe('http://a:1\n');
  });

  test('gives several items to who asks for several, each with its own variable', async ({ rig }) => {
    const project = rig.project();
    project.addPool('LICENCE', { x: '1', y: '2', z: '3' });
    project.addPool('PROXY', { p: 'proxy' });
    await rig.startCrew();
    project.submit('two.conf', controlledJob({ resources: 'LICENCE*2, PROXY' }));
    const dispatcher = rig.start('fjr-dispatcher');
    const { env, exit } = await rig.jobs.started('two.conf').then((job) => ({
      env: job.env,
      exit: () => {
        job.exit(0);
      },
    }));
    expect([env['TASK_RESOURCE_LICENCE_1'], env['TASK_RESOURCE_LICENCE_2']].join(',')).toBe(
      env['TASK_RESOURCE_LICENCE'],
    );
    expect(env['TASK_RESOURCE_PROXY']).toBe('proxy');
    expect(project.pool('LICENCE').filter((name) => name.endsWith('.lock'))).toHaveLength(2);
    expect(project.pool('LICENCE').filter((name) => !name.endsWith('.lock'))).toHaveLength(1);
    exit();
    expect((await dispatcher.ends()).code).toBe(0);
    expect(project.pool('LICENCE')).toEqual(['x', 'y', 'z']);
  });

  test('leaves an item alone that a stranger has locked', async ({ rig }) => {
    const project = rig.project();
    project.addPool('PROXY', { hers: 'hers', ours: 'ours' });
    mkdirSync(`${project.root}/resources/PROXY/hers.lock`);
    await rig.startCrew(['--workers', '2']);
    for (const name of ['1.conf', '2.conf', '3.conf'])
      project.submit(name, ini(`sh -c 'echo "$TASK_RESOURCE_PROXY"'`, { resources: 'PROXY' }));
    expect((await rig.run('fjr-dispatcher')).code).toBe(0);
    expect(project.jobs('done').map((name) => project.log(name, 'out'))).toEqual([
      'ours\n',
      'ours\n',
      'ours\n',
    ]);
    expect(project.pool('PROXY')).toEqual(['hers', 'hers.lock', 'ours']);
  });

  test('gets the items of a crew back that was killed, once its jobs are dead', async ({ rig }) => {
    const project = rig.project();
    project.addPool('PROXY', { only: 'one' });
    const crew = await rig.startCrew();
    project.submit('job.conf', controlledJob({ resources: 'PROXY' }));
    const dispatcher = rig.start('fjr-dispatcher');
    await rig.jobs.started('job.conf');
    crew.signal('SIGKILL');
    await rig.startCrew();
    const again = await rig.jobs.started('job.conf', 2);
    expect(again.env['TASK_RESOURCE_PROXY']).toBe('one');
    expect(rig.jobs.executions[0]!.isAlive()).toBe(false);
    again.exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
    expect(project.pool('PROXY')).toEqual(['only']);
  });
});

describe('CPUs, memory and GPUs', () => {
  test('are never given out twice, and jobs that fit go past those that do not', async ({ rig }) => {
    const project = rig.project();
    const small = await rig.startCrew(['--workers', '4', '--cpus', '4', '--memory', '1G', '--gpus', '2']);
    project.submitOld('0-huge.conf', controlledJob({ memory: '3G', priority: 1 }));
    for (const name of ['a', 'b']) {
      project.submitOld(`cpus-${name}.conf`, controlledJob({ cpus: 3 }));
      project.submitOld(`memory-${name}.conf`, controlledJob({ memory: '600M' }));
    }
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const [cpus, memory] = [await rig.jobs.started('cpus-a.conf'), await rig.jobs.started('memory-a.conf')];
    // Two of the four workers are free, and all four CPUs are taken.
    await waitUntil(
      'two workers are free',
      () => project.announced(),
      (badges) => badges.length === 2,
    );
    expect(rig.jobs.executions).toHaveLength(2);
    cpus.exit(0);
    const next = await rig.jobs.started('cpus-b.conf');
    memory.exit(0);
    (await rig.jobs.started('memory-b.conf')).exit(0);
    next.exit(0);
    await waitUntil(
      'all but the huge one are done',
      () => project.places(),
      ({ done }) => done.length === 4,
    );
    expect(project.jobs('jobqueue')).toEqual(['0-huge.conf']);
    const big = await rig.startCrew(['--memory', '4G']);
    (await rig.jobs.started('0-huge.conf')).exit(0);
    await waitUntil(
      'the huge one is done',
      () => project.places(),
      ({ done }) => done.length === 5,
    );
    for (const process of [dispatcher, small, big]) await process.stop();
  });

  test('come with the numbers of the GPUs, to each job its own', async ({ rig }) => {
    const project = rig.project();
    await rig.startCrew(['--workers', '3', '--gpus', '3']);
    project.submit('one.conf', controlledJob({ gpus: 1 }));
    project.submit('two.conf', controlledJob({ gpus: 2 }));
    project.submit('none.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const jobs = await Promise.all(
      ['one.conf', 'two.conf', 'none.conf'].map((name) => rig.jobs.started(name)),
    );
    const gpus = jobs.map((job) => job.env['CUDA_VISIBLE_DEVICES']);
    expect(gpus[2]).toBeUndefined();
    expect(`${gpus[0] ?? ''},${gpus[1] ?? ''}`.split(',').sort()).toEqual(['0', '1', '2']);
    for (const job of jobs) job.exit(0);
    expect((await dispatcher.ends()).code).toBe(0);
  });
});
