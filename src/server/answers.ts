import type { HttpBindings } from '@hono/node-server';
import type { Context, TypedResponse } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Environment, Scope } from './tokens.js';

/** What a request carries through the server. */
export interface ServerEnv {
  Bindings: HttpBindings;
  Variables: {
    scopes: readonly Scope[];
    /** The name of the token that the request came with; '' if it needed none. */
    owner: string;
    /** Of a worker's token. */
    environment: Environment;
  };
}

export type Ask = Context<ServerEnv>;

/** jobmgr's form of a refusal. `message`: what a person needs to know beside the word that programs go by. */
export function refuse(
  ask: Ask,
  error: string,
  status: ContentfulStatusCode = 200,
  message?: string,
): Response & TypedResponse {
  return ask.json({ status: 'error', error, ...(message === undefined ? {} : { message }) }, status);
}
