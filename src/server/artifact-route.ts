import fresh from 'fresh';
import type { Hono } from 'hono';
import type { ByteRange, TreeFile } from '../system/trees.js';
import { type Ask, type ServerEnv, refuse } from './answers.js';
import type { Artifact } from './artifact-book.js';
import { dispositionOf } from './disposition.js';
import { type Desk, parseNumber } from './jobmgr-routes.js';
import { readRange } from './read-range.js';

/** Seconds for which a link to a store is good that is followed at once. */
const briefly = 600;

/** Links to artifacts are their own permission: whoever has one needs no token. */
export function addArtifactRoute(app: Hono<ServerEnv>, { artifacts, links }: Desk): void {
  app.get('/artifacts/file/:id/:name', async (ask) => {
    const id = parseNumber(ask.req.param('id'));
    const { expires = '', signature = '' } = ask.req.query();
    const state = id === undefined ? 'forged' : links.check(id, expires, signature);
    if (id === undefined || state === 'forged') return refuse(ask, 'bad_signature', 403);
    if (state === 'expired') return refuse(ask, 'link_expired', 403, 'ask /artifacts/download for a new one');
    const artifact = artifacts.find(id);
    if (artifact === undefined) return gone(ask, id);
    const found = await artifacts.locate(artifact, briefly);
    switch (found.kind) {
      case 'here':
        return sendFile(ask, artifact, found.file);
      case 'stored':
        // The link was made before the file went there.
        return ask.redirect(found.link, 307);
      case 'elsewhere':
        return refuse(ask, 'artifact_elsewhere', 404, inAnotherStore(id, found.place));
      case 'gone':
        return gone(ask, id);
    }
  });
}

function gone(ask: Ask, id: number): Response {
  return refuse(ask, 'unknown_artifact', 404, `artifact ${id} is not there any more`);
}

export function inAnotherStore(id: number, place: string): string {
  return `artifact ${id} is in ${place}, which is not the store that this server is configured with`;
}

/** All of it, a part, or that it is what the client has already. Closes the file. */
async function sendFile(ask: Ask, { mime, name, uuid }: Artifact, file: TreeFile): Promise<Response> {
  const etag = `"${uuid}-${file.version}"`;
  const headers = {
    ETag: etag,
    'Content-Disposition': dispositionOf(name),
    // It may be a page of anybody's: what it holds is shown, and does nothing in this server's name.
    'Content-Security-Policy': 'sandbox',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'private, no-cache',
    'Accept-Ranges': 'bytes',
  };
  const isHead = ask.req.method === 'HEAD';
  const part = partOf(ask, file.size, etag);
  // Only that header: a client that wants no cache's answer does not want ours less.
  const isKnown = fresh({ 'if-none-match': ask.req.header('If-None-Match') }, { etag });
  if (isKnown || part === 'beyond' || isHead) await file.close();
  if (isKnown) return new Response(null, { status: 304, headers });
  if (part === 'beyond')
    return new Response(null, {
      status: 416,
      headers: { ...headers, 'Content-Length': '0', 'Content-Range': `bytes */${file.size}` },
    });
  const { start, end } = part ?? { start: 0, end: file.size - 1 };
  const range = part === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${file.size}` };
  return new Response(isHead ? null : file.content({ start, end }), {
    status: part === undefined ? 200 : 206,
    headers: { ...headers, ...range, 'Content-Type': mime, 'Content-Length': String(end - start + 1) },
  });
}

/** Undefined: all of it is wanted, or several parts, which are sent as a whole. */
function partOf(ask: Ask, size: number, etag: string): ByteRange | 'beyond' | undefined {
  const asked = ask.req.header('Range');
  // Of another version than the one that the client has a part of, it wants all. HEAD knows no parts.
  if (asked === undefined || ask.req.method === 'HEAD' || (ask.req.header('If-Range') ?? etag) !== etag)
    return undefined;
  return readRange(asked, size);
}
