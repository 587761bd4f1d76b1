import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Command, type Job, jobDefaults } from '../../src/job/job.js';
import { argumentsOf, environmentOf, expandHome } from '../../src/worker/launch.js';

const jobFile = '/home/me/.fjr/default/jobpods/c/running/a b@k3f9q2m4n7.conf';

function job(command: Command, rest: Partial<Job> = {}): Job {
  return { ...jobDefaults, command, ...rest };
}

function executable(line: string): string[] {
  return argumentsOf({ kind: 'executable', line }, jobFile);
}

describe('a script', () => {
  test('that may be executed is its own program', () => {
    expect(argumentsOf({ kind: 'script', interpreter: [] }, jobFile)).toEqual([jobFile]);
  });

  test('is handed to its interpreter otherwise', () => {
    const interpreter = ['/usr/bin/env', '-S node --flag'];
    expect(argumentsOf({ kind: 'script', interpreter }, jobFile)).toEqual([...interpreter, jobFile]);
  });
});

describe('a command line', () => {
  test.each([
    ['gzip', ['gzip']],
    ['gzip -9', ['gzip', '-9']],
    ['  ./my-tool.py  --level=3\t-o a,b:c@d+e%f ', ['./my-tool.py', '--level=3', '-o', 'a,b:c@d+e%f']],
    ['python3 -m\n  mypackage.run', ['python3', '-m', 'mypackage.run']],
    ['/opt/größe/日本', ['/opt/größe/日本']],
  ])('%j needs no shell', (line, argv) => {
    expect(executable(line)).toEqual([...argv, jobFile]);
  });

  test.each([
    'gzip "a b"',
    'gzip "a;b" \'c|d\' e\\&f',
    "gzip 'a b'",
    'gzip $HOME',
    'gzip "$HOME/x"',
    'gzip a\\ b',
    'gzip *',
    'gzip a?',
    'gzip [ab]',
    'gzip < a',
    'gzip > a',
    'gzip ~/a',
  ])('%j is read by a shell that gives way to the program', (line) => {
    expect(executable(line)).toEqual(['/bin/sh', '-c', `exec ${line} "$@"`, 'sh', jobFile]);
  });

  test.each([
    'gzip `x`',
    'gzip "$(x)"',
    'gzip {a,b}',
    'gzip "a',
    '< a gzip',
    'cd "a b"',
    'gzip a | sort',
    'gzip a && b',
    'gzip a; b',
    'gzip a &',
    '(gzip a)',
    'gzip a # b',
    'A=1 gzip',
    'A="1 2" gzip',
    '! gzip',
  ])('%j is handed to a shell as it is', (line) => {
    expect(executable(line)).toEqual(['/bin/sh', '-c', `${line} "$@"`, 'sh', jobFile]);
  });

  // What means something only to a shell: special built-ins, reserved words, and built-ins without a program.
  test.each(
    '. : break continue eval exec exit export readonly return set shift times trap unset alias bg cd command fc fg getopts hash jobs read type ulimit umask unalias wait case for if until while {'.split(
      ' ',
    ),
  )('that starts with %s is handed to a shell', (word) => {
    expect(executable(`${word} x`)[0]).toBe('/bin/sh');
  });

  describe('without a shell', () => {
    let printer = '';
    const directory = mkdtempSync(join(tmpdir(), 'fjr-launch-'));

    beforeAll(() => {
      printer = `${directory}/argv`;
      writeFileSync(printer, '#!/bin/sh\nprintf "%s\\0" "$@"\n');
      chmodSync(printer, 0o755);
    });
    afterAll(() => {
      rmSync(directory, { recursive: true });
    });

    test('has the same arguments that a shell would have made of it', () => {
      const unit = fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...Array.from('abz019_@%+=:,./-')) },
        { weight: 4, arbitrary: fc.constantFrom(' ', '  ', '\t', '\n') },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            'ü',
            '日',
            '\u00a0',
            '\u3000',
            '\u2028',
            '\ufeff',
            '\v',
            '\f',
            '\r',
            '\u0085',
          ),
        },
        { weight: 1, arbitrary: fc.constantFrom(...Array.from('~*?[]{}()<>|&;!#$^\'"\\`')) },
      );
      fc.assert(
        fc.property(fc.string({ unit, maxLength: 20 }), (rest) => {
          const line = `${printer} ${rest}`;
          const argv = executable(line);
          fc.pre(argv[0] !== '/bin/sh');
          const flat = line.replaceAll('\n', ' ');
          const printed = execFileSync('/bin/sh', ['-c', `${flat} "$@"`, 'sh', jobFile], {
            encoding: 'utf8',
          });
          expect(argv.slice(1)).toEqual(printed.split('\0').slice(0, -1));
        }),
        { numRuns: 400 },
      );
    });
  });
});

describe('a job sees', () => {
  const execution = {
    job: 'a b.conf',
    project: 'sweep',
    worker: 'node7-k3f9q2m4.3',
    attempt: 2,
    jobFile,
    token: 'k3f9q2m4n7',
    items: new Map([
      ['PROXY', ['10.0.0.1']],
      ['LICENCE', ['x', 'y z']],
    ]),
    gpus: ['1', '3'],
  };

  test('who and where it is, what it holds, and its own variables', () => {
    expect(
      environmentOf(
        job({ kind: 'executable', line: 'a' }, { env: { A: '1', FJR_JOB: 'forged' } }),
        execution,
      ),
    ).toEqual({
      A: '1',
      FJR_JOB: 'a b.conf',
      FJR_PROJECT: 'sweep',
      FJR_WORKER_ID: 'node7-k3f9q2m4.3',
      FJR_ATTEMPT: '2',
      FJR_JOB_FILE: jobFile,
      FJR_TOKEN: 'k3f9q2m4n7',
      CUDA_VISIBLE_DEVICES: '1,3',
      TASK_RESOURCE_PROXY: '10.0.0.1',
      TASK_RESOURCE_LICENCE: 'x,y z',
      TASK_RESOURCE_LICENCE_1: 'x',
      TASK_RESOURCE_LICENCE_2: 'y z',
    });
  });

  test('nothing of GPUs when it has none', () => {
    const env = environmentOf(job({ kind: 'executable', line: 'a' }), { ...execution, gpus: [] });
    expect(Object.keys(env)).not.toContain('CUDA_VISIBLE_DEVICES');
  });
});

test.each([
  ['~', '/home/me'],
  ['~/x', '/home/me/x'],
  ['~you/x', '~you/x'],
  ['/a/~', '/a/~'],
  ['x', 'x'],
])('%j is %j below a home directory', (path, expected) => {
  expect(expandHome(path, '/home/me')).toBe(expected);
});
