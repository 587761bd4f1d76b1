import { existsSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAlive } from './processes.js';
import { Rig } from './rig.js';
import { waitUntil } from './wait-until.js';

test('A rig fails a test that leaves a process behind, names it and kills it', async () => {
  const rig = new Rig();
  const left = rig.start('sleep', ['1234']);
  await expect(rig.dispose(false, 0)).rejects.toThrow(/has left nothing behind(.|\n)*sleep 1234/);
  expect(isAlive(left.pid)).toBe(false);
  expect(existsSync(rig.directory)).toBe(false);
});

test.for(['tmux', 'screen'] as const)(
  'A rig fails a test that leaves a session of %s behind',
  async (kind) => {
    const rig = new Rig();
    const session =
      kind === 'tmux' ? ['-L', 'left', 'new-session', '-d', 'sleep 1234'] : ['-d', '-m', 'sleep', '1234'];
    expect((await rig.run(kind, session)).code).toBe(0);
    await expect(rig.dispose(false, 0)).rejects.toThrow(/has left nothing behind(.|\n)*sleep 1234/);
  },
);

test('A rig fails a test that leaves a lock behind', async () => {
  const rig = new Rig();
  mkdirSync(`${rig.fjrHome}/default/dispatcher.lock`, { recursive: true });
  await expect(rig.dispose(false, 0)).rejects.toThrow(/default\/dispatcher\.lock/);
});

test('A rig has nothing against a test that leaves nothing', async () => {
  const rig = new Rig();
  expect(await rig.run('true')).toEqual({ code: 0, stdout: '', stderr: '' });
  await expect(rig.dispose(false, 0)).resolves.toBeUndefined();
});

test('A wait in vain tells the last thing seen', async () => {
  let looks = 0;
  const wait = waitUntil(
    'hell freezes',
    () => ({ looks: ++looks }),
    () => false,
    0,
  );
  await expect(wait).rejects.toThrow(
    'waited 0 s in vain until hell freezes; the last thing seen: { looks: 1 }',
  );
});
