import { getConnInfo } from '@hono/node-server/conninfo';
import type { MiddlewareHandler } from 'hono';
import type { Files } from '../system/files.js';
import type { SubmissionKey } from './accept/submission.js';
import { type Ask, type ServerEnv, refuse } from './answers.js';
import type { FailedTries } from './failed-tries.js';
import type { ServerPaths } from './server-paths.js';
import { type Scope, allows, checkToken } from './tokens.js';

/**
 * Lets in who has a token. It is looked up for each request, so that one that is revoked is of no use at once.
 *
 * Wrong ones are counted for each address and token that somebody claims to have: whoever tries out secrets of one is
 * not heard for a while, and locks out nobody who has another.
 */
export function authenticate(
  files: Files,
  paths: ServerPaths,
  tries: FailedTries,
): MiddlewareHandler<ServerEnv> {
  return async (ask, next) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(ask.req.header('Authorization') ?? '') ?? [];
    if (token === undefined) return unauthorized(ask, 'expected the header "Authorization: Bearer TOKEN"');
    const { name, record } = checkToken(files, paths, token);
    const place = `${getConnInfo(ask).remote.address ?? ''} ${name ?? ''}`;
    const wait = tries.wait(place);
    if (wait > 0) {
      ask.header('Retry-After', String(wait));
      return refuse(ask, 'too_many_tries', 429, `too many wrong tokens: try again in ${wait} s`);
    }
    if (record === undefined) {
      tries.note(place);
      return unauthorized(ask, 'there is no such token');
    }
    ask.set('scopes', record.scopes);
    ask.set('owner', record.name);
    await next();
    return undefined;
  };
}

/** For servers that whoever reaches them may use. */
export const letEverybodyIn: MiddlewareHandler<ServerEnv> = async (ask, next) => {
  ask.set('scopes', ['admin']);
  ask.set('owner', '');
  await next();
};

/** Turns away whose token does not allow this. */
export function needs(scope: Scope): MiddlewareHandler<ServerEnv> {
  return async (ask, next) => {
    if (!allows(ask.get('scopes'), scope))
      return refuse(ask, 'forbidden', 403, `the token does not have the scope "${scope}"`);
    await next();
    return undefined;
  };
}

/** The request's `Idempotency-Key`: see accept/key-record.ts. */
export function keyOf(ask: Ask): SubmissionKey | undefined {
  const key = ask.req.header('Idempotency-Key');
  return key === undefined || key === '' ? undefined : { owner: ask.get('owner'), key };
}

function unauthorized(ask: Ask, message: string): Response {
  ask.header('WWW-Authenticate', 'Bearer realm="fjr"');
  return refuse(ask, 'unauthorized', 401, message);
}
