import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { Background } from '../rig/background.js';
import { type TaskOutcomes, outcomesOf } from '../rig/fan-out.js';
import { commandOf, commandsWith, isAlive, processesWith, signal } from '../rig/processes.js';
import type { Rig } from '../rig/rig.js';
import { type SshHosts, canHaveHosts, test } from '../rig/ssh-hosts.js';
import { waitUntil } from '../rig/wait-until.js';

/** A fan-out file whose workers are these lines; the rest of it, and further options of ssh. */
function write(
  rig: Rig,
  hosts: SshHosts,
  lines: readonly string[],
  text: string,
  options: string[] = [],
): string {
  const path = `${rig.directory}/fjr.yaml`;
  writeFileSync(`${rig.directory}/workers.txt`, `# the hosts\n${lines.join('\n')}\n`);
  const all = ['-F', `${hosts.directory}/config`, ...options];
  const workers = `workers:\n  file: { path: workers.txt, format: eachLine }\n  ssh:\n    privateKey: ${hosts.directory}/id.pub\n    options: ${JSON.stringify(all)}\n`;
  writeFileSync(path, `${text}${workers}`);
  return path;
}

function outcomes(rig: Rig, place: 'done' | 'failed' = 'done'): TaskOutcomes {
  const project = rig.project();
  return outcomesOf(`${project.root}/${place}/${project.entries(place)[0]!}`);
}

async function show(rig: Rig): Promise<string> {
  return (await rig.run('fjr', ['show', rig.project().jobs('failed')[0]!])).stdout;
}

/** Reads a file once a task has written it. */
async function told(path: string): Promise<string> {
  const look = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return (await waitUntil(`${path} is written`, look, (text) => text.endsWith('\n'), 30)).trim();
}

/** What a sleep is called that no other test, and no other run of the tests, begins. */
function lasting(seconds: number): string {
  return `${seconds}.${process.pid}`;
}

/** A task's processes, as this host sees them: a host counts its own. */
function farProcesses(seconds: number): number[] {
  return commandsWith(`^sleep ${lasting(seconds)}$`).map(({ pid }) => pid);
}

async function farProcess(seconds: number): Promise<number> {
  const look = (): number[] => farProcesses(seconds);
  return (await waitUntil(`sleep ${seconds} runs`, look, (pids) => pids.length === 1, 30))[0]!;
}

async function dies(pid: number, seconds = 10): Promise<void> {
  await waitUntil(
    `${pid} (${commandOf(pid)}) is dead`,
    () => isAlive(pid),
    (alive) => !alive,
    seconds,
  );
}

/** The whole run has ended, with all that it started here. */
async function over(run: Background, seconds = 30): ReturnType<Background['ends']> {
  return run.ends(seconds);
}

