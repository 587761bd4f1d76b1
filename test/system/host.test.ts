import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { LinuxHost } from '../../src/system/host.js';

test('Of a directory that is not there yet its nearest parent tells whether it is shared', () => {
  const host = new LinuxHost();
  expect(host.isShared(`${tmpdir()}/not/there/yet`)).toBe(host.isShared(tmpdir()));
});

test('A directory that cannot be asked counts as shared: its server may be away', () => {
  expect(new LinuxHost().isShared(`/proc/self/mounts/x`)).toBe(true);
});
