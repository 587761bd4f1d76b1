import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from '../rig/rig.js';

const root = join(import.meta.dirname, '../..');

test('ten jobs made by a Python script run, and each writes the log file that fjr made for it', async ({
  rig,
}) => {
  await rig.run('fjr-recruiter', ['--multiplexer', 'none', 'hire', '4']);
  execFileSync('python3', [`${root}/example/python/create_jobs.py`], { env: { ...process.env, ...rig.env } });
  const { code } = await rig.run('fjr-dispatcher');
  expect(code).toBe(0);
  const logs = join(rig.directory, 'logfiles');
  const written = readdirSync(logs).map((name) => [name, readFileSync(join(logs, name), 'utf8')]);
  const numbers = Array.from({ length: 10 }, (_, index) => index + 1);
  expect(Object.fromEntries(written)).toEqual(
    Object.fromEntries(
      numbers.map((number) => [`job${number}.dat`, `This was done with parameter param1:value${number}.\n`]),
    ),
  );
});

test('the shell example does the same', async ({ rig }) => {
  await rig.run('fjr-recruiter', ['--multiplexer', 'none', 'hire', '4']);
  execFileSync('sh', [`${root}/example/create-jobs.sh`], { env: { ...process.env, ...rig.env } });
  expect((await rig.run('fjr-dispatcher')).code).toBe(0);
  expect(readdirSync(join(rig.fjrHome, 'default/results'))).toHaveLength(10);
});
