import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { describe, expect } from 'vitest';
import type { CrewFile } from '../../src/queue/crew-file.js';
import type { Result } from '../rig/background.js';
import { controlledJob } from '../rig/controlled-job.js';
import { commandsWith, processesWith } from '../rig/processes.js';
import { ini } from '../rig/project-files.js';
import { type Rig, dist } from '../rig/rig.js';
import { canHaveHosts, section, test } from '../rig/ssh-hosts.js';
import { waitUntil } from '../rig/wait-until.js';

const defaultWorkers = Math.max(1, availableParallelism() - 1);

function byHost(a: CrewFile, b: CrewFile): number {
  return a.host < b.host ? -1 : 1;
}

/** Where the crews with a variable in their environment are. */
function directoriesOf(name: string, value: string): string[] {
  return processesWith(name, value)
    .filter(({ command }) => /^\S*node \S*fjr-worker/.test(command))
    .map(({ pid }) => readlinkSync(`/proc/${pid}/cwd`));
}

async function recruiter(rig: Rig, ...args: string[]): Promise<Result> {
  return rig.run('fjr-recruiter', args);
}

function writeConf(rig: Rig, text: string): void {
  mkdirSync(rig.project().root, { recursive: true });
  writeFileSync(`${rig.project().root}/remote.conf`, text);
}

const fired = (workers: number): string =>
  `[fjr-recruiter] Fired ${workers} worker${workers === 1 ? '' : 's'} in project "default".`;
const hired = (workers: number): string =>
  `[fjr-recruiter] Hired ${workers} worker${workers === 1 ? '' : 's'} in project "default".`;

