import { type Steps, create, link, rename, unlink } from '../queue/steps.js';
import type { Token } from '../queue/token.js';
import type { ServerPaths } from './server-paths.js';

/**
 * A file appears under a name, whole, unless there is one.
 *
 * Atomic: `link` of a finished draft. Of two servers that place a file under one name the second is told so, and reads
 * what the first has placed. A crash before the link leaves a draft that nobody reads.
 */
export function* placeFile(
  paths: ServerPaths,
  path: string,
  content: string,
  token: Token,
): Steps<'placed' | 'exists'> {
  const draft = paths.draft(token);
  yield* create(draft, content);
  const status = yield* link(draft, path);
  yield* unlink(draft);
  return status === 'exists' ? 'exists' : 'placed';
}

/**
 * A file's content is another from now on, as a whole. Atomic: `rename` of a finished draft. Of two who write, the last one
 * counts. A crash before the rename leaves a draft that nobody reads.
 */
export function* replaceFile(paths: ServerPaths, path: string, content: string, token: Token): Steps<void> {
  const draft = paths.draft(token);
  yield* create(draft, content);
  if ((yield* rename(draft, path)) !== 'ok') yield* unlink(draft);
}
