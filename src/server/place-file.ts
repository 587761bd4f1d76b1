import { FjrError } from '../job/fjr-error.js';
import { type Steps, create, link, read, rename, unlink } from '../queue/steps.js';
import { type Token, newToken } from '../queue/token.js';
import type { ServerPaths } from './server-paths.js';

/** How often a file is begun whose draft goes away: somebody has removed what he took for left. */
const mostTries = 3;

/**
 * A file appears under a name, whole, unless there is one.
 *
 * Atomic: `link` of a finished draft. Of two servers that place a file under one name the second is told so, and reads
 * what the first has placed. A crash before the link leaves a draft that nobody reads. A file server that has made the link
 * may say that there was one: then our content stands there.
 */
export function* placeFile(
  paths: ServerPaths,
  path: string,
  content: string,
  token: Token,
): Steps<'placed' | 'exists'> {
  for (let tries = 0; tries < mostTries; tries++) {
    const draft = paths.draft(tries === 0 ? token : newToken());
    yield* create(draft, content);
    const status = yield* link(draft, path);
    yield* unlink(draft);
    if (status === 'ok') return 'placed';
    if (status === 'exists') return (yield* isThere(path, content)) ? 'placed' : 'exists';
  }
  throw disappeared(paths, path);
}

/**
 * A file's content is another from now on, as a whole. Atomic: `rename` of a finished draft. Of two who write, the last one
 * counts. A crash before the rename leaves a draft that nobody reads.
 */
export function* replaceFile(paths: ServerPaths, path: string, content: string, token: Token): Steps<void> {
  for (let tries = 0; tries < mostTries; tries++) {
    const draft = paths.draft(tries === 0 ? token : newToken());
    yield* create(draft, content);
    if ((yield* rename(draft, path)) === 'ok') return;
    // A rename may have been done that a file server says was not.
    if (yield* isThere(path, content)) return;
    yield* unlink(draft);
  }
  throw disappeared(paths, path);
}

function* isThere(path: string, content: string): Steps<boolean> {
  const there = yield* read(path);
  return there !== undefined && Buffer.from(there).equals(Buffer.from(content));
}

function disappeared({ directory }: ServerPaths, path: string): FjrError {
  return new FjrError('server', `${path} cannot be written: its drafts disappear from ${directory}`, {
    hint: 'is its directory there, and does another program remove files in it?',
  });
}
