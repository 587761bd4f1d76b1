import { appendFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dispositionOf } from '../../src/server/disposition.js';
import { Rig } from '../rig/rig.js';
import { TestServer, writeShellSpec } from '../rig/server.js';

const rig = new Rig();
let server: TestServer;
let links: Record<string, string>;

/** Answers to requests for the artifact `ten`, which holds ten digits. */
async function ask(headers: Record<string, string>, name = 'ten', method = 'GET'): Promise<Response> {
  return server.fetch(links[name]!, { method, headers });
}

async function told(response: Response): Promise<unknown[]> {
  const [range, length] = ['Content-Range', 'Content-Length'].map((name) => response.headers.get(name));
  return [response.status, range, length, await response.text()];
}

beforeAll(async () => {
  writeShellSpec(
    rig,
    'makes',
    'printf 0123456789 > artifacts/ten; : > artifacts/none; echo x > artifacts/grows',
  );
  server = await TestServer.start(rig);
  await server.hire();
  const { artifacts } = await server.run('makes');
  const found = artifacts!.map(async ({ id, name }) => [name, await server.linkTo(id)] as const);
  links = Object.fromEntries(await Promise.all(found));
});

afterAll(async () => {
  await server.stop();
  await rig.dispose(false);
});

describe('an artifact in the directory', () => {
  test.each([
    ['bytes=2-4', [206, 'bytes 2-4/10', '3', '234']],
    ['bytes=7-', [206, 'bytes 7-9/10', '3', '789']],
    ['bytes=-2', [206, 'bytes 8-9/10', '2', '89']],
    ['bytes=-20', [206, 'bytes 0-9/10', '10', '0123456789']],
    ['bytes=8-20', [206, 'bytes 8-9/10', '2', '89']],
    ['bytes=10-', [416, 'bytes */10', '0', '']],
    ['bytes=-0', [416, 'bytes */10', '0', '']],
    // What is not understood, or is several parts, is answered with all.
    ['bytes=0-1,4-5', [200, null, '10', '0123456789']],
    ['lines=0-1', [200, null, '10', '0123456789']],
    ['bytes=4-2', [200, null, '10', '0123456789']],
    ['bytes=one', [200, null, '10', '0123456789']],
  ])('is sent in part: %s', async (Range, expected) => {
    expect(await told(await ask({ Range }))).toEqual(expected);
  });

  test('that is empty has no parts', async () => {
    expect(await told(await ask({}, 'none'))).toEqual([200, null, '0', '']);
    expect(await told(await ask({ Range: 'bytes=0-' }, 'none'))).toEqual([416, 'bytes */0', '0', '']);
  });

  test('is not sent to who has it', async () => {
    const etag = (await ask({})).headers.get('ETag')!;
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await ask({ 'If-None-Match': known });
      expect([response.headers.get('ETag'), await told(response)]).toEqual([etag, [304, null, null, '']]);
    }
    expect((await ask({ 'If-None-Match': '"other"' })).status).toBe(200);
    expect((await ask({ 'If-None-Match': etag, Range: 'bytes=2-4' })).status).toBe(304);
  });

  test('is sent in part only if it is still the one of which the client has the rest', async () => {
    const etag = (await ask({})).headers.get('ETag')!;
    const ranged = async (condition: string): Promise<number> =>
      (await ask({ Range: 'bytes=2-4', 'If-Range': condition })).status;
    expect(await ranged(etag)).toBe(206);
    expect(await ranged('"other"')).toBe(200);
    expect(await ranged(`W/${etag}`)).toBe(200);
    expect(await ranged(new Date().toUTCString())).toBe(200);
  });

  test('is described to who asks for its headers alone', async () => {
    const [whole, head] = [await ask({}), await ask({}, 'ten', 'HEAD')];
    for (const name of ['ETag', 'Content-Type', 'Content-Length', 'Content-Disposition', 'Accept-Ranges'])
      expect([name, head.headers.get(name)]).toEqual([name, whole.headers.get(name)]);
    expect(await head.text()).toBe('');
    const etag = whole.headers.get('ETag')!;
    expect((await ask({ 'If-None-Match': etag }, 'ten', 'HEAD')).status).toBe(304);
    expect((await ask({ Range: 'bytes=2-4' }, 'ten', 'HEAD')).status).toBe(200);
  });

  test('is another one for its readers when it has changed', async () => {
    const etag = (await ask({}, 'grows')).headers.get('ETag')!;
    const [entry] = readdirSync(`${rig.project().root}/done`);
    appendFileSync(`${rig.project().root}/work/${entry!}/artifacts/grows`, 'y\n');
    expect(await told(await ask({ 'If-None-Match': etag }, 'grows'))).toEqual([200, null, '4', 'x\ny\n']);
    expect((await ask({ 'If-Range': etag, Range: 'bytes=0-0' }, 'grows')).status).toBe(200);
  });

  test('is closed whatever the answer is', async () => {
    const open = (): string[] =>
      readdirSync(`/proc/${server.process.pid}/fd`).filter((fd) => Number(fd) >= 0);
    const etag = (await ask({})).headers.get('ETag')!;
    const before = open().length;
    for (let i = 0; i < 30; i++) {
      await ask({ 'If-None-Match': etag });
      await told(await ask({ Range: 'bytes=10-' }));
      await ask({}, 'ten', 'HEAD');
      await told(await ask({ Range: 'bytes=1-2' }));
      await told(await ask({}, 'none'));
    }
    expect(open().length).toBeLessThan(before + 15);
  });
});

test.each([
  ['plain.txt', 'inline; filename="plain.txt"'],
  ['below/a directory.txt', 'inline; filename="a directory.txt"'],
  ['a "quote".txt', 'inline; filename="a \\"quote\\".txt"'],
  ['back\\slash', 'inline; filename="back_slash"'],
  ['100%41.txt', `inline; filename="100%41.txt"; filename*=UTF-8''100%2541.txt`],
  ['naïve.txt', `inline; filename="na?ve.txt"; filename*=UTF-8''na%C3%AFve.txt`],
  ['日本.txt', `inline; filename="??.txt"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt`],
  ['😀', `inline; filename="?"; filename*=UTF-8''%F0%9F%98%80`],
  ['a\r\nSet-Cookie: b', `inline; filename="a??Set-Cookie: b"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b`],
  ["it's; filename=x", `inline; filename="it's; filename=x"`],
])('the name %j is told to all clients', (name, header) => {
  expect(dispositionOf(name)).toBe(header);
});
