import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { waitUntil } from './wait-until.js';

/** A job as a DECODE server keeps it. */
export interface DecodeJob {
  readonly id: string;
  readonly specs: unknown;
  status: string;
  /** All that its worker has said of it, in order: status and details. */
  readonly words: [status: string, details: string][];
  readonly reports: unknown[];
}

/** Where a server has its files, if not with itself: how workers fetch and send them. */
export interface FileStore {
  down(fileId: string): Promise<unknown>;
  up(directory: string): unknown;
}

/** What a worker offers when it asks for a job. */
export type Offer = Readonly<Record<string, string>>;

/**
 * What workers see of a DECODE OpenCloud: its routes, on files in a directory. What it lets happen beside that (answers
 * that are cut off, jobs that are deleted) is what happens to such a server, too.
 */
export class DecodeServer {
  readonly directory: string;
  token = 'the-token-of-the-worker';
  /** Where its users sign in; null: nowhere. */
  pool: { readonly client_id: string; readonly region: string } | null = null;
  readonly jobs = new Map<string, DecodeJob>();
  readonly offers: Offer[] = [];
  /** Paths of all requests for files, with their ranges. */
  readonly downloads: [path: string, range: string][] = [];
  readonly uploads: string[] = [];
  /** Bytes after which an answer is cut off, for each of the next downloads. */
  readonly cuts: number[] = [];
  /** Whether files have an ETag that tells their content, and what else is sent with them. */
  hashes = true;
  store: FileStore | undefined;
  readonly #server: Server;
  port = 0;

  private constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  static async start(directory: string): Promise<DecodeServer> {
    const server = new DecodeServer(directory);
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** All its connections are cut; `listen` brings it back. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  writeFile(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(`${this.directory}/${path}`), { recursive: true });
    writeFileSync(`${this.directory}/${path}`, content);
  }

  /** What has been uploaded for a job; '': nothing was. */
  read(id: string, path: string): string {
    const file = `${this.directory}/up/${id}/${path}`;
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  submit(id: string, specs: unknown): DecodeJob {
    const job: DecodeJob = { id, specs, status: 'queued', words: [], reports: [] };
    this.jobs.set(id, job);
    return job;
  }

  async ended(id: string): Promise<DecodeJob> {
    const look = (): DecodeJob | undefined => this.jobs.get(id);
    const isOver = (seen: DecodeJob | undefined): boolean =>
      ['finished', 'error'].includes(seen?.status ?? '');
    // A request for a job that is lost with its connection is made again after 15 s.
    const job = await waitUntil(`job ${id} has ended`, look, isOver, 40);
    return job!;
  }

  async is(id: string, status: string): Promise<void> {
    await waitUntil(
      `job ${id} is ${status}`,
      () => this.jobs.get(id),
      (seen) => seen?.status === status,
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const path = decodeURIComponent(url.pathname);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    };
    if (path === '/access_info') {
      const nothing = { user_pool_id: null, client_id: null, region: null };
      json(200, { cognito: this.pool === null ? nothing : { user_pool_id: 'pool', ...this.pool } });
      return;
    }
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      json(401, { detail: 'Not authenticated' });
      return;
    }
    if (path === '/jobs') json(200, this.#pull(url));
    else if (path.startsWith('/jobs/')) await this.#ofJob(path, url, request, response, json);
    else if (path.endsWith('/url'))
      json(
        200,
        this.store === undefined
          ? this.#request('GET', url, '/url', '/download')
          : await this.store.down(path.slice('/files/'.length, -'/url'.length)),
      );
    else this.#download(path.slice('/files/'.length, -'/download'.length), request, response);
  }

  #pull(url: URL): Record<string, unknown> {
    this.offers.push(Object.fromEntries(url.searchParams));
    for (const job of this.jobs.values()) {
      if (job.status !== 'queued') continue;
      job.status = 'pulled';
      return { [job.id]: job.specs };
    }
    return {};
  }

