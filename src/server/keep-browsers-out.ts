import type { MiddlewareHandler } from 'hono';
import { type ServerEnv, refuse } from './answers.js';
import { isLoopback } from './listen-address.js';

/**
 * A page that somebody visits may send forms to any address, that of a server on the same machine included, and with
 * --no-auth nothing else would tell them from requests that the user means. Browsers say which page a request comes from:
 * one of another origin is refused. Programs say nothing of the kind.
 */
export const refuseOtherOrigins: MiddlewareHandler<ServerEnv> = async (ask, next) => {
  const origin = ask.req.header('Origin');
  // The scheme may differ: something in front of this server may do TLS.
  const isForeign = origin !== undefined && hostOf(origin) !== hostOf(ask.req.url);
  if (isForeign || ask.req.header('Sec-Fetch-Site') === 'cross-site')
    return refuse(ask, 'foreign_origin', 403, 'a page of another origin may not ask this server');
  await next();
  return undefined;
};

/**
 * A page may also have its own name lead to 127.0.0.1, and then comes from the same origin. Its requests still say that
 * name.
 */
export const refuseOtherHosts: MiddlewareHandler<ServerEnv> = async (ask, next) => {
  const { hostname } = new URL(ask.req.url);
  if (!isLoopback(hostname.replace(/^\[|\]$/g, '')))
    return refuse(ask, 'foreign_host', 403, 'expected localhost, 127.0.0.1 or [::1] as the host');
  await next();
  return undefined;
};

/** With its port; undefined: it is no URL, as the origin `null`. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
