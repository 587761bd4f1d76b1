import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Layout } from '../../src/queue/layout.js';
import type { PilotSite } from '../../src/recruiter/pilot-site.js';
import { readRemoteConf } from '../../src/recruiter/remote-conf.js';
import { SlurmEngine } from '../../src/recruiter/slurm-engine.js';
import { systemClock } from '../../src/system/clock.js';
import type { CommandOptions, CommandResult } from '../../src/system/commands.js';
import { MountedFiles } from '../../src/system/files.js';
import { LinuxHost } from '../../src/system/host.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync('/tmp/fjr-slurm-engine-');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Ran {
  readonly argv: readonly string[];
  readonly input: string | undefined;
}

const fine: CommandResult = { exitCode: 0, stdout: '', stderr: '', timedOut: false, notFound: false };

/** Slurm's commands, played: what was run, and what each answers. */
class PlayedSlurm {
  readonly ran: Ran[] = [];
  answers: Record<string, Partial<CommandResult>> = {};
  #jobs = 0;

  run = (argv: readonly string[], { input }: CommandOptions): Promise<CommandResult> => {
    this.ran.push({ argv, input });
    const [program = ''] = argv;
    const usual = program === 'sbatch' ? { stdout: `${++this.#jobs}\n` } : {};
    return Promise.resolve({ ...fine, ...usual, ...this.answers[program] });
  };

  get submissions(): Ran[] {
    return this.ran.filter(({ argv }) => argv[0] === 'sbatch');
  }
}

function open(played: PlayedSlurm, lines: readonly string[], root = `${directory}/my project`): PilotSite {
  const engine = new SlurmEngine({
    system: {
      files: new MountedFiles({ shared: false, fsync: false }),
      host: new LinuxHost(),
      clock: systemClock,
      wait: () => Promise.resolve(),
    },
    commands: played,
    uid: 1234,
    project: 'sweep',
    layout: new Layout(root),
    home: directory,
    directory: '/work here',
    worker: ['/opt/node', '/opt/fjr worker.js'],
    options: { lease: '45', nice: '5' },
  });
  return engine.open(readRemoteConf(['[host3]', 'via: slurm', ...lines, ''].join('\n'), '/remote.conf')[0]!);
}

describe('sbatch is asked', () => {
  test('for what the section says, the last word being sbatch_options', async () => {
    const slurm = new PlayedSlurm();
    await open(slurm, [
      'partition: gpu',
      'account: lab7',
      'time: 1-12:00:00',
      'workers_per_node: 4',
      'gpus: 2',
      'nodes: 1',
      "sbatch_options: --constraint='avx2&ib' --mem=8G \\",
      '  --exclude="n 1",n2',
    ]).hire();
    expect(slurm.submissions.map(({ argv }) => argv)).toEqual([
      [
        'sbatch',
        '--parsable',
        '--nodes=1-1',
        '--ntasks=1',
        expect.stringMatching(/^--job-name=fjr-sweep-host3-[0-9a-f]{4}$/),
        `--output=${directory}/my project/journal/slurm-%j.log`,
        '--open-mode=append',
        '--partition=gpu',
        '--account=lab7',
        '--time=2160',
        '--signal=B:TERM@30',
        '--cpus-per-task=4',
        '--gres=gpu:2',
        '--constraint=avx2&ib',
        '--mem=8G',
        '--exclude=n 1,n2',
      ],
    ]);
  });

  test('for a path of which a part looks like one of its patterns', async () => {
    const slurm = new PlayedSlurm();
    await open(slurm, [], `${directory}/100%j`).hire();
    expect(slurm.submissions[0]?.argv).toContain(`--output=${directory}/100%%j/journal/slurm-%j.log`);
  });

  test('for a warning only where the time is long enough for it', async () => {
    const slurm = new PlayedSlurm();
    await open(slurm, ['time: 9']).hire();
    await open(slurm, ['time: unlimited']).hire();
    const warned = slurm.submissions.map(({ argv }) => argv.some((word) => word.startsWith('--signal')));
    expect(warned).toEqual([false, true]);
  });

  test('once for each node', async () => {
    const slurm = new PlayedSlurm();
    expect(await open(slurm, ['nodes: 3']).hire()).toEqual({
      lines: ['Submitted 3 pilots of a worker for each CPU in project "sweep": slurm jobs 1, 2, 3.'],
    });
  });
});

