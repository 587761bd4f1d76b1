import { readdirSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { dist, test } from '../rig/rig.js';
import { TestServer } from '../rig/server.js';

/** Bytes over the wire for the first visit, all files together. */
const mostWeight = 60_000;

function namesOf(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([\w.-]+)"/g)].map(([, name = '']) => name);
}

describe("The page's files", () => {
  test('need no token, and come from here alone', async ({ rig }) => {
    const server = await TestServer.start(rig, []);
    const { status, headers } = await server.fetch('/ui');
    expect({ status, location: headers.get('Location') }).toEqual({ status: 308, location: 'ui/' });
    const page = await server.fetch('/ui/');
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('Content-Security-Policy') ?? '';
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split('; ')).toContain(part);
    // Nothing stands in the page that its policy would have to allow.
    expect(html).not.toMatch(/<style| style=| on\w+=|<script(?![^>]* src=)|https?:/);
    for (const name of namesOf(html)) expect((await server.fetch(`/ui/${name}`)).status).toBe(200);
    await server.stop();
  });

  test('can be come to from elsewhere, as by a link in a mail', async ({ rig }) => {
    const server = await TestServer.start(rig);
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    expect((await server.fetch('/ui/', { headers })).status).toBe(200);
    expect((await server.fetch('/jobs/get?id=1', { headers })).status).toBe(403);
    await server.stop();
  });

  test('are sent compressed, and a second time only if they have changed', async ({ rig }) => {
    const server = await TestServer.start(rig);
    const names = readdirSync(`${dist}/ui`).filter((name) => !/\.(br|gz)$|LICENSE/.test(name));
    let weight = 0;
    for (const name of names) {
      const path = name === 'index.html' ? '/ui/' : `/ui/${name}`;
      const plain = await server.fetch(path, { headers: { 'Accept-Encoding': 'identity' } });
      const content = await plain.text();
      expect(plain.headers.get('Content-Encoding')).toBe(null);
      for (const encoding of ['gzip', 'br']) {
        const wanted = encoding === 'br' ? 'gzip, deflate, br, zstd' : 'gzip';
        const sent = await server.fetch(path, { headers: { 'Accept-Encoding': wanted } });
        expect(sent.headers.get('Content-Encoding')).toBe(encoding);
        expect(sent.headers.get('Vary')).toBe('Accept-Encoding');
        if (encoding === 'br') weight += Number(sent.headers.get('Content-Length'));
        expect(await sent.text()).toBe(content);
        const etag = sent.headers.get('ETag') ?? '';
        expect(etag).not.toBe(plain.headers.get('ETag'));
        const again = await server.fetch(path, {
          headers: { 'Accept-Encoding': wanted, 'If-None-Match': etag },
        });
        expect({ status: again.status, body: await again.text() }).toEqual({ status: 304, body: '' });
      }
      const isForever = plain.headers.get('Cache-Control')?.includes('immutable') === true;
      expect({ name, isForever }).toEqual({ name, isForever: /^(main|page|plot|chunk)-/.test(name) });
    }
    expect(weight).toBeGreaterThan(10_000);
    expect(weight).toBeLessThan(mostWeight);
    await server.stop();
  });

  test('are those of the page, and no others', async ({ rig }) => {
    const server = await TestServer.start(rig);
    for (const path of ['/ui/..%2Ffjr.js', '/ui/%2e%2e/fjr.js', '/ui/nothing.js', '/ui/a/b'])
      expect((await server.fetch(path)).status).toBe(404);
    await server.stop();
  });

  test('bring the licence of what is in them', async ({ rig }) => {
    const server = await TestServer.start(rig);
    expect(await (await server.fetch('/ui/uPlot-LICENSE.txt')).text()).toContain('Leon Sorokin');
    await server.stop();
  });
});