describe.skipIf(!canHaveHosts)('Hosts that share nothing and have ssh', () => {
  test('get words, variables and inputs exactly, and none of them on a command line but the task’s own', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('alpha');
    await hosts.start('beta');
    const value = 'two\nlines, a "quote", \'one\', $x `id` \\ !! ünï';
    writeFileSync(`${rig.directory}/secret`, value);
    const long = 'x'.repeat(100_000);
    const file = write(
      rig,
      hosts,
      ['root@alpha', 'root@beta', 'root@alpha'],
      `command: [sh, -c, 'printf "%s|%s|%s|%s|%s|" "$SECRET" "$INPUT" "$1" "$2" "$(hostname)"; printf err >&2; echo "$FJR_WORKER_ID" >> "$LEDGER_FILE"; tr "\\0" "\\n" < /proc/$PPID/cmdline', sh, "<{}>", "a  b*"]
input: ["it's", "$HOME \\"q\\"", "${long}", "-n", ""]
env: { SECRET: '{{ Exec "cat secret" }}', LEDGER_FILE: ${rig.ledger}/workers, FISH: '><>' }
`,
    );
    expect(await rig.run('fjr', ['check', file])).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await rig.run('fjr', ['run', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { output, accepted } = outcomes(rig);
    expect(accepted.size).toBe(5);
    for (const [task, input] of ["it's", '$HOME "q"', long, '-n', ''].entries()) {
      const printed = output(task);
      expect(printed).toContain(`${value}|${input}|<${input}>|a  b*|`);
      // Of what started it nobody could read what it was given.
      expect(printed.slice(printed.lastIndexOf('|'))).not.toContain('lines');
    }
    const ids = new Set(readFileSync(`${rig.ledger}/workers`, 'utf8').trim().split('\n'));
    expect([...ids].every((id) => /^\S+-\w{8}\.[123]$/.test(id))).toBe(true);
    expect(rig.project().pods()).toEqual([]);
  }, 60_000);

  test('take pieces of a range, which their bounds tell, and none of a list, which are files here', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('alpha');
    const text = (input: string): string =>
      `command: 'echo "$FJR_SHARD/$FJR_SHARD_COUNT $FJR_RANGE_START-$FJR_RANGE_END \${FJR_SHARD_FILE-none}"'\ninput: ${input}\nshards: 3\n`;
    const list = write(rig, hosts, ['root@alpha'], text('[a, b, c]'));
    for (const command of ['check', 'run'])
      expect(await rig.run('fjr', [command, list])).toEqual({
        code: 1,
        stdout: '',
        stderr: `fjr: ${list}: shards of a list stand beside workers.file\nhint: such a shard is a file of this host, which those hosts cannot read: split a range, or leave out shards\n`,
      });
    const range = write(rig, hosts, ['root@alpha'], text('{ range: 1..10 }'));
    expect(await rig.run('fjr', ['run', range])).toMatchObject({ code: 0, stderr: '' });
    const { output } = outcomes(rig);
    expect([0, 1, 2].map(output)).toEqual(['0/3 1-4 none\n', '1/3 5-7 none\n', '2/3 8-10 none\n']);
  }, 60_000);

  test('tell exit codes and signals as they are, 255 included, and what is printed on each stream', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('alpha');
    const ends = [
      'exit 1',
      'exit 254',
      'exit 255',
      'exit 137',
      'kill -9 $$',
      'kill -SEGV $$',
      'kill -2 $$',
      'exit 0',
    ];
    const file = write(
      rig,
      hosts,
      ['root@alpha', 'root@alpha'],
      `command: [sh, -c, 'echo "out $1"; echo "err $1" >&2; eval "$1"', sh, "{}"]\ninput: ${JSON.stringify(ends)}\n`,
    );
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain('7 of 8 tasks failed\nhint: fjr --project default run --resume fjr-');
    const shown = await show(rig);
    for (const [task, how] of [
      'exit code 1',
      'exit code 254',
      'exit code 255',
      'exit code 137',
      'killed by SIGKILL',
      'killed by SIGSEGV',
      'killed by SIGINT',
    ].entries())
      expect(shown).toContain(`task ${task} (${ends[task]!}): ${how}\n`);
    const name = /^\S+(?=:)/.exec(stdout)![0];
    for (const [task, end] of ends.entries())
      expect(await rig.run('fjr', ['logs', `${name}/${task}`])).toEqual({
        code: 0,
        stdout: `out ${end}\n`,
        stderr: `err ${end}\n`,
      });
  }, 60_000);

  test.skipIf(!['/bin/tcsh', '/usr/bin/fish'].every((path) => existsSync(path)))(
    'may have shells that print banners, and are csh, fish or bash',
    async ({ rig, hosts }) => {
      writeFileSync(`${hosts.home}/.cshrc`, 'echo "Welcome to csh"\nprintf "no line end"\n');
      writeFileSync(`${hosts.home}/.bashrc`, 'echo "Welcome to bash"; echo "trouble" >&2\n');
      const login = (shell: string): string => {
        const passwd = `${rig.directory}/passwd-${shell.replaceAll('/', '-')}`;
        writeFileSync(
          passwd,
          readFileSync('/etc/passwd', 'utf8').replace(/^(root:.*:)[^:]*$/m, `$1${shell}`),
        );
        return `mount --bind ${passwd} /etc/passwd`;
      };
      const banner = `${rig.directory}/banner`;
      writeFileSync(banner, 'All that you do is watched.\n');
      await hosts.start('csh', { prepare: login('/bin/tcsh'), config: `Banner ${banner}` });
      await hosts.start('fish', { prepare: login('/usr/bin/fish') });
      await hosts.start('bash', { prepare: 'mount --bind /bin/bash /usr/bin/dash' });
      const file = write(
        rig,
        hosts,
        ['root@csh', 'root@fish', 'root@bash'],
        `command: 'echo "it''s $INPUT on $(hostname)"; [ "$INPUT" != 5 ] || kill -9 $$; [ "$INPUT" != 6 ] || exit 255'\ninput: { range: 1..6 }\n`,
      );
      const { stderr } = await rig.run('fjr', ['run', file]);
      expect(stderr).toContain('2 of 6 tasks failed');
      const shown = await show(rig);
      expect(shown).toContain('(5): killed by SIGKILL');
      expect(shown).toContain('(6): exit code 255');
      const { output } = outcomes(rig, 'failed');
      const printed = [0, 1, 2, 3, 4, 5].map((task) => output(task));
      for (const [task, text] of printed.entries())
        expect(text).toMatch(new RegExp(`^it's ${task + 1} on (csh|fish|bash)\n$`));
    },
    60_000,
  );

  test('start in the directory that is asked for, with the niceness, and say which is not there', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('alpha');
    const text = `command: 'pwd; nice; (sleep ${lasting(4321)} &)'\ninput: [a]\nnice: 7\nworkdir: `;
    expect((await rig.run('fjr', ['run', write(rig, hosts, ['root@alpha'], `${text}"~"\n`)])).code).toBe(0);
    expect(outcomes(rig).output(0)).toBe(`${hosts.home}\n7\n`);
    // What it left behind has ended with it.
    expect(farProcesses(4321)).toEqual([]);
    expect(
      (await rig.run('fjr', ['run', write(rig, hosts, ['root@alpha'], `${text}/no/where\n`)])).code,
    ).toBe(3);
    expect(await show(rig)).toContain('could not be started: cannot enter /no/where');
    const none = write(rig, hosts, ['root@alpha'], 'name: none\ncommand: [nothing-like-this]\ninput: [a]\n');
    await rig.run('fjr', ['run', none]);
    const failed = rig
      .project()
      .jobs('failed')
      .find((name) => name.startsWith('none'))!;
    expect((await rig.run('fjr', ['show', failed])).stdout).toContain(
      'could not be started: cannot run nothing-like-this: not found',
    );
  }, 60_000);

  test('keep nothing of a task that times out, is cancelled, or loses its crew to SIGKILL', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('alpha');
    const run = (name: string, rest: string, mark: number): Background =>
      rig.start('fjr', [
        'run',
        write(
          rig,
          hosts,
          ['root@alpha'],
          `name: ${name}\ncommand: 'trap "echo told >> $LEDGER/${name}; exit 1" TERM; echo up > "${rig.ledger}/up-${name}"; sleep ${lasting(mark)} & wait'\nenv: { LEDGER: ${rig.ledger} }\ninput: [a]\n${rest}`,
        ),
      ]);
    const timed = run('timed', 'timeout: 1s\n', 4001);
    expect((await over(timed)).code).toBe(3);
    expect(await told(`${rig.ledger}/timed`)).toBe('told');
    expect(farProcesses(4001)).toEqual([]);
    const cancelled = run('cancelled', '', 4002);
    const second = await farProcess(4002);
    await rig.run('fjr', [
      'cancel',
      rig
        .project()
        .entries('jobqueue')
        .find((name) => name.endsWith('.run'))!,
    ]);
    await dies(second);
    expect((await over(cancelled)).code).toBe(3);
    expect(await told(`${rig.ledger}/cancelled`)).toBe('told');
    const killed = run('killed', '', 4003);
    const third = await farProcess(4003);
    const crew = processesWith('FJR_HOME', rig.fjrHome).find(({ command }) => command.includes('--for-run'));
    signal(crew!.pid, 'SIGKILL');
    await dies(third);
    expect((await over(killed)).code).toBe(3);
    expect(rig.project().pods()).toEqual([]);
    const interrupted = run('interrupted', '', 4004);
    const fourth = await farProcess(4004);
    interrupted.signal('SIGKILL');
    await dies(fourth);
    await interrupted.ends();
    // What it left in the queue is for no crew that comes; cancelled, it is over.
    await rig.run('fjr', ['cancel', '--all']);
    expect((await rig.run('fjr-dispatcher')).code).toBe(3);
    expect(rig.project().entries('jobqueue')).toEqual([]);
  }, 90_000);

  test('give a task back when its connection is cut, and it runs again when the host answers', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('alpha');
    const file = write(
      rig,
      hosts,
      ['root@alpha'],
      `command: 'echo "$(hostname) $FJR_ATTEMPT" >> ${rig.ledger}/ran; [ -e ${rig.ledger}/gate ] || exec sleep ${lasting(4100)}'\ninput: [a]\n`,
    );
    const run = rig.start('fjr', ['run', file]);
    const task = await farProcess(4100);
    writeFileSync(`${rig.ledger}/gate`, '');
    hosts.killSessions('alpha');
    await dies(task);
    expect(await over(run)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(`${rig.ledger}/ran`, 'utf8')).toBe('alpha 1\nalpha 2\n');
  }, 60_000);

  test('kill a task of which nobody is heard any more, before it is given to another', async ({
    rig,
    hosts,
  }) => {
    await hosts.start('far', { network: true });
    const { address } = hosts.network('far');
    const file = write(
      rig,
      hosts,
      ['root@far'],
      `command: 'echo "$FJR_ATTEMPT" >> ${rig.ledger}/ran; [ -e ${rig.ledger}/gate ] || exec sleep ${lasting(4200)}'\ninput: [a]\n`,
      ['-o', `HostName=${address}`, '-o', 'ConnectTimeout=2'],
    );
    const run = rig.start('fjr', ['run', file]);
    const task = await farProcess(4200);
    writeFileSync(`${rig.ledger}/gate`, '');
    hosts.network('far').cut();
    await dies(task, 20);
    // It is not known here yet.
    expect(readFileSync(`${rig.ledger}/ran`, 'utf8')).toBe('1\n');
    expect(rig.project().places().running).toHaveLength(1);
    await run.says('root@far cannot be reached', 30);
    hosts.network('far').mend();
    const { code, stderr } = await over(run, 40);
    expect(code).toBe(0);
    expect(stderr).toMatch(/root@far cannot be reached: .*\n(hint: .*\n)?fjr: root@far answers again\n/);
    expect(readFileSync(`${rig.ledger}/ran`, 'utf8')).toBe('1\n2\n');
  }, 120_000);

  test('do the work of those that are away, of whom is told once what ssh says', async ({ rig, hosts }) => {
    await hosts.start('alpha');
    hosts.at('off', 1);
    await hosts.hang('silent');
    const file = write(
      rig,
      hosts,
      ['root@off', 'root@alpha', 'root@silent'],
      "command: 'hostname'\ninput: { range: 1..20 }\n",
      ['-o', 'ConnectTimeout=2'],
    );
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file]);
    expect(stdout).toMatch(/: 20 tasks\n\S+: done\n$/);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^fjr: root@off cannot be reached: .*Connection refused\r?\n/);
    const { output, executions } = outcomes(rig);
    expect(executions).toBe(20);
    expect(output(7)).toBe('alpha\n');
  }, 60_000);

  test('that let nobody in end the run at once, with one clear message', async ({ rig, hosts }) => {
    await hosts.start('alpha');
    await hosts.start('strange', { hostKey: 'unknown' });
    const text = 'command: hostname\ninput: { range: 1..20 }\n';
    const started = Date.now();
    const wrong = await rig.run('fjr', [
      'run',
      write(rig, hosts, ['root@alpha'], text, ['-o', `IdentityFile=none`, '-o', 'PubkeyAuthentication=no']),
    ]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr.split('\n').filter((line) => line.includes('Permission denied'))).toHaveLength(1);
    expect(wrong.stderr).toContain('hint: let it accept your key');
    expect(wrong.stderr).toContain('fjr: none of its hosts can be reached\n');
    const unknown = await rig.run('fjr', ['run', write(rig, hosts, ['root@strange'], text)]);
    expect(unknown.stderr).toContain('root@strange cannot be reached: Host key verification failed.');
    expect(unknown.stderr).toContain('StrictHostKeyChecking=accept-new');
    expect(Date.now() - started).toBeLessThan(45_000);
    expect(rig.project().entries('jobqueue')).toEqual([]);
    writeFileSync(
      `${rig.directory}/no-key.yaml`,
      `${text}workers: { file: { path: workers.txt, format: eachLine }, ssh: { privateKey: ./nothing } }\n`,
    );
    expect(await rig.run('fjr', ['run', `${rig.directory}/no-key.yaml`])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/workers\.ssh\.privateKey: cannot read \.\/nothing: ENOENT\nhint: /),
    });
  }, 60_000);

  test('are for their own run alone, and their run for them', async ({ rig, hosts }) => {
    await hosts.start('alpha');
    const project = rig.project();
    const crew = await rig.startCrew(['--workers', '2']);
    const dispatcher = rig.start('fjr-dispatcher', ['--keep-running']);
    await dispatcher.says('Started');
    const file = write(
      rig,
      hosts,
      ['root@alpha', 'root@alpha'],
      `command: 'hostname; [ "$INPUT" != 1 ] || { echo up > ${rig.ledger}/up; while [ ! -e ${rig.ledger}/gate ]; do sleep 0.1; done; }'\ninput: { range: 1..9 }\n`,
    );
    const run = rig.start('fjr', ['run', file]);
    await told(`${rig.ledger}/up`);
    for (let job = 0; job < 6; job++)
      project.submitOld(`job${job}.conf`, "[fjr]\nexecutable: sh -c 'hostname'\n");
    await waitUntil(
      'the jobs are done',
      () => project.jobs('done'),
      (jobs) => jobs.length === 6,
      20,
    );
    writeFileSync(`${rig.ledger}/gate`, '');
    expect(await over(run)).toMatchObject({ code: 0, stderr: '' });
    const directory = project.entries('done').find((name) => name.endsWith('.run'))!;
    const { output } = outcomesOf(`${project.root}/done/${directory}`);
    for (let task = 0; task < 9; task++) expect(output(task)).toBe('alpha\n');
    for (let job = 0; job < 6; job++) expect(project.log(`job${job}.conf`, 'out')).not.toBe('alpha\n');
    for (const program of [dispatcher, crew]) await program.stop();
  }, 60_000);

  test('are shown as a limit, and reached by no crew but the one of fjr run', async ({ rig, hosts }) => {
    const file = write(
      rig,
      hosts,
      ['root@alpha', 'root@beta:2222', 'root@alpha'],
      'command: hostname\ninput: [a]\n',
    );
    const { stdout } = await rig.run('fjr', ['check', file]);
    expect(stdout).toContain('  at once  3: hosts of workers.txt\n');
    const refused = `fjr: ${file} names hosts in workers.file: it can be run, and not submitted\n`;
    expect((await rig.run('fjr', ['submit', file])).stderr).toContain(refused);
    expect(rig.project().entries('jobqueue')).toEqual([]);
    rig.project().submitOld('fjr.yaml', readFileSync(file, 'utf8'));
    await rig.startCrew();
    expect((await rig.run('fjr-dispatcher')).code).toBe(3);
    expect(rig.project().jobs('failed')).toEqual(['fjr.yaml']);
    expect(rig.project().log('fjr.yaml', 'err')).toContain('names hosts in workers.file: it can be run,');
  }, 30_000);

  test('share connections, eight tasks each, and give each task GPUs of its own', async ({ rig, hosts }) => {
    await hosts.start('alpha', { config: 'LogLevel VERBOSE' });
    const lines = Array.from({ length: 10 }, () => 'root@alpha');
    const file = write(
      rig,
      hosts,
      lines,
      `command: 'echo "$CUDA_VISIBLE_DEVICES $SSH_CONNECTION"; touch ${rig.ledger}/$FJR_WORKER_ID; while [ $(ls ${rig.ledger} | wc -l) -lt 10 ]; do sleep 0.1; done'\ninput: { range: 1..40 }\ngpus: 2\n`,
    );
    expect(await rig.run('fjr', ['run', file])).toMatchObject({ code: 0, stderr: '' });
    const { output } = outcomes(rig);
    const printed = Array.from({ length: 40 }, (_, task) => output(task).trim().split(' '));
    expect(new Set(printed.map(([devices]) => devices))).toEqual(
      new Set(Array.from({ length: 10 }, (_, worker) => `${2 * worker},${2 * worker + 1}`)),
    );
    expect(new Set(printed.map(([, , port]) => port)).size).toBe(2);
    expect(readdirSync(`${rig.directory}/tmp`)).toEqual([]);
    expect(processesWith('FJR_HOME', rig.fjrHome)).toEqual([]);
  }, 60_000);
});
