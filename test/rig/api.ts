import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { TestServer } from './server.js';
import { waitUntil } from './wait-until.js';

type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Asked {
  /** Values of the path's parameters. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>> | readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestInit['body'];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of what is JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

/** A client of /v1 that holds every answer against the server's own OpenAPI document. */
export class Api {
  readonly document: Document;
  readonly #server: TestServer;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, binary: true },
  });
  readonly #checks = new Map<string, ValidateFunction>();

  private constructor(server: TestServer, document: Document, headers: Readonly<Record<string, string>>) {
    this.#server = server;
    this.document = document;
    this.#headers = headers;
    this.#ajv.addSchema({ $id: 'api', ...document });
  }

  static async open(server: TestServer, token?: string): Promise<Api> {
    const response = await server.fetch('/openapi.json');
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return new Api(server, (await response.json()) as Document, headers);
  }

  async get(path: string, asked: Asked = {}): Promise<Answer> {
    return this.ask('get', path, asked);
  }

  async post(path: string, asked: Asked = {}): Promise<Answer> {
    return this.ask('post', path, asked);
  }

  /** One operation of the document: `/v1/jobs/{id}`. Throws if the answer is not what the document says. */
  async ask(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const response = await this.open(method, path, asked);
    return this.check(method, path, response, await response.text());
  }

  /** The same, for answers whose end is not waited for. */
  async open(method: string, path: string, asked: Asked = {}, signal?: AbortSignal): Promise<Response> {
    const { path: values = {}, query = {}, headers = {}, body = null } = asked;
    const words = Array.isArray(query)
      ? (query as [string, string][])
      : Object.entries(query).map(([name, value]) => [name, String(value)]);
    const filled = path.replaceAll(/\{(.+?)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
    const search =
      words.length === 0 ? '' : `?${new URLSearchParams(words as [string, string][]).toString()}`;
    return this.#server.fetch(`${filled}${search}`, {
      method: method.toUpperCase(),
      headers: { ...this.#headers, ...headers },
      body,
      signal: signal ?? null,
    });
  }

  check(method: string, path: string, { status, headers }: Response, text: string): Answer {
    const type = (headers.get('Content-Type') ?? '').replace(/;.*$/, '');
    const declared = this.document.paths[path]?.[method]?.responses[status];
    const what = `${method} ${path} answers ${status}, ${type}`;
    if (declared === undefined) throw new Error(`${what}, which is not declared: ${text.slice(0, 300)}`);
    if (declared.content?.[type] === undefined) throw new Error(`${what}, of another type than declared`);
    const isJson = type.endsWith('json');
    const json = isJson ? (JSON.parse(text) as unknown) : undefined;
    const validate = this.#checkOf(method, path, status, type);
    if (isJson && !validate(json))
      throw new Error(`${what}: ${this.#ajv.errorsText(validate.errors)}: ${text.slice(0, 500)}`);
    return { status, headers, text, json };
  }

  #checkOf(method: string, path: string, status: number, type: string): ValidateFunction {
    const words = ['paths', path, method, 'responses', String(status), 'content', type, 'schema'];
    const pointer = words.map((word) => encodeURIComponent(word.replaceAll('~', '~0').replaceAll('/', '~1')));
    const place = `api#/${pointer.join('/')}`;
    const known = this.#checks.get(place) ?? this.#ajv.compile({ $ref: place });
    this.#checks.set(place, known);
    return known;
  }

  /** A job, once it is in a state. */
  async job(id: string, state: string): Promise<Answer['json']> {
    const answer = await waitUntil(
      `${id} is ${state}`,
      () => this.get('/v1/jobs/{id}', { path: { id } }),
      ({ json }) => (json as { state?: string }).state === state,
    );
    return answer.json;
  }
}
