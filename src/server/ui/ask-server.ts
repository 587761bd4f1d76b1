import { currentToken } from './token.js';

/** The server has answered, and refuses. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** There was no answer. */
export class Unreachable extends Error {
  constructor() {
    super('The server does not answer.');
  }
}

/** For what is asked again anyhow: that there is no answer is said where the connection is shown. */
export function unlessLost(error: unknown): void {
  if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** A path of the server with values put in their places: whatever they hold, they stay values. */
export function route(path: string, query: Query = {}): string {
  const words = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return words.length === 0 ? path : `${path}?${words.join('&')}`;
}

export function jobRoute(id: string, rest = '', query: Query = {}): string {
  return route(`v1/jobs/${encodeURIComponent(id)}${rest}`, query);
}

/** Of a run's tasks, or of one of them. */
export function taskRoute(run: string, rest = '', query: Query = {}): string {
  return route(`v1/runs/${encodeURIComponent(run)}/tasks${rest}`, query);
}

/** An answer whose body is still to be read. Throws Refusal, or Unreachable. */
export async function ask(
  path: string,
  options: RequestInit = {},
  token = currentToken(),
): Promise<Response> {
  const headers = new Headers(options.headers);
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  let response;
  try {
    // The page lies in ui/, beside the routes, wherever a proxy may have put all of them.
    response = await fetch(`../${path}`, { ...options, headers, redirect: 'error' });
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new Unreachable();
  }
  noteTime(response);
  if (!response.ok) throw new Refusal(response.status, await reasonOf(response));
  return response;
}

export async function askJson<T>(path: string, options: RequestInit = {}): Promise<T> {
  const response = await ask(path, options);
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new Unreachable();
  }
}

/** What a refusal says of its reason: in the form of problems, or in jobmgr's. */
async function reasonOf(response: Response): Promise<string> {
  const words = (await response.json().catch(() => ({}))) as Partial<
    Record<'detail' | 'title' | 'message' | 'error', unknown>
  >;
  for (const reason of [words.detail, words.message, words.title, words.error])
    if (typeof reason === 'string' && reason !== '') return reason;
  return `The server answers ${response.status}.`;
}

let ahead = 0;

/** Answers say what time it is for the server; a difference of a second is what that costs to find out. */
function noteTime(response: Response): void {
  const theirs = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isNaN(theirs)) return;
  const difference = theirs - Date.now();
  ahead = Math.abs(difference) < 3000 ? 0 : difference;
}

/** Milliseconds since 1970 by the server's clock, by which jobs are timed. */
export function serverNow(): number {
  return Date.now() + ahead;
}
