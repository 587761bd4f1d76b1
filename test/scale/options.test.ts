import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { readOptions } from './options.js';

describe('npm run simulate', () => {
  test('plays the usual scenarios if none is named', () => {
    expect(readOptions([])).toEqual({ seed: 1, row: undefined });
    expect(readOptions(['--seed', '7'])).toEqual({ seed: 7, row: undefined });
  });

  test('plays the one that is named', () => {
    const { row } = readOptions([
      '--hosts',
      '10',
      '--files',
      '1e5',
      '--task-seconds',
      '0.5',
      '--server',
      'assumed',
    ]);
    expect(row).toMatchObject({
      ...{ name: 'assumed', hosts: 10, workersPerHost: 64, kind: 'files', count: 100_000 },
      ...{ taskSeconds: 0.5, seconds: 60, seed: 1 },
    });
  });

  test.each([
    [['--hosts', 'many'], '--hosts is "many": expected a whole number above 0, such as 1000 or 1e6'],
    [['--hosts', '1.5'], '--hosts is "1.5": expected a whole number above 0, such as 1000 or 1e6'],
    [['--hosts', '0'], '--hosts is "0": expected a whole number above 0, such as 1000 or 1e6'],
    [['--tasks', ''], '--tasks is "": expected a whole number above 0, such as 1000 or 1e6'],
    [['--seed', 'x'], '--seed is "x": expected a whole number above 0, such as 1000 or 1e6'],
    [
      ['--hosts', '1', '--seconds', 'Infinity'],
      '--seconds is "Infinity": expected a number above 0, such as 0.5 or 60',
    ],
    [['--hosts', '1', '--server', 'toString'], '--server is "toString": expected measured or assumed'],
    [['--server', 'assumed'], '--server is for one scenario: expected --hosts, --tasks or --files beside it'],
    [['--tasks', '1', '--files', '1'], '--tasks stands beside --files: expected one of them'],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(new Error(message));
  });
});

/** What a program says of these arguments, and how it ends. */
function told(path: string, ...args: readonly string[]): { code: number | null; said: string[] } {
  const { status, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
  return { code: status, said: stderr.trimEnd().split('\n') };
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

describe('Options that are wrong', () => {
  test('end npm run simulate with a line and exit code 2', async () => {
    const directory = mkdtempSync(`${tmpdir()}/fjr-options-`);
    try {
      const outfile = `${directory}/simulate.mjs`;
      const how = { bundle: true, format: 'esm', platform: 'node', target: 'node20' } as const;
      await build({ entryPoints: [here('main.ts')], outfile, ...how });
      expect(told(outfile, '--hosts', 'many')).toEqual({
        code: 2,
        said: ['simulate: --hosts is "many": expected a whole number above 0, such as 1000 or 1e6'],
      });
      expect(told(outfile, '--host', '3')).toEqual({ code: 2, said: ["simulate: Unknown option '--host'"] });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('end npm run bench with a line, a hint and exit code 2', () => {
    expect(told(here('../../scripts/bench.mjs'), '--rounds', 'x')).toEqual({
      code: 2,
      said: ['bench: --rounds x: a whole number from 1 was expected', 'hint: npm run bench -- --help'],
    });
  });
});
