import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { submitTasks } from '../rig/fan-out.js';
import { test } from '../rig/rig.js';

test('A fan-out job runs its command once for each input, and leaves a handful of files', async ({ rig }) => {
  const project = rig.project();
  const inputs = Array.from({ length: 1000 }, (_, index) => `input ${index}'"$`);
  submitTasks(project.root, 'sweep', 'echo "$INPUT" >> "$LEDGER/seen"; echo "out $FJR_TASK_INDEX"', inputs);
  await rig.startCrew(['--workers', '4']);
  const { code, stdout, stderr } = await rig.run('fjr-dispatcher');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/1000 done, 0 failed/);
  const seen = readFileSync(`${rig.ledger}/seen`, 'utf8').split('\n').slice(0, -1);
  expect(seen.sort()).toEqual([...inputs].sort());
  expect([...project.entries('jobqueue'), ...project.entries('failed'), ...project.pods()]).toEqual([]);
  expect(project.entries('done')).toEqual([expect.stringMatching(/^sweep@/)]);
}, 60_000);
