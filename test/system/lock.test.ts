import { mkdtempSync, renameSync, rmSync, writeFileSync, mkdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LinuxHost } from '../../src/system/host.js';
import { takeLock } from '../../src/system/lock.js';

let directory = '';
let path = '';
let owner = '';

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/fjr-lock-`);
  path = `${directory}/dispatcher.lock`;
  owner = `${path}.owner`;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

async function take(): Promise<{ unlock: () => Promise<void>; lost: () => boolean }> {
  let lost = false;
  const lock = await takeLock(path, new LinuxHost(), { onLost: () => (lost = true) });
  if (lock.kind !== 'mine') throw new Error('taken');
  return { unlock: lock.unlock, lost: () => lost };
}

test('A lock whose file cannot be read or written for a while is still its owner’s', async () => {
  const lock = await take();
  vi.advanceTimersByTime(6000);
  renameSync(owner, `${owner}.away`);
  mkdirSync(owner);
  vi.advanceTimersByTime(20_000);
  rmdirSync(owner);
  renameSync(`${owner}.away`, owner);
  vi.advanceTimersByTime(20_000);
  expect(lock.lost()).toBe(false);
  await lock.unlock();
  expect((await take()).lost()).toBe(false);
});

test('A lock that somebody else has taken over is lost', async () => {
  const lock = await take();
  writeFileSync(owner, '{"pid":1}');
  vi.advanceTimersByTime(6000);
  expect(lock.lost()).toBe(true);
});
