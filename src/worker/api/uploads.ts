import { FjrError } from '../../job/fjr-error.js';
import type { sendForm } from '../../system/send-form.js';
import type { TreeFile, Trees } from '../../system/trees.js';
import { type ApiClient, Gone, type UploadType, isPassing, reasonOf } from './api-client.js';
import { pause, pauseAfter } from './back-off.js';
import type { FileRequest } from './file-request.js';
import { Turns, allOf } from './turns.js';

/** Files that are sent at a time, for all jobs together. */
const atATime = 4;
/** Milliseconds for which a permission to send is used: S3's are good for ten minutes. */
const useFor = 240_000;
/** Bytes. */
const readAtATime = 2 ** 18;
/** How often in a row a file may fail, while the server itself answers. */
const tries = 10;

export interface UploadOptions {
  readonly client: Pick<ApiClient, 'uploadRequest' | 'url'>;
  readonly trees: Trees;
  readonly sendForm: typeof sendForm;
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A file that a job leaves, and where it belongs. */
export interface Output {
  readonly type: UploadType;
  /** Where it lies: below `top/below`, which is looked for no link that leads out of it. */
  readonly top: string;
  readonly below: string;
  readonly name: string;
  /** What the server is to call it: a directory relative to the job's, and a name. */
  readonly directory: string;
  readonly fileName: string;
}

interface Permission {
  readonly request: FileRequest;
  /** Monotonic milliseconds. */
  readonly askedAt: number;
}

/** Sends outputs: some at a time, each as often as it takes. */
export class Uploads {
  readonly #options: UploadOptions;
  readonly #turns = new Turns(atATime);
  /** By job, type and directory. */
  readonly #permissions = new Map<string, Promise<Permission>>();

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  /** Throws Gone, or FjrError for what no further try would change. */
  async send(id: string, outputs: readonly Output[], signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const prefix = `${id}\0`;
    try {
      await allOf(
        outputs,
        async (output) => this.#turns.take(async () => this.#sendOne(id, output, both)),
        (reason) => {
          stop.abort(reason);
        },
      );
    } finally {
      for (const key of this.#permissions.keys()) if (key.startsWith(prefix)) this.#permissions.delete(key);
    }
  }

  async #sendOne(id: string, output: Output, signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      const request = await this.#permission(id, output, failures > 0, signal);
      const why = await this.#try(request, output, signal);
      if (why === undefined) return;
      if (failures + 1 >= tries) throw cannotSend(output, why);
      await pause(pauseAfter(failures, this.#options.random), signal);
    }
  }

  /** One permission serves all files of a directory. */
  async #permission(id: string, output: Output, anew: boolean, signal: AbortSignal): Promise<FileRequest> {
    const { client, now } = this.#options;
    const key = [id, output.type, output.directory].join('\0');
    const known = await this.#permissions.get(key);
    if (known !== undefined && !anew && now() - known.askedAt < useFor) return known.request;
    const asked = client
      .uploadRequest(id, output.type, output.directory, signal)
      .then((request): Permission => ({ request, askedAt: now() }));
    asked.catch(() => this.#permissions.delete(key));
    this.#permissions.set(key, asked);
    return (await asked).request;
  }

  /** Returns why it failed, where another try may help. */
  async #try(request: FileRequest, output: Output, signal: AbortSignal): Promise<string | undefined> {
    const file = await this.#options.trees.open(output.top, output.below, output.name);
    // Gone meanwhile, a link that leads elsewhere, a pipe: nothing to send.
    if (file === undefined) return undefined;
    try {
      const { status, text } = await this.#send(request, output, file, signal);
      if (status >= 200 && status < 300) return undefined;
      if (status === 404 && isOf(this.#options.client.url, request.url)) throw new Gone();
      if (isPassing(status) || status === 401 || status === 403) return `status ${status}`;
      throw cannotSend(output, `status ${status} ${text.slice(0, 200)}`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Gone || error instanceof FjrError) throw error;
      return reasonOf(error);
    } finally {
      await file.close().catch(() => undefined);
    }
  }

  async #send(
    { method, url, headers, data }: FileRequest,
    { fileName }: Output,
    file: TreeFile,
    signal: AbortSignal,
  ): ReturnType<typeof sendForm> {
    const content = piecesOf(file);
    const { size } = file;
    return this.#options.sendForm({ url, method, headers, fields: data, fileName, size, content, signal });
  }
}

/** Whether a request goes to the server itself: what another does not know is no job. */
function isOf(server: string, url: string): boolean {
  return new URL(server).origin === new URL(url).origin;
}

function cannotSend({ directory, fileName }: Output, why: string): FjrError {
  const path = directory === '' ? fileName : `${directory}/${fileName}`;
  return new FjrError('upload', `cannot send the output ${path}: ${why}`);
}

/** A file in pieces of the same memory, and not as a stream: sending it takes a quarter of the CPU so. */
async function* piecesOf(file: TreeFile): AsyncGenerator<Uint8Array> {
  const memory = Buffer.allocUnsafe(Math.min(readAtATime, file.size));
  for (let place = 0; place < file.size; place += memory.length) {
    const piece = memory.subarray(0, file.size - place);
    await file.read(piece, place);
    yield piece;
  }
}
