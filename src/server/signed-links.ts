import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { perform } from '../queue/perform.js';
import { read } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import { placeFile } from './place-file.js';
import type { ServerPaths } from './server-paths.js';

/** Seconds for which a link is good, as jobmgr's are. */
export const linkLifetime = 2 * 3600;

export type LinkState = 'good' | 'expired' | 'forged';

/** Links that let in whoever has them, for a while and to one artifact. */
export class SignedLinks {
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor(key: Buffer, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** What a link to this artifact has behind its question mark. */
  sign(artifact: number): string {
    const expires = Math.floor(this.#clock.wall() / 1000) + linkLifetime;
    return `expires=${expires}&signature=${this.#signature(artifact, String(expires)).toString('base64url')}`;
  }

  check(artifact: number, expires: string, signature: string): LinkState {
    const given = Buffer.from(signature, 'base64url');
    const expected = this.#signature(artifact, expires);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
    return Number(expires) * 1000 > this.#clock.wall() ? 'good' : 'expired';
  }

  #signature(artifact: number, expires: string): Buffer {
    return createHmac('sha256', this.#key).update(`artifact/${artifact}/${expires}`).digest();
  }
}

/** The project's key, made by the first server that needs it: links are good with all servers of a project. */
export function ensureKey(files: Files, paths: ServerPaths): Buffer {
  const known = perform(files, read(paths.key));
  if (known !== undefined) return Buffer.from(known);
  perform(files, placeFile(paths, paths.key, randomBytes(32).toString('hex'), newToken()));
  return Buffer.from(perform(files, read(paths.key)) ?? []);
}
