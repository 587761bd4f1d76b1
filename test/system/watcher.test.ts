import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemDoorbells } from '../../src/system/watcher.js';
import { waitUntil } from '../rig/wait-until.js';

test('A doorbell tells what came, and is silent when only its directory was touched', async () => {
  const directory = mkdtempSync('/tmp/fjr-doorbell-');
  const rings: string[] = [];
  const stop = systemDoorbells.hang(directory, (name, event) => rings.push(`${event} ${name}`));
  try {
    for (let n = 0; n < 3; n++) utimesSync(directory, new Date(), new Date());
    writeFileSync(`${directory}/.draft`, '');
    renameSync(`${directory}/.draft`, `${directory}/job`);
    const seen = await waitUntil(
      'the job rang',
      () => [...rings],
      (all) => all.includes('rename job'),
    );
    expect(seen.filter((ring) => !/ (\.draft|job)$/.test(ring))).toEqual([]);
  } finally {
    stop();
    rmSync(directory, { recursive: true });
  }
});
