import { FjrError } from '../../job/fjr-error.js';
import { shorten } from '../../job/shorten.js';
import { pause, pauseAfter } from './back-off.js';
import { type FileRequest, readFileRequest } from './file-request.js';
import { Limit } from './limit.js';
import type { SignIn, UserPool } from './sign-in.js';

/** An answer that asking again would not change. */
export class Refused extends Error {
  readonly status: number;

  constructor(what: string, status: number, detail: string) {
    super(`${what}: ${status}${detail === '' ? '' : ` (${detail})`}`);
    this.status = status;
  }
}

/** 404 for a job: it was cancelled, or is no longer ours. */
export class Gone extends Error {
  constructor() {
    super('the server does not know this job as ours any more');
  }
}

/** The server cannot be reached at the moment. */
export class Unanswered extends Error {}

/** What `GET /access_info` tells of a server. */
export interface AccessInfo {
  /** Undefined: its tokens are its own. */
  readonly pool: UserPool | undefined;
  /** Undefined: it is not one of fjr's. */
  readonly fjr: FjrServer | undefined;
}

export interface FjrServer {
  readonly version: string;
  /** Seconds without a word of us after which it gives a job to somebody else. */
  readonly lease: number;
  /** Seconds for which it may let us wait for a job. */
  readonly wait: number;
}

export type UploadType = 'output' | 'log' | 'artifact';

export interface ApiOptions {
  readonly url: string;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The server cannot be reached, or can be again (undefined). */
  readonly onTrouble: (why: string | undefined) => void;
}

/** Seconds for an answer to anything but a wait for jobs. */
const patience = 60;
/** … for one for a job, beyond the time for which the server may let us wait. */
const pullPatience = 15;
/** Seconds for which a token that was good may be refused, before we take it for revoked. */
const refusalPatience = 120;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  /** A status that is an answer, too. */
  readonly orElse?: number;
  /** Seconds beyond which nobody waits for an answer. */
  readonly patience?: number;
  /** It will be asked again anyway: a failure is thrown. */
  readonly once?: boolean;
}

