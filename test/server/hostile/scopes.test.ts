import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addToken, checkToken } from '../../../src/server/tokens.js';
import { ServerPaths } from '../../../src/server/server-paths.js';
import { Layout } from '../../../src/queue/layout.js';
import { MountedFiles } from '../../../src/system/files.js';
import { Rig } from '../../rig/rig.js';
import { TestServer } from '../../rig/server.js';
import { type Answer, exchange, request } from './row.js';

const scopes = ['read', 'submit', 'spec', 'worker', 'admin'] as const;
type Scope = (typeof scopes)[number];

/** A route, who may use it, and how those are answered who may: there is nothing yet that they could have. */
type Route = readonly [line: string, may: readonly Scope[], status: number];

const readers: readonly Scope[] = ['read', 'admin'];
const submitters: readonly Scope[] = ['submit', 'admin'];
const starters: readonly Scope[] = ['submit', 'spec', 'admin'];
const workers: readonly Scope[] = ['worker', 'admin'];

const routes: readonly Route[] = [
  ['POST /jobs/start', starters, 200],
  ['GET /jobs/get?id=1', readers, 200],
  ['GET /artifacts/download?id=1', readers, 200],
  ['GET /v1/jobs', readers, 200],
  ['GET /v1/jobs/x', readers, 404],
  ['GET /v1/jobs/x/log', readers, 404],
  ['GET /v1/jobs/x/log?follow=1', readers, 404],
  ['GET /v1/runs/x/tasks', readers, 404],
  ['GET /v1/runs/x/tasks/0/log', readers, 404],
  ['GET /v1/counts', readers, 200],
  ['GET /v1/throughput', readers, 200],
  ['GET /v1/crews', readers, 200],
  ['GET /v1/pools', readers, 200],
  ['GET /v1/metrics', readers, 200],
  ['GET /v1/events?types=x', readers, 400],
  ['HEAD /v1/jobs', readers, 200],
  ['HEAD /v1/events', readers, 200],
  ['POST /v1/jobs', starters, 400],
  ['POST /v1/jobs/x/cancel', submitters, 404],
  ['POST /v1/jobs/x/retry', submitters, 404],
  ['GET /jobs?memory=x', workers, 422],
  ['GET /jobs/1/status', workers, 404],
  ['PUT /jobs/1/status?status=error', workers, 404],
  ['PUT /jobs/1/grow?file=lines&offset=0', workers, 404],
  ['GET /jobs/1/gang', workers, 404],
  ['POST /jobs/1/files/url?type=output', workers, 404],
  ['POST /jobs/1/files/upload?type=output', workers, 404],
];

/** Whoever may not is answered with 403, in words that say why. */
const lacking = /does not have the scope/;

