import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { controlledJob } from '../rig/controlled-job.js';
import { ini } from '../rig/project-files.js';
import { type Rig, test } from '../rig/rig.js';
import { SlurmCluster, hasSlurm } from '../rig/slurm.js';
import { waitUntil } from '../rig/wait-until.js';

describe.skipIf(!hasSlurm)('With a section for Slurm in remote.conf', () => {
  const cluster = new SlurmCluster();
  beforeAll(() => {
    cluster.up();
  });
  afterEach(async () => {
    await cluster.clear();
  });
  afterAll(() => {
    cluster.down();
  });

  function configure(rig: Rig, ...lines: string[]): void {
    rig.env['SLURM_CONF'] = cluster.conf;
    mkdirSync(rig.project().root, { recursive: true, mode: 0o700 });
    const section = ['[host3]', 'via: slurm', 'partition: main', ...lines, ''];
    writeFileSync(`${rig.project().root}/remote.conf`, section.join('\n'));
  }

  async function recruit(rig: Rig, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await rig.run('fjr-recruiter', args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  test('hire submits, list shows who waits and who works, fire ends both', async ({ rig }) => {
    configure(rig, 'workers_per_node: 2', 'nodes: 3');
    expect(await recruit(rig, 'hire')).toMatch(
      /^\[fjr-recruiter\] Host slurm-main: Submitted 3 pilots of 2 workers in project "default": slurm jobs \d+, \d+, \d+\.\n$/,
    );
    const shown = await waitUntil(
      'two crews are listed',
      () => recruit(rig, 'list'),
      (text) => text.match(/2 workers, 0 busy/g)?.length === 2 && !/STARTING|RUNNING/.test(text),
    );
    expect(shown).toMatch(/\[host3\] slurm-main: slurm \d+ PENDING \((Resources|Priority)\)\n/);
    expect(shown).toMatch(/ {4}attach.*: tail -f .*\/journal\/slurm-\d+\.log\n/);
    const { hosts } = JSON.parse(await recruit(rig, '--json', 'list')) as { hosts: unknown[] };
    expect(hosts).toMatchObject([{ section: 'host3', via: 'slurm', pending: [{ state: 'PENDING' }] }]);

    expect(await recruit(rig, 'fire')).toMatch(
      /^\[fjr-recruiter\] Host slurm-main: Fired 4 workers in project "default": slurm jobs \d+, \d+, \d+\.\n$/,
    );
    expect(await cluster.jobs()).toEqual([]);
    expect(await recruit(rig, 'fire')).toBe(
      '[fjr-recruiter] Host slurm-main: There was nobody to fire in project "default".\n',
    );
  });

  test('a dispatcher fires the pilots when the work is done, those that wait included', async ({ rig }) => {
    configure(rig, 'nodes: 3', 'workers_per_node: 2');
    await recruit(rig, 'hire');
    for (const name of ['1.conf', '2.conf', '3.conf']) rig.project().submit(name, ini('true'));
    const { code, stdout } = await rig.run('fjr-dispatcher');
    expect(code).toBe(0);
    expect(stdout).toContain('[fjr-dispatcher] 3 done, 0 failed');
    expect(stdout).toMatch(/Host slurm-main: Fired [24] workers in project "default"/);
    expect(await cluster.jobs()).toEqual([]);
  });

  test('hire --auto follows the backlog until Ctrl-C', async ({ rig }) => {
    configure(rig, 'max: 2');
    const project = rig.project();
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    await dispatcher.says('Started on project');
    const auto = rig.start('fjr-recruiter', ['hire', '--auto']);
    await auto.says('[fjr-recruiter] Host slurm-main: 0 to 2 pilots, as the backlog needs.');
    for (const name of ['1.conf', '2.conf', '3.conf']) project.submit(name, controlledJob());
    await auto.says(/Host slurm-main: Submitted 2 pilots: \d+, \d+\.\n/);
    for (const name of ['1.conf', '2.conf', '3.conf']) (await rig.jobs.started(name)).exit(0);
    auto.signal('SIGINT');
    expect((await auto.ends()).code).toBe(130);
    await dispatcher.stop();
    await recruit(rig, 'fire');
    expect(project.jobs('done')).toEqual(['1.conf', '2.conf', '3.conf']);
  });

  test('a partition that is not there is told with its hint, and with exit code 3', async ({ rig }) => {
    configure(rig);
    writeFileSync(`${rig.project().root}/remote.conf`, '[host3]\nvia: slurm\npartition: nosuch\n');
    const { code, stdout, stderr } = await rig.run('fjr-recruiter', ['hire']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      [
        '[fjr-recruiter] Host slurm-nosuch: sbatch: invalid partition specified: nosuch; Batch job submission failed: Invalid partition name specified.',
        `hint: in [host3] of ${rig.project().root}/remote.conf see \`partition\`; sinfo --summarize lists those there are`,
        '',
      ].join('\n'),
    );
  });
});

test('hire --auto says what it needs where nothing can be hired on automatically', async ({ rig }) => {
  const { code, stderr } = await rig.run('fjr-recruiter', ['hire', '--auto']);
  expect(code).toBe(2);
  expect(stderr).toBe(
    `fjr-recruiter: no section of ${rig.project().root}/remote.conf can be hired on automatically\nhint: add one with \`via: slurm\`, and with \`min\` and \`max\`\n`,
  );
});
