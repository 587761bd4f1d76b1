import type { MiddlewareHandler } from 'hono';
import { type ServerEnv, refuse } from './answers.js';
import { isLoopback } from './listen-address.js';

/**
 * A page that somebody visits may send forms to any address, that of a server on the same machine included, and with
 * --no-auth nothing else would tell them from requests that the user means. Browsers say which page a request comes from:
 * one of another origin is refused. Programs say nothing of the kind.
 */
export function refuseOtherOrigins(publicUrl: URL | undefined): MiddlewareHandler<ServerEnv> {
  return async (ask, next) => {
    const origin = ask.req.header('Origin');
    // The scheme may differ: something in front of this server may do TLS. It may also ask by another name than the browser.
    const own = [hostOf(ask.req.url), publicUrl?.host];
    const isForeign = origin !== undefined && !own.includes(hostOf(origin) ?? 'null');
    // Other ports of this host are the same site, and other pages all the same. `none`: the user typed the address.
    const site = ask.req.header('Sec-Fetch-Site') ?? 'none';
    if (isForeign || (site !== 'same-origin' && site !== 'none'))
      return refuse(ask, 'foreign_origin', 403, 'a page of another origin may not ask this server');
    await next();
    return undefined;
  };
}

/**
 * A page may also have its own name lead to 127.0.0.1, and then comes from the same origin. Its requests still say that
 * name.
 */
export const refuseOtherHosts: MiddlewareHandler<ServerEnv> = async (ask, next) => {
  const { hostname } = new URL(ask.req.url);
  // Of two names Node goes by the first, and what stands in front of it might by the other.
  const isOne = ask.env.incoming.headersDistinct['host']?.length === 1;
  if (!isOne || !isLoopback(hostname.replace(/^\[|\]$/g, '')))
    return refuse(ask, 'foreign_host', 403, 'expected localhost, 127.0.0.1 or [::1] as the host');
  await next();
  return undefined;
};

/** With its port; undefined: it is no URL, as the origin `null`. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
