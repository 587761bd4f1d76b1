import { getConnInfo } from '@hono/node-server/conninfo';
import type { MiddlewareHandler } from 'hono';
import type { Ask, ServerEnv } from '../answers.js';
import type { FailedTries } from '../failed-tries.js';
import type { Served } from '../served.js';
import type { ServerPaths } from '../server-paths.js';
import { type Environment, type Scope, allows, checkToken } from '../tokens.js';
import { refuse } from './answers.js';

/** What is asked before somebody is let in. `tries` undefined: everybody is. */
export interface Guarded {
  readonly served: Served;
  readonly paths: ServerPaths;
  readonly tries: FailedTries | undefined;
}

interface Admitted {
  readonly name: string;
  readonly environment: Environment;
}

/** What a server that lets everybody in calls all of them. */
const anybody = 'anybody';

/** Lets in whose token is a worker's; that is the worker's name. In the words of DECODE's own server. */
export function workersOnly(guarded: Guarded): MiddlewareHandler<ServerEnv> {
  return async (ask, next) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(ask.req.header('Authorization') ?? '') ?? [];
    const found = admit(ask, guarded, token, 'worker');
    if (found instanceof Response) return found;
    if (found === 'unknown') {
      ask.header('WWW-Authenticate', 'Bearer');
      return refuse(ask, 401, token === undefined ? 'Not authenticated' : 'Invalid token');
    }
    if (found === 'forbidden') return refuse(ask, 403, 'The token does not have the scope "worker"');
    ask.set('owner', found.name);
    ask.set('environment', found.environment);
    await next();
    return undefined;
  };
}

/** Lets in who may submit jobs. */
export function submittersOnly(guarded: Guarded): MiddlewareHandler<ServerEnv> {
  return async (ask, next) => {
    const found = admit(ask, guarded, ask.req.header('x-api-key'), 'submit');
    if (found instanceof Response) return found;
    if (typeof found === 'string') return refuse(ask, 401, 'unauthorized');
    await next();
    return undefined;
  };
}

function admit(
  ask: Ask,
  { served, paths, tries }: Guarded,
  token: string | undefined,
  scope: Scope,
): Admitted | 'unknown' | 'forbidden' | Response {
  if (tries === undefined) return { name: anybody, environment: 'local' };
  if (token === undefined) return 'unknown';
  const { name, record } = checkToken(served.files, paths, token);
  const place = `${getConnInfo(ask).remote.address ?? ''} ${name ?? ''}`;
  const wait = tries.wait(place);
  if (wait > 0) {
    ask.header('Retry-After', String(wait));
    return refuse(ask, 429, `too many wrong tokens: try again in ${wait} s`);
  }
  if (record === undefined) {
    tries.note(place);
    return 'unknown';
  }
  if (!allows(record.scopes, scope)) return 'forbidden';
  return { name: record.name, environment: record.environment ?? 'local' };
}
