import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LinuxHost } from '../../src/system/host.js';
import { makeOwnDirectory, removeOwnDirectory } from '../../src/system/own-directory.js';

const host = new LinuxHost();
let place: string;

beforeEach(() => {
  place = mkdtempSync(`${tmpdir()}/fjr-own-`);
  vi.stubEnv('TMPDIR', place);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

test('What a process that died has left is removed, and what belongs to one that lives or cannot be judged stays', () => {
  const leave = (name: string, owner: unknown): string => {
    const directory = `${place}/fjr-worker-${name}`;
    mkdirSync(directory);
    writeFileSync(`${directory}/owner.json`, JSON.stringify(owner));
    return directory;
  };
  const gone = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
  const me = host.identify(process.pid);
  const dead = leave('dead', { ...me, pid: gone, started: '1' });
  const others = [leave('alive', me), leave('elsewhere', { ...me, bootId: 'another', pid: gone })];
  const unowned = `${place}/fjr-worker-new`;
  mkdirSync(unowned);
  const own = makeOwnDirectory(host) ?? '';
  expect(own.startsWith(`${place}/`)).toBe(true);
  expect(existsSync(dead)).toBe(false);
  for (const directory of [own, unowned, ...others]) expect(existsSync(directory)).toBe(true);
  removeOwnDirectory(own);
  expect(existsSync(own)).toBe(false);
});

test('A place that cannot be written to is passed over', () => {
  vi.stubEnv('TMPDIR', `${place}/nowhere`);
  const own = makeOwnDirectory(host);
  expect(own).toMatch(/^\/(var\/)?tmp\//);
  if (own !== undefined) removeOwnDirectory(own);
});