describe.skipIf(!canHaveHosts)('with a remote.conf', () => {
  test('hire hires on all its hosts, and fire fires on all', async ({ rig, hosts }) => {
    await hosts.start('w1');
    await hosts.start('w2');
    const here = section('host0', { name: 'localhost', workers: 1 });
    writeConf(rig, `${here}\n${hosts.conf(['w1', 'w2'], { workers: 2 })}`);

    const hire = await recruiter(rig, 'hire');

    expect(hire).toMatchObject({ code: 0, stderr: '' });
    expect(hire.stdout.split('\n').sort()).toEqual([
      '',
      `[fjr-recruiter] Host localhost: ${hired(1)}`,
      `[fjr-recruiter] Host w1: ${hired(2)}`,
      `[fjr-recruiter] Host w2: ${hired(2)}`,
    ]);
    const crews = rig.project().crews();
    expect(crews.map(({ host, workers }) => [host, workers]).sort()).toEqual(
      [
        ['w1', 2],
        ['w2', 2],
        [hostname(), 1],
      ].sort(),
    );

    const fire = await recruiter(rig, 'fire');

    expect(fire).toMatchObject({ code: 0, stderr: '' });
    expect(fire.stdout.split('\n').sort()).toEqual([
      '',
      `[fjr-recruiter] Host localhost: ${fired(1)}`,
      `[fjr-recruiter] Host w1: ${fired(2)}`,
      `[fjr-recruiter] Host w2: ${fired(2)}`,
    ]);
    expect(rig.project().pods()).toEqual([]);
  });

  test('each host has what its section says, and the rest from the command line', async ({ rig, hosts }) => {
    await hosts.start('w1');
    await hosts.start('w2');
    mkdirSync(`${rig.directory}/work dir`);
    const own = { workers: 'auto', workdir: `${rig.directory}/work dir`, multiplexer: 'tmux', gpus: 2 };
    const env = `\n  GREETING=it's a "nice" day $HOME\n  EMPTY=`;
    writeConf(
      rig,
      [
        section('one', { name: 'w1', ...hosts.options, ...own, env }),
        section('two', { name: 'w2', ...hosts.options, workers: 1 }),
      ].join('\n'),
    );

    const hire = await recruiter(rig, '--multiplexer', 'none', '--gpus', '1', 'hire', '7');

    expect(hire).toMatchObject({
      code: 0,
      stderr: `[fjr-recruiter] ${rig.project().root}/remote.conf says how many workers each host gets: "hire 7" is taken as "hire".\n`,
    });
    const [one, two] = rig.project().crews().sort(byHost);
    expect(one).toMatchObject({ host: 'w1', workers: defaultWorkers, gpus: 2, session: { kind: 'tmux' } });
    expect(two).toMatchObject({ host: 'w2', workers: 1, gpus: 1, session: { kind: 'none' } });
    const greeting = `it's a "nice" day $HOME`;
    expect(directoriesOf('GREETING', greeting)).toEqual([`${rig.directory}/work dir`]);
    expect(directoriesOf('EMPTY', '')).toEqual([`${rig.directory}/work dir`]);
    expect(directoriesOf('FJR_HOME', rig.fjrHome).sort()).toEqual([
      rig.directory,
      `${rig.directory}/work dir`,
    ]);
    await recruiter(rig, 'fire');
  });

  test('a job runs on another host, and connections that would stay open keep nobody waiting', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('w1');
    const { ssh_options: options = '' } = hosts.options;
    const stay = `-o ControlMaster=auto -o ControlPersist=600 -o ControlPath=${rig.directory}/%C`;
    const keys = { workers: 1, multiplexer: 'none', ssh_options: `${options} ${stay}` };
    writeConf(rig, hosts.conf(['w1'], keys));
    expect(await recruiter(rig, 'hire')).toMatchObject({ code: 0, stderr: '' });
    rig.project().submitOld('where.conf', ini(`sh -c 'hostname' sh`));
    const { code } = await rig.run('fjr-dispatcher');
    await recruiter(rig, 'fire');
    expect(code).toBe(0);
    expect(rig.project().log('where.conf', 'out')).toBe('w1\n');
    expect(rig.project().pods()).toEqual([]);
  });

  test('what login shells print, in a home whose path has spaces, is not taken for an answer', async ({
    rig,
    hosts,
  }) => {
    const home = `${rig.directory}/my home`;
    mkdirSync(home);
    cpSync(dist, `${home}/fjr`, { recursive: true });
    writeFileSync(`${hosts.home}/.bashrc`, 'printf "Welcome!\\nfjr-1234567890 begin\\nno newline"\n');
    await hosts.start('w1');
    const options = { env: { FJR_HOME: `${home}/queue` }, cwd: home };
    const run = async (command: string): Promise<Result> =>
      rig.run(process.execPath, [`${home}/fjr/fjr-recruiter.js`, command], options);
    mkdirSync(`${home}/queue/default`, { recursive: true });
    writeFileSync(`${home}/queue/default/remote.conf`, hosts.conf(['w1'], { workers: 3 }));

    expect(await run('hire')).toEqual({
      code: 0,
      stdout: `[fjr-recruiter] Host w1: ${hired(3)}\n`,
      stderr: '',
    });
    expect(await run('hire')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^\[fjr-recruiter\] Host w1: \[fjr-recruiter\] There are 3 workers .* already/,
      ),
    });
    expect(await run('fire')).toEqual({
      code: 0,
      stdout: `[fjr-recruiter] Host w1: ${fired(3)}\n`,
      stderr: '',
    });
  });

  test('list and status tell of all hosts without asking them', async ({ rig, hosts }) => {
    await hosts.start('w1');
    writeConf(rig, `${hosts.conf(['w1'], { workers: 1, multiplexer: 'none' })}\n[off]\nname: nobody.home\n`);
    await recruiter(rig, 'hire');
    const [crew] = rig.project().crews();
    await hosts.close();
    const longAgo = Date.now() / 1000 - 95;
    utimesSync(`${rig.project().root}/jobpods/${crew!.id}/heartbeat`, longAgo, longAgo);

    const list = await recruiter(rig, 'list');
    const status = await rig.run('fjr', ['status']);

    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(
      new RegExp(`^${crew!.id}  1 worker, 0 busy, stale: no heartbeat for 1 min 3\\d s, pid \\d+ on w1\n`),
    );
    expect(list.stdout).toContain(
      `\n    attach (on w1): tail -f ${rig.project().root}/journal/crew-w1.log\n`,
    );
    expect(list.stdout).toMatch(/\n\[off\] nobody\.home: no crew\n$/);
    expect(status.stdout).toContain('  workers  1 in 1 crew, 1 stale, 1 idle\n');
    expect(status.stdout).toMatch(
      new RegExp(`\n    ${crew!.id}: 1 worker, 0 busy, stale: no heartbeat for 1 min`),
    );
    expect(status.stdout).toContain('\n    [off] nobody.home: no crew\n');
    const json = JSON.parse((await recruiter(rig, '--json', 'list')).stdout) as unknown;
    expect(json).toMatchObject({
      crews: [{ id: crew!.id, state: 'elsewhere', stale: true }],
      hosts: [
        { section: 'host1', crews: [crew!.id] },
        { section: 'off', crews: [] },
      ],
    });
  });

  test('fire finds crews of hosts that call themselves otherwise, and names those of hosts that it does not know', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('w1');
    await hosts.start('w2');
    hosts.alias('front', 'w1');
    writeConf(rig, hosts.conf(['front', 'w2'], { workers: 1, multiplexer: 'none' }));
    await recruiter(rig, 'hire');
    const two = rig
      .project()
      .crews()
      .find(({ host }) => host === 'w2')!;
    expect((await recruiter(rig, 'list')).stdout).not.toContain('no crew');
    writeConf(rig, hosts.conf(['front'], { workers: 1 }));
    rmSync(`${rig.project().root}/hosts.json`);

    expect(await recruiter(rig, 'fire')).toEqual({
      code: 0,
      stdout: `[fjr-recruiter] Host front: ${fired(1)}\n`,
      stderr:
        `[fjr-recruiter] 1 worker on w2 (crew ${two.id}) was not fired: no host in remote.conf that answered has that crew.\n` +
        'hint: on w2: fjr-recruiter --project default --local-only fire\n',
    });
    writeConf(rig, hosts.conf(['w2']));
    await recruiter(rig, 'fire');
    expect(rig.project().pods()).toEqual([]);
  });

  test('a password is asked for on the terminal, once for each command, and never without one', async ({
    rig,
    hosts,
  }) => {
    const hash = execFileSync('openssl', ['passwd', '-6', 'secret'], { encoding: 'utf8' }).trim();
    writeFileSync(`${rig.directory}/shadow`, `root:${hash}:19000:0:99999:7:::\n`, { mode: 0o600 });
    await hosts.start('w1', {
      prepare: `mount --bind ${rig.directory}/shadow /etc/shadow`,
      config: 'AuthorizedKeysFile none\nPasswordAuthentication yes',
    });
    await hosts.start('w2');
    writeConf(rig, hosts.conf(['w1', 'w2'], { workers: 1, multiplexer: 'none' }));
    const without = await recruiter(rig, 'hire');
    expect(without).toMatchObject({ code: 3, stdout: `[fjr-recruiter] Host w2: ${hired(1)}\n` });
    expect(without.stderr).toContain('[fjr-recruiter] Host w1: permission denied.\nhint: ');

    for (const [command, done] of [
      ['hire', 'Hired'],
      ['fire', 'Fired'],
    ] as const) {
      const terminal = await rig.terminal(rig.commandLine('fjr-recruiter', command));
      await terminal.shows('password:');
      await terminal.keys('secret', 'Enter');
      const shown = await terminal.shows('[exit code 0]');
      expect(shown.match(/password:/g)).toHaveLength(1);
      expect(shown).toContain(`Host w1: [fjr-recruiter] ${done} 1 worker in project "default".`);
    }
    expect(rig.project().pods()).toEqual([]);
  });

  test('an unknown host key is shown on the terminal, and accepted there', async ({ rig, hosts }) => {
    await hosts.start('w1', { hostKey: 'unknown' });
    writeConf(rig, hosts.conf(['w1'], { workers: 1, multiplexer: 'none' }));
    const terminal = await rig.terminal(rig.commandLine('fjr-recruiter', 'hire'));
    await terminal.shows('Are you sure you want to continue connecting');
    await terminal.keys('yes', 'Enter');
    expect(await terminal.shows('[exit code 0]')).toContain(`Host w1: ${hired(1)}`);
    expect(await recruiter(rig, 'fire')).toMatchObject({ code: 0, stderr: '' });
  });

  test('a full disk is told, and what is on it stays as it is', async ({ rig, hosts }) => {
    await hosts.start('w1');
    mkdirSync(rig.fjrHome);
    const conf = `${rig.directory}/remote.conf`;
    writeFileSync(conf, `${hosts.conf(['w1'])}\n[here]\nname: localhost\nworkers: 1\n`);
    const project = rig.project().root;
    const script = [
      `mount -t tmpfs -o size=64k none '${rig.fjrHome}' && mkdir '${project}' && cp '${conf}' '${project}'`,
      `cat /dev/zero >'${rig.fjrHome}/ballast' 2>/dev/null`,
      `${rig.commandLine('fjr-recruiter', 'hire')}; echo "code $?"; ls -A '${project}/jobpods'`,
    ].join('; ');

    const { stdout, stderr } = await rig.run('unshare', ['--mount', 'sh', '-c', script]);

    expect(stdout).toBe('code 3\n');
    expect(stderr).toMatch(/Host w1: cannot create \S+: ENOSPC\.\nhint: the disk is full: free some space\n/);
    expect(stderr).toMatch(
      /Host localhost: cannot lock \S+: ENOSPC\.\nhint: the disk is full: free some space\n/,
    );
  });

  test('one host under many names gets one crew, and each name is told of it', async ({ rig, hosts }) => {
    await hosts.start('w1');
    const names = Array.from({ length: 12 }, (_, index) => `also${index}`);
    for (const name of names) hosts.alias(name, 'w1');
    writeConf(rig, hosts.conf(names, { workers: 2, multiplexer: 'none' }));

    const { code, stdout, stderr } = await recruiter(rig, 'hire');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/Hired 2 workers/g)).toHaveLength(1);
    expect(stdout.match(/There are 2 workers in project "default" already/g)).toHaveLength(11);
    expect(rig.project().crews()).toHaveLength(1);
    await recruiter(rig, 'fire');
  });

  test('clocks that are ten minutes off make no difference', async ({ rig, hosts }) => {
    const ahead = (seconds: number): string => {
      const path = `${rig.directory}/clock${seconds}.mjs`;
      const now = `Date.now() + ${seconds * 1000}`;
      const shifted = `{ constructor(...a) { super(...(a.length > 0 ? a : [now()])); } static now() { return now(); } }`;
      writeFileSync(
        path,
        `const { Date } = globalThis; const now = () => ${now};\nglobalThis.Date = class extends Date ${shifted};\n`,
      );
      return `NODE_OPTIONS=--import=${path}`;
    };
    const keys = { ...hosts.options, workers: 1, multiplexer: 'none' };
    await hosts.start('early');
    await hosts.start('late');
    writeConf(
      rig,
      section('a', { name: 'early', ...keys, env: ahead(600) }) +
        section('b', { name: 'late', ...keys, env: ahead(-600) }),
    );
    expect(await recruiter(rig, 'hire')).toMatchObject({ code: 0, stderr: '' });
    for (const job of ['1.conf', '2.conf']) rig.project().submitOld(job, controlledJob());
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    const jobs = [await rig.jobs.started('1.conf'), await rig.jobs.started('2.conf')];

    const { crews } = JSON.parse((await recruiter(rig, '--json', 'list')).stdout) as {
      crews: { heartbeatAge: number; stale: boolean; born: string }[];
    };
    const [late, early] = crews.map(({ born }) => Date.parse(born)).sort();
    expect(early! - late!).toBeGreaterThan(1_100_000);
    for (const { heartbeatAge, stale } of crews) {
      expect(stale).toBe(false);
      expect(heartbeatAge).toBeLessThan(20);
    }
    for (const job of jobs) job.exit(0);
    await waitUntil(
      'both are done',
      () => rig.project().jobs('done'),
      (done) => done.length === 2,
    );
    await dispatcher.stop();
    expect(await recruiter(rig, 'fire')).toMatchObject({ code: 0, stderr: '' });
    expect(rig.project().pods()).toEqual([]);
  });

  test('--drain lets jobs on other hosts end', async ({ rig, hosts }) => {
    await hosts.start('w1');
    writeConf(rig, hosts.conf(['w1'], { workers: 1, multiplexer: 'none' }));
    await recruiter(rig, 'hire');
    rig.project().submitOld('job.conf', controlledJob());
    const dispatcher = rig.start('fjr-dispatcher');
    const job = await rig.jobs.started('job.conf');
    await dispatcher.stop();
    const firing = rig.start('fjr-recruiter', ['fire', '--drain']);
    job.exit(0);
    expect(await firing.ends()).toMatchObject({ code: 0, stdout: `[fjr-recruiter] Host w1: ${fired(1)}\n` });
    expect(rig.project().jobs('done')).toEqual(['job.conf']);
  });

  test('Ctrl-C ends the waiting for hosts, and nothing is left of it', async ({ rig, hosts }) => {
    await hosts.hang('silent');
    writeConf(rig, hosts.conf(['silent']));
    const hiring = rig.start('fjr-recruiter', ['hire']);
    await waitUntil(
      'it is connecting',
      () => commandsWith('ssh.*silent'),
      (seen) => seen.length > 0,
    );
    hiring.signal('SIGINT');
    expect(await hiring.ends()).toEqual({
      code: 130,
      stdout: '',
      stderr: '[fjr-recruiter] Interrupted: hosts that were reached do what they were asked all the same.\n',
    });
    expect(readdirSync(rig.project().root).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a remote.conf', () => {
  test('with bad sections costs these and no others', async ({ rig }) => {
    const { root } = rig.project();
    writeConf(
      rig,
      [
        '[host7]\nname: localhost\nworkers: 1\nmultiplexer: none\n\n',
        '[host2]\nname: w2\nworkers: many\n',
        '[typo]\nname: w3\nwokers: 4\n',
        '[nobody]\nworkers: 4\n',
        '[cluster]\nvia: slurmp\nname: big\n',
        '[twice]\nname: localhost\n',
      ].join(''),
    );

    const hire = await recruiter(rig, 'hire');

    expect(hire.code).toBe(3);
    expect(hire.stdout).toBe(`[fjr-recruiter] Host localhost: ${hired(1)}\n`);
    const line = `[fjr-recruiter] ${root}/remote.conf, line`;
    expect(hire.stderr).toContain(
      `${line} 8: [host2] workers is "many"\nhint: expected a whole number from 1 to 10000, or auto\n`,
    );
    expect(hire.stderr).toContain(`${line} 11: [typo] unknown key "wokers"\nhint: did you mean "workers"?\n`);
    expect(hire.stderr).toContain(
      `${line} 13: [nobody] has no name\nhint: add \`name: \` and the host's name\n`,
    );
    expect(hire.stderr).toContain(`${line} 15: [cluster] via is "slurmp"\nhint: `);
    expect(hire.stderr).toContain(`${line} 18: [twice] name is "localhost", as in [host7]\nhint: `);
    expect((await recruiter(rig, 'fire')).code).toBe(3);
    expect(rig.project().pods()).toEqual([]);
  });

  test.for([
    ['# nothing yet\n', 'names no host', 'add a section for each'],
    [
      'name: localhost\n',
      'line 1: "name: localhost" stands before the first section',
      'put a \\[section\\] line',
    ],
  ])('that says nothing is a mistake: %s', async ([text = '', what = '', hint = ''], { rig }) => {
    writeConf(rig, text);
    const { code, stderr } = await recruiter(rig, 'hire');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^fjr-recruiter: ${rig.project().root}/remote.conf,? ${what}\nhint: ${hint}`),
    );
  });

  test('is nobody’s business with --local-only', async ({ rig }) => {
    writeConf(rig, 'nonsense\n');
    expect(await recruiter(rig, '--local-only', '--multiplexer', 'none', 'hire', '1')).toEqual({
      code: 0,
      stdout: `${hired(1)}\n`,
      stderr: '',
    });
    expect(await recruiter(rig, '--local-only', 'fire')).toEqual({
      code: 0,
      stdout: `${fired(1)}\n`,
      stderr: '',
    });
  });
});