/** The server as its workers see it. Every request is made again for as long as the server cannot be reached. */
export class ApiClient {
  readonly #options: ApiOptions;
  readonly #base: string;
  #signIn: SignIn | undefined;
  /** Monotonic milliseconds of the last answer to a token. */
  #acceptedAt = -Infinity;
  #trouble: string | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  get url(): string {
    return this.#base;
  }

  signInWith(signIn: SignIn): void {
    this.#signIn = signIn;
  }

  async accessInfo(signal: AbortSignal): Promise<AccessInfo> {
    return readAccessInfo(await this.#json({ method: 'GET', path: '/access_info' }, signal));
  }

  /** Jobs by their ids, as the server describes them. */
  async pull(
    query: readonly (readonly [string, string])[],
    wait: number,
    signal: AbortSignal,
  ): Promise<[string, unknown][]> {
    // What is not answered by then is asked anew: a worker that waits for nothing is of no use.
    const asked = { method: 'GET', path: '/jobs', query, patience: pullPatience + wait };
    const answer = await this.#json(asked, signal);
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer))
      return Object.entries(answer);
    throw new Refused(`GET ${this.#base}/jobs`, 200, 'the answer is no map of jobs');
  }

  /** Throws Gone. */
  async putStatus(
    id: string,
    status: string,
    details: string,
    report: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const query = [
      ['status', status],
      ['runtime_details', details],
    ] as const;
    await this.#ofJob({ method: 'PUT', path: statusPath(id), query, json: report }, signal);
  }

  /** Keeps a job alive, or fails to: the next one may succeed. Throws Gone. */
  async ping(id: string, status: string, signal: AbortSignal): Promise<void> {
    const query = [
      ['status', status],
      ['runtime_details', ''],
    ] as const;
    await this.#ofJob({ method: 'PUT', path: statusPath(id), query, once: true, patience: 20 }, signal);
  }

  /** Adds to a file of a slice what it has grown by; returns how many bytes the server has of it. Throws Gone. */
  async grow(
    id: string,
    file: 'lines' | 'pack',
    offset: number,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<number> {
    const path = `/jobs/${encodeURIComponent(id)}/grow`;
    const query = [
      ['file', file],
      ['offset', String(offset)],
    ] as const;
    const answer = await this.#ofJob({ method: 'PUT', path, query, bytes, orElse: 409 }, signal);
    const { size } = (answer ?? {}) as { readonly size?: unknown };
    if (typeof size === 'number') return size;
    throw new Refused(`PUT ${this.#base}${path}`, 200, 'the answer has no size');
  }

  /** What is decided of a slice's gang. Throws Gone. */
  async gang(id: string, signal: AbortSignal): Promise<{ readonly state: string; readonly content: string }> {
    const path = `/jobs/${encodeURIComponent(id)}/gang`;
    const answer = await this.#ofJob({ method: 'GET', path, once: true }, signal);
    const { state, content } = (answer ?? {}) as Partial<Record<'state' | 'content', unknown>>;
    return {
      state: typeof state === 'string' ? state : '',
      content: typeof content === 'string' ? content : '',
    };
  }

  /** How to send files of one directory. Throws Gone. */
  async uploadRequest(
    id: string,
    type: UploadType,
    directory: string,
    signal: AbortSignal,
  ): Promise<FileRequest> {
    const query = [
      ['type', type],
      ['base_path', directory],
    ] as const;
    return this.#fileRequest(
      await this.#ofJob({ method: 'POST', path: `/jobs/${encodeURIComponent(id)}/files/url`, query }, signal),
    );
  }

  /** How to fetch a file. Throws Refused if there is none. */
  async downloadRequest(fileId: string, signal: AbortSignal): Promise<FileRequest> {
    const segments = fileId.split('/');
    // A URL with such steps in it would be another one. Ids may begin with a slash, or with s3://.
    if (fileId === '' || segments.some((segment) => segment === '.' || segment === '..'))
      throw new Refused(
        `the file ${JSON.stringify(shorten(fileId))}`,
        400,
        'no server has files of such an id',
      );
    const path = `/files/${segments.map(encodeURIComponent).join('/')}/url`;
    return this.#fileRequest(await this.#json({ method: 'GET', path }, signal));
  }

  #fileRequest(value: unknown): FileRequest {
    return readFileRequest(value, `${this.#base}/`);
  }

  async #ofJob(asked: Asked, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#json(asked, signal);
    } catch (error) {
      throw error instanceof Refused && error.status === 404 ? new Gone() : error;
    }
  }

  async #json(asked: Asked, signal: AbortSignal): Promise<unknown> {
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      let why: string;
      try {
        const answer = await this.#try(asked, signal);
        if ('value' in answer) {
          this.#tell(undefined);
          return answer.value;
        }
        why = answer.why;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Refused || error instanceof FjrError) throw error;
        why = reasonOf(error);
      }
      this.#tell(why);
      if (asked.once === true) throw new Unanswered(why);
      await pause(pauseAfter(failures, this.#options.random), signal);
    }
  }

  /** `why`: it may be another answer a moment later. */
  async #try(asked: Asked, signal: AbortSignal): Promise<{ value: unknown } | { why: string }> {
    const limit = new Limit(signal, (asked.patience ?? patience) * 1000);
    try {
      return await this.#request(asked, limit.signal);
    } finally {
      limit.end();
    }
  }

  async #request(asked: Asked, signal: AbortSignal): Promise<{ value: unknown } | { why: string }> {
    const { method, path, query = [], json, bytes, orElse } = asked;
    const url = `${this.#base}${path}${query.length === 0 ? '' : `?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString()}`}`;
    const token = (await this.#signIn?.token(signal)) ?? '';
    const response = await fetch(url, {
      method,
      headers: {
        ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(bytes === undefined ? {} : { body: bytes }),
      signal,
    });
    const text = await response.text();
    if (response.ok || response.status === orElse) {
      if (token !== '') this.#acceptedAt = this.#options.now();
      return { value: text === '' ? undefined : parse(text) };
    }
    const refusal = new Refused(`${method} ${this.#base}${path}`, response.status, detailOf(text));
    if (response.status === 401) return this.#refuse(token, refusal);
    if (isPassing(response.status)) return { why: refusal.message };
    throw refusal;
  }

  /** A token that was good a moment ago gets a second chance; one that never was does not. */
  #refuse(token: string, refusal: Refused): { why: string } {
    const isNew = this.#signIn?.renew(token) === true;
    const lately = this.#options.now() - this.#acceptedAt < refusalPatience * 1000;
    if (lately || (isNew && this.#acceptedAt > -Infinity)) return { why: refusal.message };
    throw new FjrError('sign-in', `${this.#base} does not accept our token: ${refusal.message}`, {
      hint: 'ask who runs the server for a token of a worker: fjr token add NAME --scope worker',
    });
  }

  #tell(why: string | undefined): void {
    if ((why === undefined) === (this.#trouble === undefined)) return;
    this.#trouble = why;
    this.#options.onTrouble(why);
  }
}

function statusPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}/status`;
}

/** Whether the same request may be answered otherwise a moment later. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** What went wrong with a connection; fetch itself says only that something did. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) {
    const { code } = cause as NodeJS.ErrnoException;
    return code ?? cause.message;
  }
  return error.name === 'TimeoutError' ? 'no answer in time' : error.message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('the answer is no JSON');
  }
}

/** FastAPI's way to say why. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return shorten(typeof detail === 'string' ? detail : JSON.stringify(detail ?? ''));
  } catch {
    return shorten(text);
  }
}

function readAccessInfo(value: unknown): AccessInfo {
  const { cognito, fjr } = (value ?? {}) as {
    readonly cognito?: Readonly<Record<string, unknown>> | null;
    readonly fjr?: Readonly<Record<string, unknown>> | null;
  };
  const { client_id: clientId, region } = cognito ?? {};
  return {
    pool: typeof clientId === 'string' && typeof region === 'string' ? { clientId, region } : undefined,
    fjr:
      typeof fjr === 'object' && fjr !== null
        ? {
            version: typeof fjr['version'] === 'string' ? fjr['version'] : '',
            lease: positive(fjr['lease']) ?? 300,
            wait: positive(fjr['wait']) ?? 30,
          }
        : undefined,
  };
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}
