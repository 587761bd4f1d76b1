import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Rig, test } from '../rig/rig.js';
import { TestServer } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

/** What servers leave that are killed: some of two days ago, and some of servers of other hosts that are at work. */
function leaveDrafts(rig: Rig): { readonly old: string[]; readonly young: string[] } {
  const { root } = rig.project();
  for (const directory of ['server/keys', 'jobqueue']) mkdirSync(`${root}/${directory}`, { recursive: true });
  const names = ['server/.draft-%', 'jobqueue/.submit-%', 'server/keys/.%'];
  const make = (path: string, then: number): string => {
    writeFileSync(path, 'x');
    utimesSync(path, then, then);
    return path;
  };
  const now = Date.now() / 1000;
  const make2 = (token: string, then: number): string[] => {
    const directory = `${root}/server/.draft-d${token}`;
    mkdirSync(directory);
    make(`${directory}/job=1=x`, then);
    utimesSync(directory, then, then);
    return [directory, ...names.map((name) => make(`${root}/${name.replace('%', token)}`, then))];
  };
  return { old: make2('aaaaaaaaaa', now - 4 * 86_400), young: make2('bbbbbbbbbb', now - 3600) };
}

function left(paths: readonly string[]): string[] {
  return paths.filter((path) => existsSync(path));
}

test('the next server removes drafts of servers that were killed, and none that may be under way', async ({
  rig,
}) => {
  const { old, young } = leaveDrafts(rig);
  const server = await TestServer.start(rig);
  await waitUntil(
    'the old ones are gone',
    () => left(old),
    (paths) => paths.length === 0,
  );
  expect(left(young)).toEqual(young);
  await server.stop();
});

test('so does fjr gc', async ({ rig }) => {
  const { old, young } = leaveDrafts(rig);
  const { stdout } = await rig.run('fjr', ['gc', '--older-than', '2d']);
  expect(stdout).toContain('3 files removed.');
  // Keys are for servers to forget.
  expect(left(old)).toEqual(old.filter((path) => path.includes('/keys/')));
  expect(left(young)).toEqual(young);
});
