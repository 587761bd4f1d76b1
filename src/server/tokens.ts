import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { didYouMean } from '../job/did-you-mean.js';
import { FjrError } from '../job/fjr-error.js';
import { shorten } from '../job/shorten.js';
import { perform } from '../queue/perform.js';
import { list, read, unlink } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Files } from '../system/files.js';
import { placeFile } from './place-file.js';
import type { ServerPaths } from './server-paths.js';

/**
 * What a token allows. `spec`: to submit jobs of specs, which are all that its owner can have run; `submit`: that, any other
 * job, and to cancel and retry. `admin` allows everything; the others only what they say.
 */
export const scopes = ['read', 'submit', 'spec', 'worker', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export function allows(given: readonly Scope[], scope: Scope): boolean {
  return given.includes(scope) || given.includes('admin') || (scope === 'spec' && given.includes('submit'));
}

/** Where a worker may be, and a job may ask for: DECODE's words. */
export const environments = ['cloud', 'local'] as const;
export type Environment = (typeof environments)[number];

/** What is kept of a token: enough to know it again, and not enough to make it. */
export interface TokenRecord {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Where the worker is that has it; left out: local. */
  readonly environment?: Environment;
  /** ISO 8601. */
  readonly created: string;
  /**
   * Of the whole token, in hexadecimal digits. A plain hash is enough, and a slow one would only make requests slow:
   * nobody can try out secrets of 256 random bits, as they could a person's password.
   */
  readonly sha256: string;
}

const namePattern = '[A-Za-z0-9][A-Za-z0-9_-]{0,63}';
const secretBytes = 32;
/** The secret's length is fixed, so that its end can be told from the name's. */
const tokenPattern = new RegExp(`^fjr_(${namePattern})_[A-Za-z0-9_-]{43}$`);

/** `read,submit` → scopes. */
export function parseScopes(text: string): Scope[] {
  const words = text.split(',').map((word) => word.trim());
  return words.map((word) => {
    const scope = scopes.find((known) => known === word);
    if (scope !== undefined) return scope;
    const near = didYouMean(word, scopes);
    throw new FjrError('usage', `there is no scope "${shorten(word)}"`, {
      hint: near === undefined ? `expected some of ${scopes.join(',')}` : `did you mean "${near}"?`,
    });
  });
}

/** Makes a token and keeps what is needed to know it again; returns it, which nobody can do a second time. */
export function addToken(
  files: Files,
  paths: ServerPaths,
  { name, ...rest }: Omit<TokenRecord, 'sha256'>,
): string {
  checkName(name);
  const token = `fjr_${name}_${randomBytes(secretBytes).toString('base64url')}`;
  const record: TokenRecord = { name, ...rest, sha256: hashOf(token).toString('hex') };
  files.ensureDirectory(paths.tokens);
  const steps = placeFile(paths, paths.token(name), `${JSON.stringify(record)}\n`, newToken());
  if (perform(files, steps) === 'exists')
    throw new FjrError('token-exists', `there is a token "${name}" already`, {
      hint: 'choose another name, or revoke it first',
    });
  return token;
}

/** By name. */
export function listTokens(files: Files, paths: ServerPaths): TokenRecord[] {
  const names = perform(files, list(paths.tokens)) ?? [];
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => readToken(files, paths, name.slice(0, -'.json'.length)) ?? []);
}

/** From now on nobody gets in with it. */
export function revokeToken(files: Files, paths: ServerPaths, name: string): void {
  checkName(name);
  if (perform(files, unlink(paths.token(name))) === 'missing')
    throw new FjrError('no-such-token', `there is no token "${name}"`, { hint: 'fjr token list' });
}

/** The token's record, if it is one of ours. `name`: which one it claims to be, if there is such. */
export function checkToken(
  files: Files,
  paths: ServerPaths,
  token: string,
): { readonly name: string | undefined; readonly record: TokenRecord | undefined } {
  const name = tokenPattern.exec(token)?.[1];
  const record = name === undefined ? undefined : readToken(files, paths, name);
  // Always compared, and in constant time: how long it takes says nothing of what is kept.
  const kept = record === undefined ? randomBytes(32) : Buffer.from(record.sha256, 'hex');
  const isSame = timingSafeEqual(hashOf(token), kept);
  return { name: record?.name, record: isSame ? record : undefined };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function readToken(files: Files, paths: ServerPaths, name: string): TokenRecord | undefined {
  const content = perform(files, read(paths.token(name)));
  if (content === undefined) return undefined;
  const record = parseRecord(Buffer.from(content).toString('utf8'));
  // A person may have copied the file to another name.
  return record?.name === name ? record : undefined;
}

function parseRecord(text: string): TokenRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<TokenRecord>;
    const isWhole = /^[0-9a-f]{64}$/.test(record.sha256 ?? '') && Array.isArray(record.scopes);
    return isWhole ? (record as TokenRecord) : undefined;
  } catch {
    return undefined;
  }
}

function checkName(name: string): void {
  if (!new RegExp(`^${namePattern}$`).test(name))
    throw new FjrError('usage', `"${shorten(name)}" cannot be the name of a token`, {
      hint: 'use letters, digits, "_" and "-", at most 64',
    });
}