  async #ofJob(
    path: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
    json: (status: number, value: unknown) => void,
  ): Promise<void> {
    const [, , id = '', ...rest] = path.split('/');
    const job = this.jobs.get(id);
    const body = await read(request);
    if (job === undefined) {
      json(404, { detail: 'Job not found' });
      return;
    }
    const query = url.searchParams;
    if (rest.join('/') === 'status') {
      job.status = query.get('status') ?? '';
      const details = query.get('runtime_details') ?? '';
      if (job.words.at(-1)?.[0] !== job.status || details !== '') job.words.push([job.status, details]);
      if (body.length > 0) job.reports.push(JSON.parse(body.toString('utf8')));
      response.writeHead(204).end();
    } else if (rest.join('/') === 'files/url') {
      const directory = `up/${id}/${query.get('type') ?? ''}/${query.get('base_path') ?? ''}`;
      json(201, this.store?.up(directory) ?? this.#request('POST', url, '/url', '/upload'));
    } else {
      const file = fileIn(body, request.headers['content-type'] ?? '');
      const place = `up/${id}/${query.get('type') ?? ''}/${query.get('base_path') ?? ''}/${file.name}`;
      this.uploads.push(place);
      this.writeFile(place, file.content);
      json(201, null);
    }
  }

  #request(method: string, url: URL, from: string, to: string): unknown {
    const whole = new URL(url);
    whole.pathname = whole.pathname.slice(0, -from.length) + to;
    return { method, url: whole.href, headers: { authorization: `Bearer ${this.token}` }, data: {} };
  }

  #download(path: string, request: IncomingMessage, response: ServerResponse): void {
    const file = `${this.directory}/${path}`;
    if (!existsSync(file)) {
      response.writeHead(404).end('{"detail":"File not found"}');
      return;
    }
    const { size } = statSync(file);
    const tag = `"sha256-${createHash('sha256').update(readFileSync(file)).digest('hex')}"`;
    const range = request.headers['if-range'] === tag ? (request.headers.range ?? '') : '';
    this.downloads.push([path, request.headers.range ?? '']);
    const start = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
    const cut = this.cuts.shift();
    response.writeHead(range === '' ? 200 : 206, {
      'Content-Length': size - start,
      ...(this.hashes ? { ETag: tag } : {}),
      ...(range === '' ? {} : { 'Content-Range': `bytes ${start}-${size - 1}/${size}` }),
    });
    if (size === start) response.end();
    else if (cut === undefined) createReadStream(file, { start }).pipe(response);
    else response.write(readFileSync(file).subarray(start, start + cut), () => response.destroy());
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The last part of a form, which is a file. */
function fileIn(body: Buffer, type: string): { readonly name: string; readonly content: Buffer } {
  const boundary = /boundary=(\S+)/.exec(type)?.[1] ?? '';
  const end = body.lastIndexOf(`\r\n--${boundary}--`);
  const start = body.lastIndexOf(`--${boundary}\r\n`, end);
  const headEnd = body.indexOf('\r\n\r\n', start);
  const name = /name="file"; filename="([^"]*)"/.exec(body.toString('utf8', start, headEnd))?.[1];
  if (name === undefined || end < 0) throw new Error('no file in the form');
  return { name, content: body.subarray(headEnd + 4, end) };
}

/** What a DECODE server says of a job. */
export function specsOf(
  cmd: readonly string[] | null,
  {
    env = null,
    image = null,
    entrypoint = null,
    down = null,
    up = null,
    hardware = {},
  }: {
    readonly env?: Record<string, string> | null;
    readonly image?: string | null;
    readonly entrypoint?: string | null;
    readonly down?: Record<string, string> | null;
    readonly up?: Record<string, string> | null;
    readonly hardware?: Record<string, unknown>;
  } = {},
): Record<string, unknown> {
  return {
    app: { cmd, env },
    handler: {
      image_url: image,
      image_name: null,
      image_version: null,
      entrypoint,
      files_down: down,
      files_up: up,
    },
    meta: { job_id: 7, date_created: '2026-11-28T12:00:00', whatever: { else: 1 } },
    hardware: { cpu_cores: null, memory: null, gpu_model: null, gpu_archi: null, gpu_mem: null, ...hardware },
  };
}
