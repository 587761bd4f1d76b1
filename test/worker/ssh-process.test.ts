import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { farEnd } from '../../src/worker/far-end.js';
import { type SshLink, sshProcess } from '../../src/worker/ssh-process.js';
import type { Ended } from '../../src/worker/starter.js';

const link: SshLink = {
  host: { user: 'me', host: 'h1', port: 2222 },
  ssh: { privateKey: '/home/me/.ssh/id', options: ['-o', 'ConnectTimeout=3'] },
  script: '/fjr/ssh-task.sh',
  directory: '/tmp/fjr-ssh-abc',
  socket: '0.1',
};

function sent(argv: string[], env: Record<string, string>): Record<string, string> {
  return { ...sshProcess(link, { argv, env, workdir: undefined, nice: 0, mark: 'm' }).env };
}

function textOf(env: Record<string, string>): string {
  return Array.from({ length: Number(env['FJR_PARTS']) }, (_, n) => env[`FJR_PART_${n + 1}`]!).join('');
}

describe('A task for another host', () => {
  test('has nothing of its own on the command line', () => {
    const task = { argv: ['run', 'word'], env: { SECRET: 'value' }, workdir: '/w', nice: 9, mark: 'm' };
    const { argv } = sshProcess(link, task);
    expect(argv.slice(0, 5)).toEqual(['/bin/sh', link.script, link.directory, 'm', 'me@h1:2222']);
    expect(argv.slice(-2)).toEqual(['--', 'h1']);
    expect(argv.filter((word) => /run|word|SECRET|value|\/w$/.test(word))).toEqual([]);
    // The file's own options count before what is good for most.
    expect(argv.indexOf('ConnectTimeout=3')).toBeLessThan(argv.indexOf('ConnectTimeout=10'));
  });

  test('is told to a shell word by word, whatever it holds and however long it is', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), word, (argv, value) => {
        const script = `fjr_run() { fjr_variables; shift 3; printf '%s\\0' "$VALUE" "$@"; }\n${textOf(sent(argv, { VALUE: value }))}`;
        const heard = execFileSync('/bin/sh', { input: script, encoding: 'utf8' });
        expect(heard.split('\0').slice(0, -1)).toEqual([value, ...argv]);
      }),
      { numRuns: 60 },
    );
    const long = '😀'.repeat(50_000);
    const env = sent(['true'], { LONG: long });
    expect(textOf(env)).toContain(`export LONG='${long}'`);
    for (const part of Object.values(env)) expect(Buffer.byteLength(part)).toBeLessThan(131_000);
  });

  test('ends as it did there, or is cut off', () => {
    const lastLine =
      (text: string) =>
      (pattern: RegExp): readonly string[] | undefined =>
        pattern.exec(text) ?? undefined;
    const exit = (code: number, why: 'own' | 'stopped' = 'own'): Ended => ({ kind: 'exit', code, why });
    const none = lastLine('');
    expect(farEnd(exit(3), none)).toEqual(exit(3));
    expect(farEnd(exit(254), lastLine('x\nfjr: exit 255\n'))).toEqual(exit(255));
    expect(farEnd(exit(254), lastLine('x\n\nfjr: signal 9\n'))).toEqual({
      kind: 'signal',
      number: 9,
      why: 'own',
    });
    expect(farEnd(exit(254), lastLine('\nfjr: failed cannot enter /x\n'))).toEqual({
      kind: 'failed',
      reason: 'cannot enter /x',
    });
    for (const lost of [exit(255), exit(254), exit(137), { kind: 'signal', number: 9, why: 'own' } as const])
      expect(farEnd(lost, none)).toEqual({ kind: 'cut' });
    expect(farEnd(exit(255, 'stopped'), none)).toEqual(exit(255, 'stopped'));
  });

  test.for(['dash', 'bash'])(
    'is ended by %s with all that it started when nobody is there any more',
    (shell) => {
      const far = execFileSync('cat', ['src/worker/far-task.sh'], { encoding: 'utf8' });
      const call = "fjr_variables() { :; }\nfjr_run mark '' 0 sh -c 'sleep 4400 & sleep 4400'\n";
      const directory = mkdtempSync('/tmp/fjr-far-');
      writeFileSync(`${directory}/script`, `${far}${call}`);
      try {
        // The input ends at once: so does the task, and the shell says how.
        const heard = execFileSync(shell, ['-c', `${shell} <${directory}/script; echo "code $?"`], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          timeout: 10_000,
        });
        expect(heard).toBe('\nmark\ncode 254\n');
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );
});
