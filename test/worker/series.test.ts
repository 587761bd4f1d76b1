import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { isAlive } from '../rig/processes.js';
import { StarterRig, starters, until, exit, linkOf, signal } from './starter-rig.js';

function failed(reason: RegExp): unknown {
  return { kind: 'failed', reason: expect.stringMatching(reason) };
}

const dropped = { kind: 'dropped' };

describe.each(starters)('a series of tasks, started in %s', (_program, argv) => {
  const rigs: StarterRig[] = [];

  function rig(common: { env?: Record<string, string>; cwd?: string; nice?: number } = {}, slots = 1) {
    const made = new StarterRig(argv);
    rigs.push(made);
    for (let slot = 1; slot <= slots; slot++)
      made.starter.beginSeries(slot, { env: {}, cwd: '', nice: 0, ...common });
    return made;
  }

  afterEach(async () => {
    delete process.env['BASH_FUNC_greet%%'];
    for (const made of rigs.splice(0)) await made.end();
  });

  describe('runs them one after another', () => {
    test('each of which has ended before the next begins, and prints where it should', async () => {
      const it = rig();
      const all = `${it.directory}/all`;
      for (let n = 1; n <= 20; n++)
        it.shTask(
          1,
          `${n}`,
          `echo ${n}; echo e >&2; echo begin ${n} >> ${all}; echo end ${n} >> ${all}; exit ${n}`,
        );
      expect(await it.ends(1, 20)).toEqual(Array.from({ length: 20 }, (_, n) => exit(n + 1)));
      for (let n = 1; n <= 20; n++)
        expect([it.taskPrinted(1, `${n}`), it.taskPrinted(1, `${n}`, 'err')]).toEqual([`${n}\n`, 'e\n']);
      const lines = Array.from({ length: 20 }, (_, n) => `begin ${n + 1}\nend ${n + 1}\n`);
      expect(readFileSync(all, 'utf8')).toBe(lines.join(''));
      await it.closing(1);
      expect(it.closed).toEqual([1]);
    });

    test('in eight slots, 2,000 of them, each told of once, in order, in its own slot', async () => {
      const it = rig({}, 8);
      const codes = (slot: number): number[] => Array.from({ length: 250 }, (_, n) => (slot + n) % 128);
      for (let slot = 1; slot <= 8; slot++)
        codes(slot).forEach((code, n) => {
          it.shTask(slot, `${n % 8}`, `exit ${code}`);
        });
      for (let slot = 1; slot <= 8; slot++)
        expect(await it.ends(slot, 250)).toEqual(codes(slot).map((code) => exit(code)));
    });

    test('and the next one in the same slot after it was closed', async () => {
      const it = rig({ env: { WHICH: 'first' } });
      it.shTask(1, 'a', 'echo $WHICH');
      await it.ends(1, 1);
      await it.closing(1);
      it.starter.beginSeries(1, { env: { WHICH: 'second' }, cwd: '', nice: 0 });
      it.shTask(1, 'b', 'echo $WHICH');
      await it.ends(1, 2);
      expect([it.taskPrinted(1, 'a'), it.taskPrinted(1, 'b')]).toEqual(['first\n', 'second\n']);
    });

    test('closed before anything ran, it is over at once', async () => {
      await rig().closing(1);
    });

    test('with inputs that no pipe has room for', async () => {
      const it = rig({}, 2);
      const long = 'x'.repeat(100_000);
      it.shTask(1, 'wait', `while [ ! -e ${it.directory}/go ]; do sleep 0.05; done`);
      for (let n = 0; n < 8; n++)
        it.task(1, `${n}`, ['/usr/bin/printf', '%s', long], { env: { INPUT: long } });
      // Meanwhile all else goes on.
      it.shTask(2, 'late', 'exec sleep 60', { timeout: 0.1 });
      expect(await it.ends(2, 1)).toEqual([signal(15, 'timeout')]);
      it.file('go', '');
      expect(await it.ends(1, 9)).toEqual(Array.from({ length: 9 }, () => exit(0)));
      for (let n = 0; n < 8; n++) expect(it.taskPrinted(1, `${n}`)).toBe(long);
    });
  });

  describe('gives a task', () => {
    test('arguments and variables, however odd', async () => {
      const it = rig();
      const odd = [
        '',
        ' ',
        "'",
        '"',
        '$HOME',
        '`id`',
        '\\',
        'a\nb',
        '*',
        'é\u{1f600}',
        '-n',
        "'\\''",
        '#',
        '\t',
      ];
      const print = 'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env.INPUT]))';
      for (const [n, input] of odd.entries())
        it.task(1, `${n}`, [process.execPath, '-e', print, '--', ...odd], { env: { INPUT: input } });
      await it.ends(1, odd.length);
      for (const [n, input] of odd.entries())
        expect(JSON.parse(it.taskPrinted(1, `${n}`))).toEqual([odd, input]);
    });

    test('the crew’s environment, what all have in common, and what it has for itself', async () => {
      // As bash exports functions: module systems of clusters do.
      process.env['BASH_FUNC_greet%%'] = '() { echo hello; }';
      const it = rig({ env: { HOME: '/elsewhere', COMMON: "it's\nhere" } });
      it.task(1, 'one', ['/usr/bin/env', '-0'], { env: { INPUT: '1' } });
      it.task(1, 'two', ['/usr/bin/env', '-0'], { env: { OTHER: '2' } });
      await it.ends(1, 2);
      const seen = (name: string): string[] =>
        it
          .taskPrinted(1, name)
          .split('\0')
          .slice(0, -1)
          .filter((pair) => !/^(PWD|OLDPWD|_|SHLVL)=/.test(pair))
          .sort();
      const expected = (own: Record<string, string>): string[] =>
        Object.entries<unknown>({ ...process.env, HOME: '/elsewhere', COMMON: "it's\nhere", ...own })
          .filter(([name]) => !/^(PWD|OLDPWD|_|SHLVL)$/.test(name))
          .map(([name, value]) => `${name}=${String(value)}`)
          .sort();
      expect(seen('one')).toEqual(expected({ INPUT: '1' }));
      expect(seen('two')).toEqual(expected({ OTHER: '2' }));
    });

    test('its directory and niceness', async () => {
      const it = rig({ cwd: '/usr', nice: 3 });
      const wanted = Math.min(19, getPriority() + 3);
      // Where there is no Perl it is made nicer from outside, when it runs already.
      it.shTask(1, 'a', `until [ "$(nice)" = ${wanted} ]; do sleep 0.02; done; pwd`, { timeout: 10 });
      expect(await it.ends(1, 1)).toEqual([exit(0)]);
      expect(it.taskPrinted(1, 'a')).toBe('/usr\n');
    });

    test('nothing on standard input, and no file of the starter’s own', async () => {
      const it = rig();
      it.shTask(1, 'in', 'cat; echo end');
      it.shTask(1, 'fds', 'ls -l /proc/$$/fd');
      expect(await it.ends(1, 2)).toEqual([exit(0), exit(0)]);
      expect(it.taskPrinted(1, 'in')).toBe('end\n');
      const theirs = it.taskPrinted(1, 'fds').match(/(?:pipe|socket):\[\d+\]/g) ?? [];
      const ours = readdirSync('/proc/self/fd').map(linkOf);
      expect(theirs.filter((file) => !ours.includes(file))).toEqual([]);
    });

    test('files of its output that only its user can read, appended to', async () => {
      const it = rig();
      it.shTask(1, 'a', 'echo 1; umask');
      it.shTask(1, 'a', 'echo 2');
      await it.ends(1, 2);
      const umask = execFileSync('/bin/sh', ['-c', 'umask'], { encoding: 'utf8' });
      expect(it.taskPrinted(1, 'a')).toBe(`1\n${umask}2\n`);
      expect(statSync(`${it.directory}/1.a.out`).mode & 0o777).toBe(0o600);
    });
  });

  describe('tells how each ended', () => {
    test('with every exit code that stands for no signal', async () => {
      const it = rig();
      const codes = Array.from({ length: 256 }, (_, code) => code).filter(
        (code) => code <= 128 || code > 192,
      );
      for (const code of codes) it.shTask(1, `${code % 8}`, `exit ${code}`);
      expect(await it.ends(1, codes.length)).toEqual(codes.map((code) => exit(code)));
    });

    test.each([1, 2, 6, 9, 13, 15])('by signal %i', async (number) => {
      const it = rig();
      it.shTask(1, 'a', `kill -${number} $$`);
      it.shTask(1, 'b', 'exit 3');
      expect(await it.ends(1, 2)).toEqual([signal(number), exit(3)]);
    });

    test('that kills whatever is in its process group; the next ones run all the same', async () => {
      const it = rig();
      it.shTask(1, 'a', 'exit 1');
      it.shTask(1, 'b', 'kill -9 0');
      it.shTask(1, 'c', 'echo here; exit 2');
      expect(await it.ends(1, 3)).toEqual([exit(1), signal(9), exit(2)]);
      expect(it.taskPrinted(1, 'c')).toBe('here\n');
    });

    test('that cannot open its output; the next ones run all the same', async () => {
      const it = rig();
      mkdirSync(`${it.directory}/1.b.out`);
      it.shTask(1, 'a', 'exit 1');
      it.shTask(1, 'b', 'exit 2');
      it.shTask(1, 'c', 'exit 3');
      expect(await it.ends(1, 3)).toEqual([exit(1), failed(/cannot open .*1\.b\.out/), exit(3)]);
    });

    test('none of which can enter its directory', async () => {
      const it = rig({ cwd: '/no/such/directory' });
      it.shTask(1, 'a', 'exit 1');
      it.shTask(1, 'b', 'exit 2');
      const reason = failed(/cannot enter \/no\/such\/directory: .*No such file/i);
      expect(await it.ends(1, 2)).toEqual([reason, reason]);
      await it.closing(1);
    });
  });

  describe('ends them', () => {
    test('when one takes too long, that one alone; the others run in the environment they should', async () => {
      const it = rig({ env: { COMMON: 'yes' } });
      it.shTask(1, 'a', 'exit 1', { timeout: 30 });
      it.shTask(1, 'b', 'exec sleep 60', { timeout: 0.2 });
      it.shTask(1, 'c', 'echo $COMMON; exit 3', { timeout: 30 });
      expect(await it.ends(1, 3)).toEqual([exit(1), signal(15, 'timeout'), exit(3)]);
      expect(it.taskPrinted(1, 'c')).toBe('yes\n');
    });

    test('each in its own time: many short ones together may take longer than one may', async () => {
      const it = rig();
      for (let n = 0; n < 6; n++) it.shTask(1, `${n}`, 'sleep 0.3', { timeout: 1 });
      expect(await it.ends(1, 6)).toEqual(Array.from({ length: 6 }, () => exit(0)));
    });

    test('when they are stopped: the one that runs is, and the others do not begin', async () => {
      const it = rig();
      it.shTask(1, 'a', 'trap "echo told; exit 0" TERM; echo up; while :; do sleep 0.05; done');
      it.shTask(1, 'b', 'echo never');
      it.shTask(1, 'c', 'echo never');
      await until('the first is up', () => it.taskPrinted(1, 'a') === 'up\n');
      it.starter.stop(1, 5);
      const [first, ...rest] = await it.ends(1, 3);
      expect(first).toMatchObject({ why: 'stopped' });
      expect(rest).toEqual([dropped, dropped]);
      expect(it.taskPrinted(1, 'a')).toBe('up\ntold\n');
      await it.closing(1);
      expect(it.taskPrinted(1, 'b')).toBe('');
    });

    test('with SIGKILL after the grace', async () => {
      const it = rig();
      it.shTask(1, 'a', 'trap "" TERM; echo $$; while :; do sleep 0.1; done');
      await until('it is up', () => it.taskPrinted(1, 'a').endsWith('\n'));
      it.starter.stop(1, 0.2);
      expect(await it.ends(1, 1)).toEqual([expect.objectContaining({ kind: 'signal', why: 'stopped' })]);
      await it.closing(1);
      expect(isAlive(Number(it.taskPrinted(1, 'a')))).toBe(false);
    });

    test('with what they left running, before it is told that the series is closed', async () => {
      const it = rig();
      it.shTask(1, 'a', 'sleep 60 & (trap "" TERM HUP; sleep 60) & echo $!');
      await it.ends(1, 1);
      await it.closing(1);
      expect(isAlive(Number(it.taskPrinted(1, 'a')))).toBe(false);
    });

    test('when no beat came in time, and starts none until beats come again', async () => {
      const it = rig();
      it.starter.beat(0.5);
      it.shTask(1, 'a', 'exec sleep 60');
      it.shTask(1, 'b', 'exit 1');
      expect(await it.ends(1, 2)).toEqual([signal(9, 'silence'), dropped]);
      it.shTask(1, 'c', 'exit 1');
      expect((await it.ends(1, 3))[2]).toEqual(failed(/heartbeat has stopped/));
      it.starter.beat(60);
      it.shTask(1, 'd', 'exit 4');
      expect((await it.ends(1, 4))[3]).toEqual(exit(4));
    });

    test('when the starter is killed', async () => {
      const it = rig();
      it.shTask(1, 'a', 'exit 1');
      await it.ends(1, 1);
      it.shTask(1, 'b', 'echo $$; exec sleep 60');
      it.shTask(1, 'c', 'exit 1');
      await until('it is up', () => it.taskPrinted(1, 'b').endsWith('\n'));
      process.kill(it.starter.pid, 'SIGKILL');
      expect((await it.ends(1, 3)).slice(1)).toEqual([failed(/died/), dropped]);
      const pid = Number(it.taskPrinted(1, 'b'));
      await until('it is gone', () => !isAlive(pid));
      expect(readdirSync(it.directory)).not.toContain('1.c.out');
    });
  });
});
