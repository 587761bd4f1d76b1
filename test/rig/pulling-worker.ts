import type { TestServer } from './server.js';

export interface FileRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly data: Record<string, string>;
}

export interface Specs {
  readonly app: { readonly cmd: string[] | null; readonly env: Record<string, string> | null };
  readonly handler: Record<string, unknown> & { readonly files_down: Record<string, string> | null };
  readonly meta: Record<string, unknown> & { readonly job_id: number };
  readonly hardware: Record<string, unknown>;
}

/** Requests as DECODE's own fetcher makes them, with a token of its own. */
export class PullingWorker {
  readonly #server: TestServer;
  readonly #token: string;

  constructor(server: TestServer, token: string) {
    this.#server = server;
    this.#token = token;
  }

  async ask(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = {
      Authorization: `Bearer ${this.#token}`,
      ...(options.headers as Record<string, string>),
    };
    return this.#server.fetch(path, { ...options, headers });
  }

  /** Jobs by their ids. */
  async pull(query = 'memory=1000'): Promise<Record<string, Specs>> {
    const response = await this.ask(`/jobs?${query}`);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, Specs>;
  }

  /** The ids alone. */
  async pullIds(query?: string): Promise<string[]> {
    return Object.keys(await this.pull(query));
  }

  async status(id: string): Promise<unknown> {
    const response = await this.ask(`/jobs/${id}/status`);
    return response.status === 200 ? response.json() : response.status;
  }

  /** Returns the status code. */
  async put(id: string, status: string, details = '', body?: unknown): Promise<number> {
    const query = new URLSearchParams({ status, runtime_details: details });
    const response = await this.ask(`/jobs/${encodeURIComponent(id)}/status?${query.toString()}`, {
      method: 'PUT',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.body?.cancel();
    return response.status;
  }

  async download(fileId: string): Promise<string | number> {
    const response = await this.ask(`/files/${encodeURI(fileId)}/url`);
    if (response.status !== 200) return response.status;
    const { method, url, headers } = (await response.json()) as FileRequest;
    const file = await fetch(url, { method, headers });
    return file.status === 200 ? file.text() : file.status;
  }

  /** Asks where to, and sends it there. */
  async upload(id: string, type: string, basePath: string, name: string, content: string): Promise<number> {
    const query = new URLSearchParams({ type, base_path: basePath });
    const response = await this.ask(`/jobs/${encodeURIComponent(id)}/files/url?${query.toString()}`, {
      method: 'POST',
    });
    if (response.status !== 201) return response.status;
    const { method, url, headers, data } = (await response.json()) as FileRequest;
    const form = new FormData();
    for (const [key, value] of Object.entries(data)) form.set(key, value);
    form.set('file', new Blob([content]), name);
    return (await fetch(url, { method, headers, body: form })).status;
  }
}

/** What is given to `POST /_jobs`, with what a test cares about. */
export function submitted(parts: {
  readonly job?: Record<string, unknown>;
  readonly hardware?: Record<string, unknown>;
  readonly handler?: Record<string, unknown>;
  readonly app?: Record<string, unknown>;
  readonly [key: string]: unknown;
}): Record<string, unknown> {
  const { hardware, handler, app, ...rest } = parts;
  return {
    job: {
      app: { cmd: ['true'], env: null, ...app },
      handler: { image_url: 'example/image', files_down: null, files_up: null, ...handler },
      meta: { job_id: 7, date_created: '2026-01-01T00:00:00' },
      hardware: {
        cpu_cores: null,
        memory: null,
        gpu_model: null,
        gpu_archi: null,
        gpu_mem: null,
        ...hardware,
      },
    },
    environment: null,
    group: null,
    priority: 5,
    paths_upload: { output: 'out', log: 'log', artifact: 'artifact' },
    ...rest,
  };
}
