import { FjrError } from '../../job/fjr-error.js';
import type { Part, Workplace } from '../../system/workplace.js';
import { type ApiClient, Refused, isPassing, reasonOf } from './api-client.js';
import { pause, pauseAfter } from './back-off.js';
import { checksumOf } from './checksum.js';
import type { FileRequest } from './file-request.js';
import { Limit } from './limit.js';
import { Turns } from './turns.js';

/** Files that are fetched at a time, for all jobs together. */
const atATime = 6;
/** How often in a row a file may fail to get further, while the server itself answers. */
const fruitlessTries = 12;
/** Milliseconds without a byte after which a connection counts as cut. */
const silence = 60_000;

export interface DownloadOptions {
  readonly client: Pick<ApiClient, 'downloadRequest'>;
  readonly workplace: Workplace;
  readonly random: () => number;
}

/** What is known of a file that is on its way. */
interface Coming {
  readonly part: Part;
  /** By which a server knows that what is left is of the same file. */
  validator: string | undefined;
  /** Bytes of the whole file. */
  total: number | undefined;
  /** Its SHA-256 as the server says, in hexadecimal digits. */
  hash: string | undefined;
}

type Progress = 'whole' | 'cached' | { readonly cut: string };

/** Fetches inputs: some at a time, on from where a connection was cut, and checked as far as the server lets it. */
export class Downloads {
  readonly #options: DownloadOptions;
  readonly #turns = new Turns(atATime);

  constructor(options: DownloadOptions) {
    this.#options = options;
  }

  /** Throws FjrError for what no further try would change. */
  async fetch(fileId: string, to: string, signal: AbortSignal): Promise<void> {
    await this.#turns.take(async () => {
      signal.throwIfAborted();
      const part = await this.#options.workplace.newPart();
      const coming: Coming = { part, validator: undefined, total: undefined, hash: undefined };
      try {
        await this.#receive(fileId, to, coming, signal);
      } catch (error) {
        throw signal.aborted || error instanceof FjrError ? error : asFjrError(fileId, error);
      } finally {
        await part.discard();
      }
    });
  }

  async #receive(fileId: string, to: string, coming: Coming, signal: AbortSignal): Promise<void> {
    const { client, random } = this.#options;
    for (let fruitless = 0; ;) {
      const before = coming.part.size;
      // Anew each time: what was signed for us is good for some minutes only.
      const request = await client.downloadRequest(fileId, signal);
      const progress = await this.#try(request, coming, to, signal);
      if (progress === 'cached') return;
      if (progress === 'whole') break;
      fruitless = coming.part.size > before ? 0 : fruitless + 1;
      if (fruitless >= fruitlessTries)
        throw new FjrError('download', `cannot fetch the file ${fileId}: ${progress.cut}`);
      await pause(pauseAfter(fruitless, random), signal);
      signal.throwIfAborted();
    }
    const { part, hash } = coming;
    if (hash === undefined) await part.moveTo(to);
    else await this.#keep(fileId, coming, hash, to);
  }

  async #keep(fileId: string, { part }: Coming, hash: string, to: string): Promise<void> {
    const found = await part.hash();
    if (found !== hash)
      throw new FjrError(
        'download',
        `the file ${fileId} came with the SHA-256 ${found}, and ${hash} was expected`,
      );
    await this.#options.workplace.keepCached(part, hash, to);
  }

  async #try(request: FileRequest, coming: Coming, to: string, signal: AbortSignal): Promise<Progress> {
    const { part } = coming;
    const limit = new Limit(signal, silence);
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers: { ...request.headers, 'Accept-Encoding': 'identity', ...(await rangeOf(coming)) },
        ...bodyOf(request),
        signal: limit.signal,
      });
      const { status, headers } = response;
      if (status !== 206) await part.restart(checksumOf(headers) !== undefined);
      else if (!goesOnAt(headers, part.size))
        return { cut: 'it goes on with another part than was asked for' };
      if (!response.ok) {
        await response.body?.cancel();
        // A link that was signed may be too old by now; and what is there may be shorter than what we have.
        if (isPassing(status) || status === 403 || status === 416) return { cut: `status ${status}` };
        throw new Refused('the file', status, '');
      }
      learn(coming, response);
      if (coming.hash !== undefined && (await this.#options.workplace.takeCached(coming.hash, to))) {
        await response.body?.cancel();
        return 'cached';
      }
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        limit.refresh();
        await part.write(chunk);
      }
      const isShort = coming.total !== undefined && part.size < coming.total;
      return isShort ? { cut: `it ended after ${part.size} bytes` } : checkedEnd(coming);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused || isOfTheDisk(error)) throw error;
      return { cut: limit.isOver ? `nothing came for ${silence / 1000} s` : reasonOf(error) };
    } finally {
      limit.end();
    }
  }
}

function checkedEnd({ part, total }: Coming): Progress {
  if (total === undefined || part.size === total) return 'whole';
  throw new FjrError('download', `more came than the ${total} bytes that the server spoke of`);
}

/** What is left of the file, if the server can tell that it is the same one. */
async function rangeOf({ part, validator }: Coming): Promise<Record<string, string>> {
  if (part.size === 0) return {};
  if (validator !== undefined) return { Range: `bytes=${part.size}-`, 'If-Range': validator };
  await part.restart(false);
  return {};
}

function goesOnAt(headers: Headers, offset: number): boolean {
  return new RegExp(`^bytes ${offset}-`).test(headers.get('Content-Range') ?? '');
}

function learn(coming: Coming, { status, headers }: Response): void {
  const [, whole] = /\/(\d+)$/.exec(headers.get('Content-Range') ?? '') ?? [];
  const length = headers.get('Content-Length');
  const isEncoded = (headers.get('Content-Encoding') ?? 'identity') !== 'identity';
  if (status === 206) coming.total = whole === undefined ? coming.total : Number(whole);
  else coming.total = length === null || isEncoded ? undefined : Number(length);
  const etag = headers.get('ETag');
  // Only a strong one says that the bytes are the same.
  coming.validator =
    etag !== null && !etag.startsWith('W/') ? etag : (headers.get('Last-Modified') ?? undefined);
  // Of the whole file; whoever said nothing at its beginning is not asked in the middle.
  if (status !== 206) coming.hash = checksumOf(headers);
}

function bodyOf({ method, data }: FileRequest): { body?: URLSearchParams } {
  return method === 'GET' || method === 'HEAD' || Object.keys(data).length === 0
    ? {}
    : { body: new URLSearchParams(data) };
}

/** A full disk is nothing that trying again would mend. */
function isOfTheDisk(error: unknown): boolean {
  return error instanceof FjrError || (error as NodeJS.ErrnoException).syscall !== undefined
    ? ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EACCES', 'EISDIR', 'ENOTDIR'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    : false;
}

function asFjrError(fileId: string, error: unknown): unknown {
  if (error instanceof Refused)
    return new FjrError('download', `cannot fetch the file ${fileId}: ${error.message}`, { cause: error });
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return new FjrError('download', `cannot keep the file ${fileId}: ${code}`, { cause: error });
}
