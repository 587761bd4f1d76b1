import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import type { Ended } from '../../src/worker/starter.js';
import { isAlive } from '../rig/processes.js';
import { DeafHelpers, StarterRig, starters, until, exit, linkOf, signal } from './starter-rig.js';

const isRoot = process.getuid?.() === 0;

/** The same for everybody who may start it: root may lower a niceness, and nobody else. */
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

const autogroup = '/proc/self/autogroup';
const weighsSessions = existsSync(autogroup) && readFileSync(autogroup, 'utf8') !== '';

/** A job that dies of nothing but SIGKILL. */
const stubborn = 'trap "" TERM; echo $$; while :; do sleep 1; done';

function failed(reason: string | RegExp): unknown {
  return { kind: 'failed', reason: expect.stringMatching(reason) };
}

describe.each(starters)('the starter in %s', (program, argv) => {
  const rigs: StarterRig[] = [];

  function rig(prefix: readonly string[] = []): StarterRig {
    const made = new StarterRig([...prefix, ...argv]);
    rigs.push(made);
    return made;
  }

  afterEach(async () => {
    for (const made of rigs.splice(0)) await made.end();
  });

  describe('tells how a job ended', () => {
    test('with each exit code from 0 to 255', async () => {
      const it = rig();
      const seen: Ended[] = [];
      for (let code = 0; code < 256; code += 8)
        seen.push(
          ...(await Promise.all(Array.from({ length: 8 }, (__, slot) => it.sh(slot, `exit ${code + slot}`)))),
        );
      expect(seen).toEqual(Array.from({ length: 256 }, (__, code) => exit(code)));
    });

    test.each([
      ['SIGHUP', 1],
      ['SIGINT', 2],
      ['SIGQUIT', 3],
      ['SIGABRT', 6],
      ['SIGKILL', 9],
      ['SIGSEGV', 11],
      ['SIGPIPE', 13],
      ['SIGTERM', 15],
    ])('by %s, which is not the exit code that a shell would give', async (name, number) => {
      const it = rig();
      const [killed, left] = await Promise.all([
        it.sh(1, `ulimit -c 0; kill -${number} $$`),
        it.sh(2, `exit ${128 + number}`),
      ]);
      expect([name, killed, left]).toEqual([name, signal(number), exit(128 + number)]);
    });

    // Node's child processes do not tell: there a real-time signal looks like exit code 0.
    test.skipIf(program === 'node').each([
      ['SIGRTMIN', 34],
      ['SIGRTMAX', 64],
    ])('by the real-time signal %s', async (name, number) => {
      expect([name, await rig().sh(1, `kill -${number} $$`)]).toEqual([name, signal(number)]);
    });

    test('once for each, whatever else happens', async () => {
      const it = rig();
      await it.sh(1, 'exit 1');
      await it.run(1, ['/nonexistent']);
      await it.sh(1, 'exit 2');
      it.starter.stop(1, 0);
      await it.sh(1, 'exit 3');
      expect(it.reports.map(([slot]) => slot)).toEqual([1, 1, 1, 1]);
    });
  });

  describe('hands over exactly', () => {
    const odd = [
      '',
      ' ',
      'a b  c',
      "'",
      '"',
      '\\',
      '\\n',
      '\n',
      'a\nb\n',
      '$HOME `id` $(id)',
      '*',
      '-e',
      '--',
      'tab\there',
      '\r\n',
      '\u0001\u007f',
      'grüße 日本語 \u{1f600}',
      '{}',
      '%s',
      '=',
      'A=B',
    ];

    test('arguments, however odd', async () => {
      const it = rig();
      const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
      expect(await it.run(1, [process.execPath, '-e', print, '--', ...odd])).toEqual(exit(0));
      expect(JSON.parse(it.printed(1))).toEqual(odd);
    });

    test('an argument of 100 kB', async () => {
      const it = rig();
      const long = 'xyz '.repeat(25_000);
      expect(await it.run(1, ['printf', '%s', long])).toEqual(exit(0));
      expect(it.printed(1)).toBe(long);
    });

    test('the environment: its own, and what the job adds or replaces', async () => {
      const it = rig();
      const env = Object.fromEntries(odd.map((value, index) => [`ODD_${index}`, value]));
      expect(await it.run(1, ['env', '-0'], { env: { ...env, HOME: '/elsewhere' } })).toEqual(exit(0));
      const seen = it.printed(1).split('\0').slice(0, -1).sort();
      const wanted = { ...process.env, ...env, HOME: '/elsewhere' };
      expect(seen).toEqual(
        Object.entries(wanted)
          .map(([name, value]) => `${name}=${value}`)
          .sort(),
      );
    });

    test('the PATH on which a program without a slash is looked for', async () => {
      const it = rig();
      it.file('only-here', '#!/bin/sh\necho found\n', 0o755);
      const env = { PATH: `${it.directory}:/usr/bin:/bin` };
      expect(await it.run(1, ['only-here'], { env })).toEqual(exit(0));
      expect(await it.run(1, ['only-here'])).toEqual(
        failed(/^cannot run only-here: no such file or directory$/i),
      );
    });

    test('the working directory', async () => {
      const it = rig();
      await Promise.all([
        it.run(1, ['/bin/pwd', '-P'], { cwd: it.directory }),
        it.run(2, ['/bin/pwd', '-P']),
      ]);
      expect([it.printed(1), it.printed(2)]).toEqual([
        `${realpathSync(it.directory)}\n`,
        `${process.cwd()}\n`,
      ]);
    });

    test('nothing on standard input', async () => {
      const it = rig();
      await it.sh(1, 'readlink /proc/self/fd/0; cat');
      expect(it.printed(1)).toBe('/dev/null\n');
    });

    test('no ignored or blocked signals', async () => {
      const it = rig();
      await it.sh(1, 'grep -E "^Sig(Ign|Blk)" /proc/self/status');
      expect(it.printed(1)).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n');
    });

    test('no pipe or socket of the starter’s own', async () => {
      const it = rig();
      // A job that held the starter's input would keep it from ending; one that held its output could speak for it.
      await it.sh(1, 'for fd in /proc/$$/fd/*; do readlink $fd; done');
      const ours = readdirSync('/proc/self/fd').map(linkOf);
      const theirs = it.printed(1).trim().split('\n');
      expect(theirs.filter((file) => /pipe|socket/.test(file) && !ours.includes(file))).toEqual([]);
      expect(theirs[0]).toBe('/dev/null');
    });

    test('a session and a process group of its own', async () => {
      const it = rig();
      await it.sh(1, 'echo $$; cut -d" " -f5,6 /proc/$$/stat');
      const [pid] = it.printed(1).split('\n');
      expect(it.printed(1)).toBe(`${pid}\n${pid} ${pid}\n`);
    });
  });

  describe('says why a job could not be started', () => {
    test.each([
      ['a program that is not there', ['/no/such/program'], {}, 'cannot run /no/such/program: No such file'],
      [
        'a program that is not on the PATH',
        ['no-such-program'],
        {},
        'cannot run no-such-program: No such file',
      ],
      ['a directory as program', ['/usr'], {}, 'cannot run /usr: Permission denied'],
      ['a file that may not be executed', ['/etc/passwd'], {}, 'cannot run /etc/passwd: Permission denied'],
      ['a path through a file', ['/etc/passwd/x'], {}, 'cannot run /etc/passwd/x: Not a directory'],
      [
        'a working directory that is not there',
        ['true'],
        { cwd: '/no/such/place' },
        'cannot enter /no/such/place: No such file',
      ],
      [
        'a working directory that is a file',
        ['true'],
        { cwd: '/etc/passwd' },
        'cannot enter /etc/passwd: Not a directory',
      ],
      [
        'an output file that cannot be made',
        ['true'],
        { out: '/no/such/out' },
        'cannot open /no/such/out: No such file',
      ],
      [
        'an error file that cannot be made',
        ['true'],
        { err: '/no/such/err' },
        'cannot open /no/such/err: No such file',
      ],
      [
        'an argument longer than Linux takes',
        ['true', 'x'.repeat(140_000)],
        {},
        'cannot run true: Argument list too long',
      ],
    ] as const)('%s', async (__, command, rest, reason) => {
      const it = rig();
      const ended = await it.run(1, command, rest);
      expect(ended).toEqual(failed(new RegExp(`^${reason}[a-z ]*$`, 'i')));
      expect(it.reports).toHaveLength(1);
    });

    test('a script whose interpreter is not there', async () => {
      const it = rig();
      const script = it.file('script', '#!/no/such/interpreter\n', 0o755);
      expect(await it.run(1, [script])).toEqual(
        failed(new RegExp(`^cannot run ${script}: no such file`, 'i')),
      );
    });

    test('a newline in a name stays in one message', async () => {
      const it = rig();
      expect(await it.run(1, ['/no/such\nended 1 exit 0 own'])).toEqual(
        failed(/^cannot run \/no\/such ended 1 exit 0 own: no such file or directory$/i),
      );
      expect(await it.run(1, ['true'])).toEqual(exit(0));
    });

    test('and runs an executable text without #! by /bin/sh, as every shell does', async () => {
      const it = rig();
      const script = it.file('script', 'echo "$1"; exit 4\n', 0o755);
      expect(await it.run(1, [script, 'a b'])).toEqual(exit(4));
      expect(it.printed(1)).toBe('a b\n');
    });
  });

  describe('makes a job nice', () => {
    test('by its own niceness and the job’s', async () => {
      const it = rig();
      const wanted = Math.min(19, getPriority() + 5);
      // The starter in Node can make a job nice only once it runs: the job looks until it is.
      expect(await it.sh(1, `until [ "$(nice)" = ${wanted} ]; do :; done`, { nice: 5, timeout: 10 })).toEqual(
        exit(0),
      );
    });

    test.runIf(isRoot && weighsSessions)('and its session, where those are weighed', async () => {
      const it = rig();
      const wanted = Math.min(19, getPriority() + 5);
      const asked = `until grep -q ' nice ${wanted}$' ${autogroup}; do :; done`;
      expect(await it.sh(1, asked, { nice: 5, timeout: 10 })).toEqual(exit(0));
    });

    test('but never nicer than 19', async () => {
      const it = rig(['nice', '-n', '15']);
      expect(await it.sh(1, 'until [ "$(nice)" = 19 ]; do :; done', { nice: 9, timeout: 10 })).toEqual(
        exit(0),
      );
    });

    test.runIf(isRoot)('and does not start one that asks for more than its user may', async () => {
      const it = rig(asNobody);
      chmodSync(it.directory, 0o777);
      expect(await it.sh(1, 'echo started', { nice: -5 })).toEqual(
        failed(/^cannot set nice -5: permission denied$/i),
      );
      expect([it.printed(1), it.reports.length]).toEqual(['', 1]);
    });
  });

  describe('keeps what a job prints', () => {
    test('10 MB on each stream, whole', async () => {
      const it = rig();
      const stream = 'yes 123456789 | head -c 10000000';
      expect(await it.sh(1, `${stream}; ${stream} | tr 1-9 a-i >&2`)).toEqual(exit(0));
      expect(it.printed(1) === '123456789\n'.repeat(1_000_000)).toBe(true);
      expect(it.printed(1, 'err') === 'abcdefghi\n'.repeat(1_000_000)).toBe(true);
    });

    test('behind what is in the files already, and readable by its user only', async () => {
      const it = rig();
      await it.sh(1, 'echo one; echo uno >&2');
      await it.sh(1, 'echo two; echo due >&2');
      expect([it.printed(1), it.printed(1, 'err')]).toEqual(['one\ntwo\n', 'uno\ndue\n']);
      expect(statSync(`${it.directory}/1.out`).mode & 0o777).toBe(0o600);
    });

    test('whatever of the starter’s own language it holds', async () => {
      const it = rig();
      await it.sh(
        1,
        'echo ended 1 exit 9 own; echo ended 1 exit 9 own >&2; echo "1 not a problem" >&3; exit 0',
      );
      expect(it.reports).toEqual([[1, exit(0)]]);
    });
  });

  describe('keeps time', () => {
    test('a job that ends in time is left alone', async () => {
      expect(await rig().sh(1, 'exit 7', { timeout: 30 })).toEqual(exit(7));
    });

    test('one that does not hears SIGTERM, and not before its time', async () => {
      const start = performance.now();
      expect(await rig().sh(1, 'exec sleep 60', { timeout: 0.3 })).toEqual(signal(15, 'timeout'));
      expect(performance.now() - start).toBeGreaterThan(290);
    });

    test('and may still end in its own way', async () => {
      const it = rig();
      const ended = it.sh(1, 'trap "echo cleaned; exit 3" TERM; echo up; while :; do sleep 0.1; done', {
        timeout: 0.5,
      });
      expect(await ended).toEqual(exit(3, 'timeout'));
      expect(it.printed(1)).toBe('up\ncleaned\n');
    });

    test('one that ignores SIGTERM is killed after the grace, with its whole group', async () => {
      const it = rig();
      const start = performance.now();
      const ended = it.sh(1, `trap "" TERM; (${stubborn}) & ${stubborn}`, { timeout: 0.2 });
      const [, child] = await it.printing(1, /^(\d+)\n/);
      expect(await ended).toEqual(signal(9, 'timeout'));
      const took = performance.now() - start;
      expect(took).toBeGreaterThan(5_100);
      expect(took).toBeLessThan(9_000);
      await until('the grandchild dies', () => !isAlive(Number(child)));
    });

    test('one that stands still is woken to die', async () => {
      const it = rig();
      expect(await it.sh(1, 'kill -STOP $$; exit 1', { timeout: 0.3 })).toEqual(signal(15, 'timeout'));
    });

    test('a time limit in one slot is none in another', async () => {
      const it = rig();
      const other = it.sh(2, 'echo up; exec sleep 60');
      await it.printing(2, /up/);
      await it.sh(1, 'exec sleep 60', { timeout: 0.1 });
      expect(it.reports).toEqual([[1, signal(15, 'timeout')]]);
      it.starter.stop(2, 1);
      expect(await other).toEqual(signal(15, 'stopped'));
    });
  });

  describe('stops a job when told', () => {
    test('first with SIGTERM', async () => {
      const it = rig();
      const ended = it.sh(1, 'echo up; exec sleep 60');
      await it.printing(1, /up/);
      it.starter.stop(1, 30);
      expect(await ended).toEqual(signal(15, 'stopped'));
    });

    test('with SIGTERM to the whole group: a child may end in its own way, too', async () => {
      const it = rig();
      const child = 'trap "echo child; exit 0" TERM; echo up; while :; do sleep 0.1; done';
      const ended = it.sh(1, `trap : TERM; (${child}) & wait; wait; exit 5`);
      await it.printing(1, /up/);
      it.starter.stop(1, 30);
      expect(await ended).toEqual(exit(5, 'stopped'));
      expect(it.printed(1)).toBe('up\nchild\n');
    });

    test('then, after the grace, with SIGKILL', async () => {
      const it = rig();
      const ended = it.sh(1, stubborn);
      await it.printing(1, /\d/);
      const start = performance.now();
      it.starter.stop(1, 0.3);
      expect(await ended).toEqual(signal(9, 'stopped'));
      expect(performance.now() - start).toBeGreaterThan(290);
    });

    test('at once without a grace', async () => {
      const it = rig();
      const ended = it.sh(1, stubborn);
      await it.printing(1, /\d/);
      const start = performance.now();
      it.starter.stop(1, 0);
      expect(await ended).toEqual(signal(9, 'stopped'));
      expect(performance.now() - start).toBeLessThan(4_000);
    });

    test('sooner, when told again with less grace', async () => {
      const it = rig();
      const ended = it.sh(1, stubborn);
      await it.printing(1, /\d/);
      const start = performance.now();
      it.starter.stop(1, 15);
      it.starter.stop(1, 0);
      expect(await ended).toEqual(signal(9, 'stopped'));
      expect(performance.now() - start).toBeLessThan(10_000);
    });

    test('also when it is told in the same breath as to start', async () => {
      const it = rig();
      const ended = it.sh(1, 'exec sleep 60');
      it.starter.stop(1, 15);
      expect(await ended).toEqual(signal(15, 'stopped'));
    });

    test('and passes over a slot where nothing runs', async () => {
      const it = rig();
      it.starter.stop(1, 0);
      expect(await it.sh(1, 'exit 2')).toEqual(exit(2));
      it.starter.stop(1, 0);
      expect(await it.sh(1, 'exit 3')).toEqual(exit(3));
    });
  });

  describe('leaves nothing behind', () => {
    test('what a job left in the background ends with it', async () => {
      const it = rig();
      expect(await it.sh(1, `(${stubborn}) & sleep 60 & echo $!; exit 3`)).toEqual(exit(3));
      const children = it.printed(1).trim().split('\n').map(Number);
      for (const child of children) await until(`${child} dies`, () => !isAlive(child));
    });

    test('when its input ends, all jobs are killed with their groups, and it goes', async () => {
      const it = rig();
      for (let slot = 1; slot <= 4; slot++) void it.sh(slot, `(${stubborn}) & ${stubborn}`);
      const pids: number[] = [];
      for (let slot = 1; slot <= 4; slot++) {
        const [, one, two] = await it.printing(slot, /^(\d+)\n(\d+)\n/);
        pids.push(Number(one), Number(two));
      }
      expect(pids.filter(isAlive)).toHaveLength(8);
      const { pid } = it.starter;
      it.starter.close();
      await until(
        'all die',
        () => !pids.some(isAlive) && !isAlive(pid),
        () => pids.filter(isAlive),
      );
    });

    test('when it is killed itself, its jobs are killed and reported, each once', async () => {
      const it = rig();
      for (let slot = 1; slot <= 4; slot++) void it.sh(slot, `(${stubborn}) & ${stubborn}`);
      const pids: number[] = [];
      for (let slot = 1; slot <= 4; slot++) {
        const [, one, two] = await it.printing(slot, /^(\d+)\n(\d+)\n/);
        pids.push(Number(one), Number(two));
      }
      process.kill(it.starter.pid, 'SIGKILL');
      await until('the crew hears of it', () => it.gone);
      const died = { kind: 'failed', reason: 'the process that starts jobs died' };
      expect(it.reports).toEqual([1, 2, 3, 4].map((slot) => [slot, died]));
      await until(
        'all die',
        () => !pids.some(isAlive),
        () => pids.filter(isAlive),
      );
    });

    test('signals that a terminal sends do not end it', async () => {
      const it = rig();
      await it.sh(1, 'exit 0');
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'] as const)
        process.kill(it.starter.pid, name);
      expect(await it.sh(1, 'exit 6')).toEqual(exit(6));
      expect(it.gone).toBe(false);
    });
  });

  describe('is the guardian', () => {
    test('as long as beats come, jobs run', async () => {
      const it = rig();
      it.starter.beat(0.5);
      const ended = it.sh(1, 'for i in 1 2 3 4 5 6 7 8; do sleep 0.2; echo $i; done');
      for (let beat = 1; beat <= 8; beat++) {
        await it.printing(1, new RegExp(`^${beat}$`, 'm'));
        it.starter.beat(5);
      }
      expect(await ended).toEqual(exit(0));
    });

    test('when no beat came in time, all groups are killed', async () => {
      const it = rig();
      const jobs = [1, 2, 3].map((slot) => it.sh(slot, `(${stubborn}) & ${stubborn}`));
      const pids: number[] = [];
      for (const slot of [1, 2, 3]) pids.push(Number((await it.printing(slot, /^(\d+)\n\d+\n/))[1]));
      it.starter.beat(0.3);
      expect(await Promise.all(jobs)).toEqual([1, 2, 3].map(() => signal(9, 'silence')));
      await until('the grandchildren die', () => !pids.some(isAlive));
    });

    test('and nothing new starts until beats come again', async () => {
      const it = rig();
      it.starter.beat(0);
      expect(await it.sh(1, 'echo started')).toEqual(failed(/^the crew's heartbeat has stopped$/));
      expect(it.printed(1)).toBe('');
      it.starter.beat(30);
      expect(await it.sh(1, 'exit 1')).toEqual(exit(1));
    });
  });

  describe('bears a load', () => {
    test('64 jobs at once', async () => {
      const it = rig();
      const gate = `${it.directory}/gate`;
      execFileSync('mkfifo', [gate]);
      const slots = Array.from({ length: 64 }, (__, slot) => slot + 1);
      const jobs = slots.map((slot) => it.sh(slot, `echo up; read x < ${gate}; exit ${slot}`));
      for (const slot of slots) await it.printing(slot, /up/);
      expect(it.reports).toEqual([]);
      // Open for reading, too: so it is open at once, and stays so until the last has read its byte.
      const fd = openSync(gate, 'r+');
      writeSync(fd, '\n'.repeat(64));
      expect(await Promise.all(jobs)).toEqual(slots.map((slot) => exit(slot)));
      closeSync(fd);
    });

    test('64 failures at once', async () => {
      const it = rig();
      const slots = Array.from({ length: 64 }, (__, slot) => slot + 1);
      const program = `/no/${'long/'.repeat(40)}`;
      const ends = await Promise.all(slots.map((slot) => it.run(slot, [`${program}${slot}`])));
      expect(ends).toEqual(
        slots.map((slot) => failed(new RegExp(`^cannot run ${program}${slot}: no such`, 'i'))),
      );
    });

    test('2,000 jobs one after another on 8 slots, each reported once and in its own slot', async () => {
      const it = rig();
      const codes: unknown[] = [];
      const work = async (slot: number): Promise<void> => {
        for (let n = 0; n < 250; n++)
          codes.push([slot, await it.sh(slot, `exit ${(slot * 25 + n) % 256}`), n]);
      };
      await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(work));
      expect(codes).toHaveLength(2000);
      for (const code of codes as [number, Ended, number][])
        expect(code[1]).toEqual(exit((code[0] * 25 + code[2]) % 256));
      expect(it.reports).toHaveLength(2000);
    });

    test('a crew that does not listen: jobs are killed on time all the same, and no report is lost', async () => {
      const deaf = new DeafHelpers();
      const it = new StarterRig(argv, deaf);
      const refusals = 10_000;
      // So many refusals fill any pipe: whoever waits for the crew to read now waits for ever.
      it.starter.beat(0);
      for (let n = 0; n < refusals; n++) void it.run(2, ['true']);
      it.starter.beat(3600);
      void it.sh(1, stubborn, { timeout: 0.2 });
      const [, pid] = await it.printing(1, /^(\d+)\n/);
      it.starter.stop(1, 0.2);
      await until('the job dies', () => !isAlive(Number(pid)));
      deaf.listen();
      await until(
        'all is told',
        () => deaf.heard.includes('ended 1'),
        () => deaf.heard.slice(-200),
      );
      const refused = "failed 2 the crew's heartbeat has stopped\n".repeat(refusals);
      expect(deaf.heard.startsWith(refused)).toBe(true);
      expect(deaf.heard.slice(refused.length)).toMatch(
        /^started 1 \d+\nended 1 signal 9 (timeout|stopped)\n$/,
      );
      await it.end();
    });
  });
});
