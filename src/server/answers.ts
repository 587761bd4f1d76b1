import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Environment, Scope } from './tokens.js';
import { answerProblem, isV1 } from './v1/problem.js';

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

/**
 * A refusal, in the form of the API that was asked: jobmgr's, or a problem of /v1. `message`: what a person needs to know
 * beside the word that programs go by.
 */
export function refuse(
  ask: Ask,
  error: string,
  status: ContentfulStatusCode = 200,
  message?: string,
): Response {
  if (isV1(ask))
    return answerProblem(ask, status === 200 ? 500 : status, {
      code: error,
      detail: message ?? sentenceOf(error),
    });
  return ask.json({ status: 'error', error, ...(message === undefined ? {} : { message }) }, status);
}

/** Its request broke off, which is nobody's bug here; nobody hears the answer. */
export function hasLeft(ask: Ask): boolean {
  const { incoming } = ask.env;
  return incoming.destroyed && !incoming.complete;
}

/** `internal_server_error` → `internal server error`. */
function sentenceOf(error: string): string {
  return error.replaceAll('_', ' ');
}
