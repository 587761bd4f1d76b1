import { createHash } from 'node:crypto';
import { withToken } from '../../queue/entry-name.js';
import type { Layout } from '../../queue/layout.js';
import { type Steps, create, read, rename, unlink } from '../../queue/steps.js';
import { type Token, newToken } from '../../queue/token.js';
import { placeFile } from '../place-file.js';
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

/** Steps 1 and 2. `exists`: there is a record already. */
export function* noteKey(
  paths: ServerPaths,
  key: string,
  record: KeyRecord,
  { content, mode }: Prepared,
): Steps<'placed' | 'exists'> {
  const { token } = record;
  const [draft, aside] = [paths.asideDraft(token), paths.aside(token)];
  yield* create(draft, content, mode);
  // A rename lasts through a power cut, when it has returned: the record is never there without the file.
  yield* rename(draft, aside);
  const status = yield* placeFile(paths, paths.keyRecord(key), `${JSON.stringify(record)}\n`, newToken());
  if (status === 'exists') yield* unlink(aside);
  return status;
}

/** Step 3. `gone`: it was done before; or the key has been forgotten, with a job that had never been started. */
export function* startNoted(
  layout: Layout,
  paths: ServerPaths,
  { job, token }: KeyRecord,
): Steps<'started' | 'gone'> {
  const status = yield* rename(paths.aside(token), layout.queued(withToken(job, token)));
  return status === 'ok' ? 'started' : 'gone';
}
