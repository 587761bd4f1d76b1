import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { type Rig, test } from '../rig/rig.js';
import { TestServer, writeShellSpec } from '../rig/server.js';
import { waitUntil } from '../rig/wait-until.js';

function keysIn(rig: Rig): string[] {
  return readdirSync(`${rig.project().root}/server/keys`).sort();
}

describe('the header Idempotency-Key', () => {
  test('has a second request answered like the first, by any server of the project', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const [one, other] = [await TestServer.start(rig), await TestServer.start(rig)];
    expect(await one.start('plain', { a: '1' }, 'my key')).toEqual({ status: 'ok', created: 1 });
    for (const server of [one, other])
      expect(await server.start('plain', { a: '1' }, 'my key')).toEqual({ status: 'ok', created: 1 });
    expect(await other.start('plain', { a: '2' }, 'my key')).toEqual({
      ...{ status: 'error', error: 'key_reused' },
      message: 'the key came with another request before: each needs one of its own',
    });
    expect(await other.start('plain', { a: '1' })).toEqual({ status: 'ok', created: 2 });
    expect((await other.get(1)).job).toMatchObject({ id: 1, status: 'queued', parameters: { a: '1' } });
    expect(rig.project().jobs('jobqueue')).toEqual(['plain-1.json', 'plain-2.json']);
    for (const server of [one, other]) await server.stop();
  });

  test('counts for the token that the request came with', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const server = await TestServer.start(rig, []);
    const created = [];
    for (const name of ['alice', 'bob']) {
      const { stdout } = await rig.run('fjr', ['token', 'add', name, '--scope', 'spec']);
      const headers = {
        Authorization: `Bearer ${stdout.trim().split(' ').at(-1)!}`,
        'Idempotency-Key': 'the same',
      };
      for (let i = 0; i < 2; i++) {
        const answer = await server.post({ name: 'plain', parameters: '{}' }, headers);
        created.push(((await answer.json()) as { created: number }).created);
      }
    }
    expect(created).toEqual([1, 1, 2, 2]);
    await server.stop();
  });

  test('is forgotten after a day', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const first = await TestServer.start(rig);
    expect((await first.start('plain', {}, 'old')).created).toBe(1);
    const [old = ''] = keysIn(rig);
    expect((await first.start('plain', {}, 'new')).created).toBe(2);
    await first.stop();
    const age = (name: string, hours: number): void => {
      const at = Date.now() / 1000 - hours * 3600;
      utimesSync(`${rig.project().root}/server/keys/${name}`, at, at);
    };
    // What killed servers have left; one of them may be only very slow.
    for (const [name, hours] of [
      ['0000000000.job', 25],
      ['1111111111.job', 49],
      ['.2222222222', 49],
    ] as const) {
      writeFileSync(`${rig.project().root}/server/keys/${name}`, '');
      age(name, hours);
    }
    age(old, 25);
    const second = await TestServer.start(rig);
    await waitUntil(
      'the old are gone',
      () => keysIn(rig),
      (names) => names.length === 2,
    );
    expect(keysIn(rig)).toEqual(['0000000000.job', expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
    expect((await second.start('plain', {}, 'new')).created).toBe(2);
    expect((await second.start('plain', {}, 'old')).created).toBe(3);
    await second.stop();
  });
});
