import { readFileSync, statSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { type Rig, test } from '../rig/rig.js';
import { TestServer, writeShellSpec } from '../rig/server.js';

async function addToken(rig: Rig, name: string, scope: string): Promise<string> {
  const { code, stdout, stderr } = await rig.run('fjr', ['token', 'add', name, '--scope', scope]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trim().split(' ').at(-1)!;
}

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

/** Statuses of what the three scopes are for. */
async function allowed(server: TestServer, headers: Record<string, string>): Promise<number[]> {
  const answers = [
    await server.fetch('/jobs/get?id=1', { headers }),
    await server.fetch('/artifacts/download?id=1', { headers }),
    await server.post({ name: 'plain', parameters: '{}' }, headers),
  ];
  return answers.map(({ status }) => status);
}

describe('tokens', () => {
  test('are asked for by default on all but the front page', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const server = await TestServer.start(rig, []);
    await server.process.says('hint: nobody has a token yet: fjr --project default token add NAME');
    expect((await server.fetch('/')).status).toBe(200);
    const refused = await server.fetch('/jobs/get?id=1');
    expect({
      status: refused.status,
      asks: refused.headers.get('WWW-Authenticate'),
      body: await refused.text(),
    }).toEqual({
      status: 401,
      asks: 'Bearer realm="fjr"',
      body: '{"status":"error","error":"unauthorized","message":"expected the header \\"Authorization: Bearer TOKEN\\""}',
    });
    expect(await allowed(server, {})).toEqual([401, 401, 401]);
    expect((await server.fetch('/no/such/route')).status).toBe(401);
    expect(rig.project().jobs('jobqueue')).toEqual([]);
    await server.stop();
  });

  test('allow what their scopes say, and no more', async ({ rig }) => {
    writeShellSpec(rig, 'plain', 'true');
    const server = await TestServer.start(rig, []);
    const scopes = {
      read: [200, 200, 403],
      submit: [403, 403, 200],
      'read,submit': [200, 200, 200],
      spec: [403, 403, 200],
      worker: [403, 403, 403],
      admin: [200, 200, 200],
    };
    for (const [scope, expected] of Object.entries(scopes)) {
      const token = await addToken(rig, scope.replace(',', '-'), scope);
      expect({ scope, allowed: await allowed(server, bearer(token)) }).toEqual({ scope, allowed: expected });
    }
    await server.stop();
  });

  test('are shown once, kept as hashes that only their owner reads, listed and revoked', async ({ rig }) => {
    const token = await addToken(rig, 'alice', 'read,submit');
    expect(token).toMatch(/^fjr_alice_[\w-]{43}$/);
    const path = `${rig.project().root}/server/tokens/alice.json`;
    const kept = readFileSync(path, 'utf8');
    expect(kept).not.toContain(token.slice(-43));
    expect(JSON.parse(kept)).toEqual({
      name: 'alice',
      scopes: ['read', 'submit'],
      created: expect.any(String),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await rig.run('fjr', ['token', 'list'])).stdout).toMatch(
      /^alice: read, submit \(since \d{4}-\d\d-\d\d\)\n$/,
    );
    const again = await rig.run('fjr', ['token', 'add', 'alice', '--scope', 'read']);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toBe(
      'fjr: there is a token "alice" already\nhint: choose another name, or revoke it first\n',
    );

    const server = await TestServer.start(rig, []);
    expect((await server.fetch('/jobs/get?id=1', { headers: bearer(token) })).status).toBe(200);
    expect((await rig.run('fjr', ['token', 'revoke', 'alice'])).stdout).toBe(
      'Token "alice" lets nobody in any more.\n',
    );
    expect((await server.fetch('/jobs/get?id=1', { headers: bearer(token) })).status).toBe(401);
    expect((await rig.run('fjr', ['token', 'list'])).stdout).toBe('');
    expect(await rig.run('fjr', ['token', 'revoke', 'alice'])).toMatchObject({ code: 4 });
    await server.stop();
  });

  test('are not made of nonsense', async ({ rig }) => {
    await addToken(rig, 'first', 'read');
    const characters = 'use letters, digits, "_" and "-", at most 64';
    const rows: [string[], string, string][] = [
      [['add', 'x', '--scope', 'read,sumbit'], 'there is no scope "sumbit"', 'did you mean "submit"?'],
      [['add', 'x', '--scope', ''], 'there is no scope ""', 'expected some of read,submit,spec,worker,admin'],
      [['add', '../x', '--scope', 'read'], '"../x" cannot be the name of a token', characters],
      [['revoke', '../key'], '"../key" cannot be the name of a token', characters],
    ];
    for (const [args, message, hint] of rows) {
      const { code, stderr } = await rig.run('fjr', ['token', ...args]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: `fjr: ${message}\nhint: ${hint}\n` });
    }
  });

  test('cannot be tried out in numbers; who has another is let in all the while', async ({ rig }) => {
    const [alice, bob] = [await addToken(rig, 'alice', 'read'), await addToken(rig, 'bob', 'read')];
    const server = await TestServer.start(rig, []);
    const wrong = `${alice.slice(0, -1)}${alice.endsWith('A') ? 'B' : 'A'}`;
    const ask = async (token: string): Promise<Response> =>
      server.fetch('/jobs/get?id=1', { headers: bearer(token) });
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await ask(wrong)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    const refused = await ask(alice);
    expect({ status: refused.status, wait: Number(refused.headers.get('Retry-After')) > 0 }).toEqual({
      ...{ status: 429, wait: true },
    });
    expect((await ask(bob)).status).toBe(200);
    await server.stop();
  });

  test('let nobody in who has anything else', async ({ rig }) => {
    const token = await addToken(rig, 'alice', 'admin');
    await addToken(rig, 'bob', 'admin');
    const kept = readFileSync(`${rig.project().root}/server/tokens/alice.json`, 'utf8');
    const { sha256 } = JSON.parse(kept) as { sha256: string };
    const server = await TestServer.start(rig, []);
    const forged = {
      'no scheme': token,
      'another scheme': `Basic ${token}`,
      'nothing behind it': 'Bearer ',
      'part of it': `Bearer ${token.slice(0, -1)}`,
      'more than it': `Bearer ${token}A`,
      'it twice': `Bearer ${token} ${token}`,
      'its hash': `Bearer ${sha256}`,
      'its hash in its place': `Bearer fjr_alice_${sha256.slice(0, 43)}`,
      'a path as its name': `Bearer ${token.replace('alice', '../tokens/alice')}`,
      "another's name": `Bearer ${token.replace('alice', 'bob')}`,
    };
    const statuses: Record<string, number> = {};
    for (const [title, value] of Object.entries(forged))
      statuses[title] = (await server.fetch('/jobs/get?id=1', { headers: { Authorization: value } })).status;
    expect(statuses).toEqual(Object.fromEntries(Object.keys(forged).map((title) => [title, 401])));
    await server.stop();
  });
});
