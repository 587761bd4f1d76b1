import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { TreeFile } from '../../system/trees.js';
import { describeRefusal } from './describe-refusal.js';
import { LargeUploads, partSizeOf } from './large-uploads.js';
import { readPart } from './read-part.js';
import type { ServedAs, Store, StorePlace } from './store.js';
import { StoreError } from './store.js';
import type { Credentials, StoreSettings } from './store-settings.js';

/** Milliseconds. */
const patience = {
  connectionTimeout: 5_000,
  /** Without a byte in either direction. */
  socketTimeout: 60_000,
};
/** Of one request, within some seconds: what lasts longer is the business of whoever asks. */
const mostTries = 3;

/** A store that speaks as Amazon's S3 does. */
export class S3Store implements Store {
  readonly place: StorePlace;
  readonly prefix: string;
  readonly #client: S3Client;
  /** Makes links, and connects to nothing. */
  readonly #linker: S3Client;
  readonly #large: LargeUploads;

  /** `credentials`: undefined: those that the client finds where Amazon's tools look for them. */
  constructor(settings: StoreSettings, credentials: Credentials | undefined) {
    const { endpoint, publicEndpoint, bucket, region, pathStyle } = settings;
    this.place = { endpoint: endpoint ?? `https://s3.${region}.amazonaws.com`, bucket };
    this.prefix = settings.prefix;
    const common: S3ClientConfig = {
      region,
      forcePathStyle: pathStyle,
      ...(credentials === undefined ? {} : { credentials }),
      maxAttempts: mostTries,
      requestHandler: patience,
      // Other makes know nothing of Amazon's newer checksums; they all know Content-MD5.
      ...(endpoint === undefined
        ? {}
        : {
            endpoint,
            requestChecksumCalculation: 'WHEN_REQUIRED' as const,
            responseChecksumValidation: 'WHEN_REQUIRED' as const,
          }),
    };
    this.#client = new S3Client(common);
    this.#linker =
      publicEndpoint === undefined ? this.#client : new S3Client({ ...common, endpoint: publicEndpoint });
    this.#large = new LargeUploads(this.#client, bucket);
  }

  async put(key: string, file: TreeFile, as: ServedAs, signal: AbortSignal): Promise<void> {
    await this.#say(async () => {
      if (file.size > partSizeOf(file.size)) await this.#large.send(key, file, as, signal);
      else await this.#putWhole(key, file, as, signal);
      // The file here is removed by this word: so it is asked for what it has, and not believed what it has taken.
      const { ContentLength } = await this.#client.send(this.#of(HeadObjectCommand, key), {
        abortSignal: signal,
      });
      if (ContentLength !== file.size)
        throw new StoreError(
          'object',
          `it has ${ContentLength ?? 'no'} bytes of an artifact of ${file.size}`,
          undefined,
        );
    });
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    await this.#say(async () => {
      await this.#large.forget(key, signal);
      await this.#client.send(this.#of(DeleteObjectCommand, key), { abortSignal: signal });
    });
  }

  async link(key: string, { mime, disposition }: ServedAs, seconds: number): Promise<string> {
    return this.#say(async () =>
      getSignedUrl(
        this.#linker,
        new GetObjectCommand({
          ...{ Bucket: this.place.bucket, Key: key },
          ...{ ResponseContentType: mime, ResponseContentDisposition: disposition },
        }),
        { expiresIn: seconds },
      ),
    );
  }

  async #putWhole(key: string, file: TreeFile, as: ServedAs, signal: AbortSignal): Promise<void> {
    const body = Buffer.allocUnsafe(file.size);
    const digest = await readPart(file, body, 0);
    const command = new PutObjectCommand({
      ...{ Bucket: this.place.bucket, Key: key, Body: body },
      ...{ ContentType: as.mime, ContentDisposition: as.disposition },
      ContentMD5: digest.toString('base64'),
    });
    await this.#client.send(command, { abortSignal: signal });
  }

  #of<T>(command: new (input: { Bucket: string; Key: string }) => T, key: string): T {
    return new command({ Bucket: this.place.bucket, Key: key });
  }

  async #say<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw describeRefusal(error, this.place);
    }
  }
}
