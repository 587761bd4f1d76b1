import { spawnSync } from 'node:child_process';
import { availableParallelism, loadavg, release, tmpdir } from 'node:os';

/** What figures depend upon. The load is that of others: nothing is measured yet. */
export function describeThisMachine(directory) {
  const { stdout } = spawnSync('df', ['--output=fstype', directory], { encoding: 'utf8' });
  return {
    node: process.versions.node,
    cores: availableParallelism(),
    kernel: `Linux ${release()}`,
    load: loadavg()[0].toFixed(2),
    filesystem: stdout?.trim().split('\n').at(-1) ?? 'an unknown filesystem',
    directory: tmpdir(),
  };
}
