import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mountedStaging } from '../../src/system/staging.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync('/tmp/fjr-staging-');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('what is received', () => {
  test('does not mind what a program of the same number has left', async () => {
    for (let n = 1; n < 100; n++) writeFileSync(`${root}/.f-${process.pid}-${n}.draft`, 'left');
    const received = mountedStaging.receive(`${root}/f`, Readable.from([Buffer.from('x')]), () => true);
    expect(await received).toBe('received');
    expect(readFileSync(`${root}/f`, 'utf8')).toBe('x');
    expect(mountedStaging.look(root)).toEqual([{ name: 'f', kind: 'file' }]);
  });

  test('leaves nothing if it breaks off at once', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      throw await Promise.resolve(new Error('broken'));
    }
    for (let n = 0; n < 50; n++)
      await expect(mountedStaging.receive(`${root}/f`, broken(), () => true)).rejects.toThrow('broken');
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('what is published', () => {
  test('makes nothing outside of its directory, where a link leads', async () => {
    for (const name of ['within', 'outside']) mkdirSync(`${root}/${name}`);
    symlinkSync(`${root}/outside`, `${root}/within/link`);
    writeFileSync(`${root}/from`, 'x');
    await expect(
      mountedStaging.publish(`${root}/from`, `${root}/within/link/deep/f`, `${root}/within`),
    ).rejects.toThrow('a link leads it out of');
    expect(readdirSync(`${root}/outside`)).toEqual([]);
    await mountedStaging.publish(`${root}/from`, `${root}/new/deep/f`, `${root}/new`);
    expect(readFileSync(`${root}/new/deep/f`, 'utf8')).toBe('x');
  });

  const memory = '/dev/shm';
  const isOther = existsSync(memory) && statSync(memory).dev !== statSync('/tmp').dev;
  test.skipIf(!isOther)('to another disk leaves no draft there if it cannot be', async () => {
    const there = mkdtempSync(`${memory}/fjr-staging-`);
    try {
      mkdirSync(`${there}/f`);
      writeFileSync(`${root}/from`, 'x');
      await expect(mountedStaging.publish(`${root}/from`, `${there}/f`, there)).rejects.toThrow('EISDIR');
      expect(readdirSync(there)).toEqual(['f']);
      await mountedStaging.publish(`${root}/from`, `${there}/g`, there);
      expect(readFileSync(`${there}/g`, 'utf8')).toBe('x');
      expect(existsSync(`${root}/from`)).toBe(false);
    } finally {
      rmSync(there, { recursive: true });
    }
  });
});
