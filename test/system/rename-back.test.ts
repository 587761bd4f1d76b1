import { linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MountedFiles } from '../../src/system/files.js';

// What a client takes for done that remembers a file under its old name is played with hard links: Linux treats both
// alike. What becomes of it on a real filesystem, the contests in test/cluster show.
let directory: string;
const files = new MountedFiles({ fsync: false, shared: true });

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/fjr-rename-`);
  for (const name of ['pod', 'pool']) mkdirSync(`${directory}/${name}`);
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function renameBack(): unknown {
  const [from, to] = [`${directory}/pod/x@t`, `${directory}/pool/x`];
  return files.call({ op: 'rename', from, to, aside: `${directory}/pod/x@` });
}

function found(): Record<string, string> {
  const paths = ['pod', 'pool'].flatMap((at) =>
    readdirSync(`${directory}/${at}`).map((name) => `${at}/${name}`),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(`${directory}/${path}`, 'utf8')]));
}

test('a file goes back to the name that it had', () => {
  writeFileSync(`${directory}/pod/x@t`, 'x');
  expect(renameBack()).toBe('ok');
  expect(found()).toEqual({ 'pool/x': 'x' });
});

test('a file that another has moved back is left where it is', () => {
  writeFileSync(`${directory}/pool/x`, 'x');
  expect(renameBack()).toBe('missing');
  expect(found()).toEqual({ 'pool/x': 'x' });
});

test('a rename that did nothing is not taken for done, and what is under the new name stays there', () => {
  writeFileSync(`${directory}/pod/x@t`, 'x');
  linkSync(`${directory}/pod/x@t`, `${directory}/pool/x`);
  expect(renameBack()).toBe('missing');
  expect(found()).toEqual({ 'pod/x@t': 'x', 'pool/x': 'x' });
});
