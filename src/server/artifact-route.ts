import type { Hono } from 'hono';
import { type Ask, type ServerEnv, refuse } from './answers.js';
import { dispositionOf } from './disposition.js';
import { type Desk, parseNumber } from './jobmgr-routes.js';
import { sendFile } from './send-file.js';

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
        return sendFile(ask, found.file, {
          etag: `"${artifact.uuid}-${found.file.version}"`,
          type: artifact.mime,
          headers: {
            'Content-Disposition': dispositionOf(artifact.name),
            // It may be a page of anybody's: what it holds is shown, and does nothing in this server's name.
            'Content-Security-Policy': 'sandbox',
            'X-Content-Type-Options': 'nosniff',
            'Cache-Control': 'private, no-cache',
          },
        });
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