describe('The script of a pilot', () => {
  /** Runs it with a fjr-worker that shows its arguments, and a Slurm that grants what the environment says. */
  async function play(lines: readonly string[], env: Record<string, string>, timeLeft = ''): Promise<string> {
    const slurm = new PlayedSlurm();
    const show = '#!/bin/sh\nprintf "%s|" "$(pwd)" "$FJR_HOME" "$GREETING" "$@"\n';
    for (const [name, text] of Object.entries({ node: show, squeue: `#!/bin/sh\necho '${timeLeft}'\n` })) {
      writeFileSync(`${directory}/${name}`, text);
      chmodSync(`${directory}/${name}`, 0o755);
    }
    await open(slurm, [`node: ${directory}/node`, `workdir: ${directory}`, ...lines]).hire();
    const input = slurm.submissions[0]?.input ?? '';
    const path = `${directory}:${process.env['PATH'] ?? ''}`;
    return execFileSync('sh', { input, env: { PATH: path, SLURM_JOB_ID: '77', ...env }, encoding: 'utf8' });
  }

  test('passes on what the section says and what Slurm grants', async () => {
    const lines = ["env: GREETING=it's $HOME", '  OTHER=x', 'labels: big, fast', 'workers: 3'];
    const env = { SLURM_CPUS_ON_NODE: '8', SLURM_MEM_PER_CPU: '100', SLURM_GPUS_ON_NODE: '2' };
    const shown = await play(lines, env, '1:00:00');
    const options = [
      '--project|sweep|--labels|big,fast|--nice|5|--lease|45',
      '--workers|3|--session|slurm:77|--cpus|8|--gpus|2|--memory|800M|--time-left|3540',
    ];
    expect(shown).toBe(`${directory}|${directory}|it's $HOME|/opt/fjr worker.js|${options.join('|')}|`);
  });

  test('takes a worker for each CPU if it is told nothing else', async () => {
    expect(await play([], { SLURM_CPUS_ON_NODE: '6' })).toContain(
      '|--workers|6|--session|slurm:77|--cpus|6|--gpus|0|',
    );
    expect(await play(['workers_per_node: auto', 'workers: 2'], { SLURM_CPUS_ON_NODE: '6' })).toContain(
      '|--workers|6|',
    );
  });

  test('takes the memory of the whole node where Slurm sets no limit', async () => {
    expect(await play([], { SLURM_MEM_PER_NODE: '0' })).not.toContain('--memory');
    expect(await play([], {})).not.toContain('--memory');
    expect(await play([], { SLURM_MEM_PER_NODE: '512' })).toContain('|--memory|512M|');
  });

  test.for([
    ['0:10', '9'],
    ['2:00', '108'],
    ['1:01:08', '3608'],
    ['08:09:10', '29290'],
    ['2-00:00:09', '172749'],
    ['0:00', '1'],
    ['UNLIMITED', undefined],
    ['INVALID', undefined],
    ['NOT_SET', undefined],
    ['', undefined],
  ] as const)('with %s left goes after %s seconds', async ([left, seconds]) => {
    const shown = await play([], {}, left);
    expect(/--time-left\|(\d+)\|/.exec(shown)?.[1]).toBe(seconds);
  });

  test('needs no answer of the controller where Slurm tells the end in the environment', async () => {
    const end = String(Math.floor(Date.now() / 1000) + 1000);
    const shown = await play([], { SLURM_JOB_END_TIME: end }, '5:00');
    const seconds = Number(/--time-left\|(\d+)\|/.exec(shown)?.[1]);
    expect(seconds).toBeGreaterThan(900);
    expect(seconds).toBeLessThanOrEqual(940);
  });
});

describe('A section that cannot be used is refused with its line:', () => {
  test.for([
    [
      'time: soon',
      'time is "soon"',
      'expected a time limit such as 30 (minutes), 12:00:00, 1-12:00:00, 90m or 12h',
    ],
    ['partiton: gpu', 'unknown key "partiton"', 'did you mean "partition"?'],
    ['nodes: 0', 'nodes is "0"', 'expected a whole number from 1'],
    ['partition: -x', 'partition is "-x"', 'expected the name of a partition'],
    [
      "sbatch_options: --x='",
      `sbatch_options is "--x='"`,
      'expected options of sbatch, quoted as in a shell',
    ],
  ])('%s', ([line = '', what, hint]) => {
    expect(() => open(new PlayedSlurm(), [line])).toThrow(
      expect.objectContaining({ message: `/remote.conf, line 3: [host3] ${what ?? ''}`, hint }),
    );
  });

  test('min above max', () => {
    expect(() => open(new PlayedSlurm(), ['min: 3', 'max: 2'])).toThrow(
      expect.objectContaining({
        message: '/remote.conf, line 4: [host3] max is 2, and min is 3',
        hint: 'max must not be less than min',
      }),
    );
  });
});

describe('What goes wrong is told with a hint:', () => {
  test('no Slurm on this host', async () => {
    const slurm = new PlayedSlurm();
    slurm.answers = { squeue: { exitCode: undefined, notFound: true } };
    expect(await open(slurm, []).hire()).toEqual({
      lines: [],
      failure: {
        reason: 'there is no squeue here',
        hint: "Slurm's commands are on its login nodes: run fjr-recruiter there, or take out [host3] of /remote.conf",
      },
    });
  });

  test('a controller that does not answer', async () => {
    const slurm = new PlayedSlurm();
    slurm.answers = { squeue: { exitCode: undefined, timedOut: true } };
    expect((await open(slurm, []).fire(false)).failure).toEqual({
      reason: 'squeue did not answer in 60 s',
      hint: 'see whether Slurm is well: scontrol ping',
    });
  });

  test('an account that may not', async () => {
    const slurm = new PlayedSlurm();
    const stderr =
      'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified';
    slurm.answers = { sbatch: { exitCode: 1, stdout: '', stderr } };
    expect((await open(slurm, ['account: nosuch']).hire()).failure).toEqual({
      reason:
        'sbatch: Batch job submission failed: Invalid account or account/partition combination specified',
      hint: 'in [host3] of /remote.conf see `account`; sacctmgr show associations user=$USER lists yours',
    });
  });
});

test('A site is shown by its name, or else by its partition, or else by its section', () => {
  const names = [['name: cartesius', 'partition: gpu'], ['partition: gpu'], []].map(
    (lines) => open(new PlayedSlurm(), lines).name,
  );
  expect(names).toEqual(['cartesius', 'slurm-gpu', 'host3']);
});

test("A site's own words before the job's id do no harm", async () => {
  const slurm = new PlayedSlurm();
  slurm.answers = { sbatch: { stdout: 'Welcome to the cluster!\n4711;main\n' } };
  expect((await open(slurm, []).hire()).lines[0]).toContain('slurm job 4711.');
});
