import type { Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { etag } from 'hono/etag';
import { lookup } from 'mrmime';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Ask, ServerEnv } from './answers.js';
import type { Served } from './served.js';

/**
 * What a browser may do for this page: load what lies beside it, and ask this server. Nothing of what a job's author
 * wrote could become a script, and no page can put this one into a frame and have its buttons pressed.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Those that scripts/build-page.mjs has made beside each file, the smallest first. */
const suffixes = { br: '.br', gzip: '.gz', identity: '' };
type Encoding = keyof typeof suffixes;

/** Bytes; more than any of the files has. */
const mostBytes = 4 * 1024 * 1024;

/**
 * The page. It holds no data and asks for no token: what it shows, it asks for itself. Links to it come from anywhere,
 * such as mail, so these routes stand before the one that keeps other origins out.
 */
export function addPageRoutes(app: Hono<ServerEnv>, served: Served): void {
  app.use('/ui/*', etag());
  app.get('/ui', (ask) => ask.redirect('ui/', 308));
  app.get('/ui/', (ask) => sendFile(ask, served, 'index.html'));
  app.get('/ui/:name', (ask) => sendFile(ask, served, ask.req.param('name')));
}

function sendFile(ask: Ask, { files, page }: Served, name: string): Response | Promise<Response> {
  // What is not a name in that directory is not even looked for.
  if (!(perform(files, list(page)) ?? []).includes(name)) return ask.notFound();
  const encoding = chooseEncoding(ask);
  const content = files.readFrom(`${page}/${name}${suffixes[encoding]}`, 0, mostBytes);
  if (content === undefined) return ask.notFound();
  if (encoding !== 'identity') ask.header('Content-Encoding', encoding);
  ask.header('Vary', 'Accept-Encoding');
  ask.header('Content-Security-Policy', policy);
  // Names of scripts and styles hold a digest of their content; the others are asked for again, and are mostly the same.
  const isNamedByContent = /-[A-Z0-9]{8}\.(?:js|css)$/.test(name);
  ask.header('Cache-Control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache');
  ask.header('Content-Type', contentType(name));
  return ask.body(new Uint8Array(content));
}

/** The first of ours that the browser takes, whatever it would like best. */
function chooseEncoding(ask: Ask): Encoding {
  return accepts(ask, {
    header: 'Accept-Encoding',
    supports: Object.keys(suffixes),
    default: 'identity',
    match: (wanted, { supports, default: none }) =>
      supports.find((word) => wanted.some(({ type, q }) => type === word && q > 0)) ?? none,
  }) as Encoding;
}

function contentType(name: string): string {
  const type = lookup(name) ?? 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