describe('tokens', () => {
  let rig: Rig;
  let server: TestServer;
  const tokens = new Map<string, string>();
  let failed = true;
  let address = 1;

  beforeAll(async () => {
    rig = new Rig();
    server = await TestServer.start(rig, []);
    for (const name of [...scopes, 'revoked']) {
      const scope = name === 'revoked' ? 'admin' : name;
      const { stdout } = await rig.run('fjr', ['token', 'add', name, '--scope', scope]);
      tokens.set(name, stdout.trim().split(' ').at(-1)!);
    }
    await rig.run('fjr', ['token', 'revoke', 'revoked']);
  });

  afterAll(async () => {
    await server.stop();
    await rig.dispose(failed);
  });

  async function ask(line: string, token?: string, from?: string): Promise<Answer> {
    const length = line.startsWith('P') ? 'Content-Type: application/json\r\nContent-Length: 0\r\n' : '';
    const header = token === undefined ? '' : `Authorization: Bearer ${token}\r\nx-api-key: ${token}\r\n`;
    return exchange(server.url, request(line, header + length), from);
  }

  /** Wrong tokens are counted for each address, and these are all ours. */
  const elsewhere = (): string => `127.0.1.${(address += 1)}`;

  test.each(routes)('are asked for on %s, of the right scope', async (line, may, status) => {
    for (const scope of scopes) {
      const { status: got, body } = await ask(line, tokens.get(scope));
      expect({ scope, got }, body).toEqual({ scope, got: may.includes(scope) ? status : 403 });
      if (got === 403 && !line.startsWith('HEAD')) expect(body).toMatch(lacking);
    }
    const admin = tokens.get('admin')!;
    const strangers: Record<string, string | undefined> = {
      none: undefined,
      revoked: tokens.get('revoked'),
      'of another secret': `${admin.slice(0, -1)}${admin.endsWith('A') ? 'B' : 'A'}`,
      'of another name': admin.replace('fjr_admin', 'fjr_nobody'),
      'cut short': admin.slice(0, -1),
      'and more': `${admin}A`,
      'of a path': `fjr_../tokens/admin_${admin.slice(-43)}`,
      'in capitals': admin.toUpperCase(),
    };
    const from = elsewhere();
    for (const [title, token] of Object.entries(strangers))
      expect({ title, status: (await ask(line, token, from)).status }).toEqual({ title, status: 401 });
  });

  test('are asked for where jobs are submitted for workers', async () => {
    for (const scope of scopes) {
      const { status } = await ask('POST /_jobs', tokens.get(scope));
      expect({ scope, status }).toEqual({ scope, status: submitters.includes(scope) ? 422 : 401 });
    }
    for (const token of [undefined, tokens.get('revoked'), 'x'])
      expect((await ask('POST /_jobs', token, elsewhere())).status).toBe(401);
  });

  test.each(['/', '/access_info', '/openapi.json', '/ui/'])('are not asked for on %s', async (path) => {
    expect((await ask(`GET ${path}`)).status).toBe(200);
  });

  test('in other places than the header are none', async () => {
    const admin = tokens.get('admin')!;
    const from = elsewhere();
    for (const query of [`token=${admin}`, `access_token=${admin}`, `Authorization=Bearer%20${admin}`])
      expect((await ask(`GET /v1/counts?${query}`, undefined, from)).status).toBe(401);
    const cookie = request('GET /v1/counts', `Cookie: Authorization=Bearer ${admin}; token=${admin}\r\n`);
    expect((await exchange(server.url, cookie, from)).status).toBe(401);
    const basic = `Authorization: Basic ${Buffer.from(`admin:${admin}`).toString('base64')}\r\n`;
    expect((await exchange(server.url, request('GET /v1/counts', basic), from)).status).toBe(401);
  });

  test('that are tried out count on all routes together, and say nothing of where the right one would do', async () => {
    const from = elsewhere();
    const wrong = (name: string): string => `fjr_${name}_${'A'.repeat(43)}`;
    const lines = ['GET /v1/counts', 'GET /jobs?memory=1', 'POST /_jobs', 'GET /jobs/get?id=1'];
    const answers: Answer[] = [];
    for (let attempt = 0; attempt < 14; attempt++)
      answers.push(await ask(lines[attempt % lines.length]!, wrong('admin'), from));
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 10 }, () => 401),
      ...Array.from({ length: 4 }, () => 429),
    ]);
    for (const { head } of answers.slice(10)) expect(head).toMatch(/^retry-after: [1-9]\d*\r?$/im);
    expect((await ask('GET /v1/counts', tokens.get('admin'))).status).toBe(200);
    failed = false;
  });
});

test('A wrong token takes as long to refuse whether its first or its last letter is wrong', async () => {
  const rig = new Rig();
  const files = new MountedFiles({ fsync: false, shared: false });
  const paths = new ServerPaths(new Layout(rig.project().root));
  files.ensureDirectory(paths.directory);
  const created = '2026-01-01T00:00:00.000Z';
  const token = addToken(files, paths, { name: 'alice', scopes: ['read'], created });
  const other = (letter: string): string => (letter === 'A' ? 'B' : 'A');
  const first = token.replace(/(?<=^fjr_alice_)./, other);
  const last = token.replace(/.$/, other);
  const times = { first: [] as number[], last: [] as number[] };
  const time = (of: string): number => {
    const begun = performance.now();
    expect(checkToken(files, paths, of).record === undefined).toBe(true);
    return performance.now() - begun;
  };
  for (let round = 0; round < 2000; round++) {
    times.first.push(time(first));
    times.last.push(time(last));
  }
  const median = (some: number[]): number => some.sort((a, b) => a - b)[some.length / 2]!;
  const [a, b] = [median(times.first), median(times.last)];
  expect(Math.max(a, b) / Math.min(a, b)).toBeLessThan(1.5);
  expect(checkToken(files, paths, token).record?.name).toBe('alice');
  await rig.dispose(false);
});
