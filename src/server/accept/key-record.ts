import { createHash } from 'node:crypto';
import { FjrError } from '../../job/fjr-error.js';
import { withToken } from '../../queue/entry-name.js';
import type { Layout } from '../../queue/layout.js';
import { type Steps, create, flush, link, read, rename, unlink } from '../../queue/steps.js';
import type { Token } from '../../queue/token.js';
import type { ServerPaths } from '../server-paths.js';
import type { Prepared, Submission, SubmissionKey } from './submission.js';

/**
 * A client that was not answered sends its request again, with the same key. That starts nothing twice, whatever has
 * become of the first request and of the server that had it.
 *
 * 1. The job's file is made aside: `TOKEN.job`, among the keys.
 * 2. A record appears under the key, by a link: it says what was asked for, and the job's name and token. Of two servers
 *    the second goes by the first one's.
 * 3. The file is renamed to `J@TOKEN`, a name that nothing else ever has. This rename happens once: where the file lies
 *    aside, the job was not started; where it does not, it was, even if it has ended and was removed since.
 *
 * Whoever finds the record does step 3 again. Killed after step 1, a server leaves a file that nobody speaks of; after
 * step 2 the job waits for the next request with the key.
 */
export interface KeyRecord {
  readonly owner: string;
  /** SHA-256 of what was asked for. */
  readonly body: string;
  readonly job: string;
  readonly token: Token;
  readonly number?: number;
}

/** What the record of a key is called. The key itself is not kept: it may be anything. */
export function keyName({ owner, key }: SubmissionKey): string {
  return sha256(JSON.stringify([owner, key]));
}

/** Tells whether two requests ask for the same. */
export function bodyOf(submission: Submission): string {
  if (submission.kind === 'spec') {
    const parameters = [...submission.parameters].sort(([a], [b]) => (a < b ? -1 : 1));
    return sha256(JSON.stringify(['spec', submission.name, parameters]));
  }
  const { name, executable, content } = submission;
  return sha256(JSON.stringify(['file', name, executable, sha256(content)]));
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Undefined: the key is new, or forgotten. */
export function* readRecord(paths: ServerPaths, key: string): Steps<KeyRecord | undefined> {
  const content = yield* read(paths.keyRecord(key));
  return content === undefined ? undefined : (JSON.parse(Buffer.from(content).toString('utf8')) as KeyRecord);
}

/** What has become of requests with a key. `new`: there was none, or the key has been forgotten. */
export type TakenUp =
  | { readonly kind: 'new' }
  /** The key came with another request. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'started'; readonly record: KeyRecord; readonly again: boolean };

/** Goes on with the request that a key has come with before, if there was one. */
export function* takeUp(layout: Layout, paths: ServerPaths, key: string, body: string): Steps<TakenUp> {
  for (;;) {
    const record = yield* readRecord(paths, key);
    if (record === undefined) return { kind: 'new' };
    if (record.body !== body) return { kind: 'reused' };
    // Who has made it may have been killed before it was flushed.
    yield* flush(paths.keys);
    const started = yield* start(layout, paths, key, record);
    if (started !== 'forgotten') return { kind: 'started', record, again: started === 'again' };
  }
}

/** All three steps. `raced`: another has a record under the key. */
export function* submitOnce(
  layout: Layout,
  paths: ServerPaths,
  key: string,
  record: KeyRecord,
  { content, mode }: Pick<Prepared, 'content' | 'mode'>,
): Steps<'started' | 'again' | 'forgotten' | 'raced'> {
  const { token } = record;
  const [draft, aside] = [paths.asideDraft(token), paths.aside(token)];
  yield* create(draft, content, mode);
  // A rename is on disk when it has returned: no record is ever there without the file.
  const moved = yield* rename(draft, aside);
  if (moved !== 'ok' && (yield* read(aside)) === undefined) throw disappeared(paths);
  const noted = yield* note(paths, key, record);
  return noted === 'noted' ? yield* start(layout, paths, key, record) : 'raced';
}

/** Step 2. A file server may have done what it says it could not: then the record is ours. */
function* note(paths: ServerPaths, key: string, record: KeyRecord): Steps<'noted' | 'raced'> {
  const draft = paths.draft(record.token);
  yield* create(draft, `${JSON.stringify(record)}\n`);
  const status = yield* link(draft, paths.keyRecord(key));
  yield* unlink(draft);
  if (status === 'ok') return 'noted';
  if (status === 'missing') throw disappeared(paths);
  const known = yield* readRecord(paths, key);
  if (known?.token === record.token) {
    yield* flush(paths.keys);
    return 'noted';
  }
  // If none is seen it may still be ours, which this host has not heard of yet.
  if (known !== undefined) yield* unlink(paths.aside(record.token));
  return 'raced';
}

/** Step 3. `again`: it was done before. */
function* start(
  layout: Layout,
  paths: ServerPaths,
  key: string,
  { job, token }: KeyRecord,
): Steps<'started' | 'again' | 'forgotten'> {
  const status = yield* rename(paths.aside(token), layout.queued(withToken(job, token)));
  if (status === 'ok') return 'started';
  // Who forgets keys removes the file, too, but the record first.
  if ((yield* readRecord(paths, key))?.token !== token) return 'forgotten';
  // Who has started it may have been killed before that was flushed.
  yield* flush(layout.jobqueue);
  return 'again';
}

/**
 * Forgets keys, and the files of jobs that were never started. Records go first: a file without a record is garbage, a
 * record without its file would say that the job was started.
 */
export function* forget(
  paths: ServerPaths,
  old: readonly { readonly key: string; readonly token: Token }[],
): Steps<void> {
  for (const { key } of old) yield* unlink(paths.keyRecord(key));
  yield* flush(paths.keys);
  for (const { token } of old) yield* unlink(paths.aside(token));
}

function disappeared({ keys }: ServerPaths): FjrError {
  return new FjrError('submit', `a draft disappeared from ${keys}`, { hint: 'send the request again' });
}
