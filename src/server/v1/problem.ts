import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { STATUS_CODES } from 'node:http';
import type { Ask } from '../answers.js';

/** One value of a request that is wrong. */
export interface Fault {
  readonly in: 'query' | 'path' | 'header' | 'body';
  /** `limit`, or a path into the body: `parameters.size`. */
  readonly name: string;
  /** What was expected. */
  readonly detail: string;
}

interface Said {
  /** A word that programs go by: `unknown_job`. */
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request cannot be answered as it was meant; thrown where that is found out, and answered as RFC 9457 has it. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly said: Said;

  constructor(status: ContentfulStatusCode, said: Said) {
    super(said.detail);
    this.status = status;
    this.said = said;
  }
}

export function answerProblem(
  ask: Ask,
  status: ContentfulStatusCode,
  { code, detail, errors, headers = {} }: Said,
): Response {
  for (const [name, value] of Object.entries(headers)) ask.header(name, value);
  ask.header('Content-Type', 'application/problem+json');
  const title = STATUS_CODES[status] ?? 'Error';
  const body = { type: 'about:blank', title, status, code, detail, ...(errors && { errors }) };
  return ask.body(JSON.stringify(body), status);
}

/** Whether answers to this request are in the form of this API, those included that refuse it early. */
export function isV1(ask: Ask): boolean {
  return ask.req.path === '/openapi.json' || /^\/v1(\/|$)/.test(ask.req.path);
}
