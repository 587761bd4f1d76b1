import { mkdtempSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FanOutInputs } from '../../src/queue/fan-out-inputs.js';
import { FanOutPaths } from '../../src/queue/fan-out-paths.js';
import { MountedFiles } from '../../src/system/files.js';
import { submitTasks } from '../rig/fan-out.js';

test('Inputs are read by their numbers, however many fit into what is read at a time', () => {
  const root = mkdtempSync('/tmp/fjr-inputs-');
  try {
    const count = 300_000;
    const inputs = Array.from({ length: count }, (_, index) => String(index % 10));
    submitTasks(root, 'short.run', 'true', inputs);
    const paths = new FanOutPaths(`${root}/jobqueue/short.run`);
    const read = new FanOutInputs(new MountedFiles({ shared: false, fsync: false }), paths);
    expect(read.read(0, 2)).toEqual(['0', '1', '2']);
    expect(read.read(123_456, 123_457)).toEqual(['6', '7']);
    expect(read.read(0, count - 1)).toEqual(inputs);
    expect(read.read(count - 1, count)).toBeUndefined();
  } finally {
    rmSync(root, { recursive: true });
  }
});
