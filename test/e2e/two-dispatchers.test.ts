import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { expect } from 'vitest';
import { ini } from '../rig/project-files.js';
import { test } from '../rig/rig.js';

test('Two dispatchers at once run 1,000 jobs on two crews: each once, each with one outcome', async ({
  rig,
}) => {
  const project = rig.project();
  const names = Array.from({ length: 1000 }, (_, index) => `job${index + 1}.conf`);
  const job = ini('sh -c \'echo "$FJR_TOKEN" >> "$LEDGER/$FJR_JOB"\'');
  for (const name of names) project.submitOld(name, job);
  const first = rig.start('fjr-dispatcher');
  await first.says('[fjr-dispatcher] Found 1000 job(s) and 0 worker(s)...');
  // As if the first had been away from the file server for longer than its lock lasts.
  for (const lock of ['dispatcher.lock', 'dispatcher.lock.owner'])
    rmSync(`${project.root}/${lock}`, { recursive: true });
  const second = rig.start('fjr-dispatcher');
  await second.says('[fjr-dispatcher] Found 1000 job(s) and 0 worker(s)...');

  await Promise.all([rig.startCrew(['--workers', '4']), rig.startCrew(['--workers', '4'])]);

  for (const dispatcher of [first, second]) {
    const { code, stdout, stderr } = await dispatcher.ends(35);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\n\[fjr-dispatcher\] 1000 done, 0 failed in /);
  }
  expect(project.jobs('done')).toEqual([...names].sort());
  expect([...project.entries('jobqueue'), ...project.entries('failed'), ...project.pods()]).toEqual([]);
  const tokens = readdirSync(rig.ledger).map((name) =>
    readFileSync(`${rig.ledger}/${name}`, 'utf8').split('\n').slice(0, -1),
  );
  expect(tokens.filter((lines) => lines.length !== 1)).toEqual([]);
  expect(new Set(tokens.flat()).size).toBe(1000);
  const finished = project.journal().filter(({ event }) => event === 'finish');
  expect(finished).toHaveLength(1000);
}, 60_000);
