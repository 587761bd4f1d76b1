import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { ini } from '../rig/project-files.js';
import { test } from '../rig/rig.js';
import { waitUntil } from '../rig/wait-until.js';

test('Two dispatchers at once run 1,000 jobs on two crews: each once, each with one outcome', async ({
  rig,
}) => {
  const project = rig.project();
  const names = Array.from({ length: 1000 }, (_, index) => `job${index + 1}.conf`);
  const job = ini('sh -c \'echo "$FJR_TOKEN" >> "$LEDGER/$FJR_JOB"\'');
  for (const name of names) project.submitOld(name, job);
  const first = rig.start('fjr-dispatcher');
  await first.says('[fjr-dispatcher] Found 1000 job(s) and 0 worker(s)...');
  // The lock is no matter to `fjr run`: while its own job runs, it gives out whatever waits in its project.
  const stop = `${rig.directory}/stop`;
  const own = `until [ -e ${stop} ]; do sleep 0.05; done`;
  const second = rig.start('fjr', ['run', '--project', 'default', '-j', '5', '--', own]);
  await rig.startCrew(['--workers', '4']);
  await waitUntil(
    'the jobs are done',
    () => project.jobs('done').length,
    (count) => count === names.length,
    40,
  );
  writeFileSync(stop, '');

  expect(await second.ends()).toMatchObject({ code: 0, stderr: '' });
  const { code, stdout, stderr } = await first.ends(35);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/\n\[fjr-dispatcher\] 1001 done, 0 failed in /);
  expect(project.jobs('done').filter((name) => name.startsWith('job'))).toEqual([...names].sort());
  expect([...project.entries('jobqueue'), ...project.entries('failed'), ...project.pods()]).toEqual([]);
  const tokens = readdirSync(rig.ledger).map((name) =>
    readFileSync(`${rig.ledger}/${name}`, 'utf8').split('\n').slice(0, -1),
  );
  expect(tokens.filter((lines) => lines.length !== 1)).toEqual([]);
  expect(new Set(tokens.flat()).size).toBe(1000);
  const finished = project.journal().filter(({ event }) => event === 'finish');
  expect(finished).toHaveLength(1001);
}, 60_000);
