import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type MultipartUpload,
  type Part,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { TreeFile } from '../../system/trees.js';
import { inParallel } from './in-parallel.js';
import { readPart } from './read-part.js';
import type { ServedAs } from './store.js';

const mebibyte = 1024 * 1024;
/** Bytes of a part, and of what is sent in one piece. */
const usualPart = 8 * mebibyte;
/** What S3 allows. */
const mostParts = 10_000;
/** Parts of one file that are under way at once: each is in memory. */
const partsAtOnce = 2;

/** Bytes. A file that is larger is sent in parts of so many. */
export function partSizeOf(size: number): number {
  return Math.max(usualPart, Math.ceil(size / mostParts / mebibyte) * mebibyte);
}

/**
 * Files in parts. An upload that was cut off goes on where it stopped, whoever began it: a part counts as sent if its digest
 * is the one of what the file has there, else it is sent again.
 */
export class LargeUploads {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async send(key: string, file: TreeFile, as: ServedAs, signal: AbortSignal): Promise<void> {
    const id = (await this.#resume(key, signal)) ?? (await this.#begin(key, as, signal));
    const at = { Bucket: this.#bucket, Key: key, UploadId: id };
    const there = await this.#partsOf(key, id, signal);
    const size = partSizeOf(file.size);
    const parts: CompletedPart[] = [];
    const numbers = Array.from({ length: Math.ceil(file.size / size) }, (_, index) => index + 1);
    await inParallel(numbers, partsAtOnce, () => {
      // One buffer for each lane: what is sent of it has arrived before it is filled anew.
      const buffer = Buffer.allocUnsafeSlow(Math.min(size, file.size));
      return async (PartNumber) => {
        signal.throwIfAborted();
        const offset = (PartNumber - 1) * size;
        const body = buffer.subarray(0, Math.min(size, file.size - offset));
        const digest = await readPart(file, body, offset);
        const known = there.get(PartNumber);
        const isThere = known?.Size === body.length && known.ETag === `"${digest.toString('hex')}"`;
        const { ETag } = isThere
          ? known
          : await this.#client.send(
              new UploadPartCommand({ ...at, PartNumber, Body: body, ContentMD5: digest.toString('base64') }),
              { abortSignal: signal },
            );
        parts.push({ PartNumber, ETag });
      };
    });
    const Parts = parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    await this.#client.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts } }), {
      abortSignal: signal,
    });
  }

  /** Whatever was sent for this key and makes no object goes. */
  async forget(key: string, signal: AbortSignal): Promise<void> {
    for (const { UploadId } of await this.#unfinished(key, signal)) await this.#abort(key, UploadId, signal);
  }

  async #begin(
    key: string,
    { mime, disposition }: ServedAs,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const command = new CreateMultipartUploadCommand({
      ...{ Bucket: this.#bucket, Key: key },
      ...{ ContentType: mime, ContentDisposition: disposition },
    });
    return (await this.#client.send(command, { abortSignal: signal })).UploadId;
  }

  /** The newest upload that was cut off; the others go. */
  async #resume(key: string, signal: AbortSignal): Promise<string | undefined> {
    const [newest, ...others] = (await this.#unfinished(key, signal)).sort(
      (a, b) => (b.Initiated?.getTime() ?? 0) - (a.Initiated?.getTime() ?? 0),
    );
    for (const { UploadId } of others) await this.#abort(key, UploadId, signal);
    return newest?.UploadId;
  }

  async #abort(key: string, id: string | undefined, signal: AbortSignal): Promise<void> {
    const command = new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key: key, UploadId: id });
    await this.#client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      if ((error as Error).name !== 'NoSuchUpload') throw error;
    });
  }

  async #unfinished(key: string, signal: AbortSignal): Promise<MultipartUpload[]> {
    const found: MultipartUpload[] = [];
    // By the key itself: some makes know no other prefix here.
    const at = { Bucket: this.#bucket, Prefix: key };
    for (let marks = {}; ;) {
      const answer = await this.#client
        .send(new ListMultipartUploadsCommand({ ...at, ...marks }), { abortSignal: signal })
        .catch(unlessUnlisted);
      found.push(...(answer.Uploads ?? []).filter(({ Key }) => Key === key));
      if (answer.IsTruncated !== true || answer.NextKeyMarker === undefined) return found;
      marks = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
    }
  }

  async #partsOf(key: string, id: string | undefined, signal: AbortSignal): Promise<Map<number, Part>> {
    const found = new Map<number, Part>();
    const at = { Bucket: this.#bucket, Key: key, UploadId: id };
    for (let marks = {}; ;) {
      const answer = await this.#client
        .send(new ListPartsCommand({ ...at, ...marks }), { abortSignal: signal })
        .catch(unlessUnlisted);
      for (const part of answer.Parts ?? [])
        if (part.PartNumber !== undefined) found.set(part.PartNumber, part);
      if (answer.IsTruncated !== true || answer.NextPartNumberMarker === undefined) return found;
      marks = { PartNumberMarker: answer.NextPartNumberMarker };
    }
  }
}

interface Listing {
  readonly Uploads?: MultipartUpload[];
  readonly Parts?: Part[];
  readonly IsTruncated?: boolean;
  readonly NextKeyMarker?: string;
  readonly NextUploadIdMarker?: string;
  readonly NextPartNumberMarker?: string;
}

/** A store that does not list what is unfinished, or not for us, still takes files: they begin anew when they are cut off. */
function unlessUnlisted(error: unknown): Listing {
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  if ([403, 405, 501].includes($metadata?.httpStatusCode ?? 0)) return {};
  throw error;
}
