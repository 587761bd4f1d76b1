import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TreeFile, mountedTrees } from '../../src/system/trees.js';

let top: string;

beforeEach(() => {
  top = mkdtempSync('/tmp/fjr-tree-');
  mkdirSync(`${top}/e/artifacts/sub`, { recursive: true });
  writeFileSync(`${top}/e/artifacts/a`, '0123456789');
  writeFileSync(`${top}/outside`, 'outside');
});

afterEach(() => {
  rmSync(top, { recursive: true });
});

const below = 'e/artifacts';

async function openFile(name: string): Promise<TreeFile> {
  const file = await mountedTrees.open(top, below, name);
  if (file === undefined) throw new Error(`${name} cannot be opened`);
  return file;
}

async function versionOf(name: string): Promise<string> {
  const file = await openFile(name);
  await file.close();
  return file.version;
}

describe('a file of a tree', () => {
  test('is read in pieces, and whole or in part', async () => {
    const file = await openFile('a');
    const piece = new Uint8Array(4);
    await file.read(piece, 3);
    expect(Buffer.from(piece).toString()).toBe('3456');
    expect(await new Response(file.content({ start: 2, end: 4 })).text()).toBe('234');
    expect(await new Response((await openFile('a')).content()).text()).toBe('0123456789');
  });

  test('that becomes shorter is told', async () => {
    const file = await openFile('a');
    truncateSync(`${top}/${below}/a`, 5);
    await expect(file.read(new Uint8Array(10), 0)).rejects.toThrow('it has become shorter while it was read');
    await file.close();
  });

  test('is removed if it is still of that version', async () => {
    const version = await versionOf('a');
    appendFileSync(`${top}/${below}/a`, 'x');
    expect(await mountedTrees.remove(top, below, 'a', version)).toBe(false);
    expect(await mountedTrees.remove(top, below, 'a', await versionOf('a'))).toBe(true);
    expect(existsSync(`${top}/${below}/a`)).toBe(false);
    // It is gone, which is what was wanted.
    expect(await mountedTrees.remove(top, below, 'a', version)).toBe(true);
  });

  test('is removed as a link, whether or not what it leads to is there', async () => {
    symlinkSync('a', `${top}/${below}/link`);
    const version = await versionOf('link');
    expect(version).toBe(await versionOf('a'));
    expect(await mountedTrees.remove(top, below, 'a', version)).toBe(true);
    expect(await mountedTrees.remove(top, below, 'link', version)).toBe(true);
    expect(readdirSync(`${top}/${below}`)).toEqual(['sub']);
  });

  test('is not removed elsewhere, whatever became of the directory', async () => {
    writeFileSync(`${top}/${below}/sub/outside`, 'outside');
    const version = await versionOf('sub/outside');
    rmSync(`${top}/${below}/sub`, { recursive: true });
    symlinkSync(top, `${top}/${below}/sub`);
    expect(await mountedTrees.remove(top, below, 'sub/outside', version)).toBe(true);
    expect(existsSync(`${top}/outside`)).toBe(true);
  });

  test('is known to be missing only where its tree is there', async () => {
    expect(await mountedTrees.lacks(top, below, 'a')).toBe(false);
    expect(await mountedTrees.lacks(top, below, 'sub/b')).toBe(true);
    expect(await mountedTrees.lacks(top, below, 'a/b')).toBe(true);
    await expect(mountedTrees.lacks(`${top}/nowhere`, below, 'a')).rejects.toThrow('ENOENT');
  });
});

describe('a tree', () => {
  test('goes when it holds nothing but directories', async () => {
    mkdirSync(`${top}/${below}/sub/deep/deeper`, { recursive: true });
    await mountedTrees.prune(top, below);
    expect(readdirSync(`${top}/${below}`)).toEqual(['a']);
    rmSync(`${top}/${below}/a`);
    await mountedTrees.prune(top, below);
    await mountedTrees.prune(top, below);
    expect(readdirSync(top)).toEqual(['e', 'outside']);
    expect(readdirSync(`${top}/e`)).toEqual([]);
  });

  test('is not left by a link', async () => {
    mkdirSync(`${top}/empty`);
    symlinkSync(`${top}/empty`, `${top}/${below}/link`);
    await mountedTrees.prune(top, below);
    rmSync(`${top}/e`, { recursive: true });
    symlinkSync(`${top}/empty`, `${top}/e`);
    mkdirSync(`${top}/empty/artifacts`);
    await mountedTrees.prune(top, below);
    expect(existsSync(`${top}/empty/artifacts`)).toBe(true);
  });
});
