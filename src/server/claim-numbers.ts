import { FjrError } from '../job/fjr-error.js';
import { type Steps, create, list, mkdir, rename, rmdir, unlink } from '../queue/steps.js';
import { type Token, newToken } from '../queue/token.js';
import type { ServerPaths } from './server-paths.js';

/** What is numbered, each for itself, from 1. */
export type Numbered = 'job' | 'artifact';

/**
 * Claims `count` numbers that follow each other, and returns the first. No number is ever claimed twice, however many
 * servers there are and whatever becomes of them.
 *
 * The next number is the name of a file, `job=18=TOKEN`. Atomic: the rename of that name to the one of the next claim;
 * the target holds a token, so that a file server tells one claimant only that it has succeeded. ENOENT: another has
 * claimed; or it was done, and the reply lost: then our token stands there, unless another has claimed since. A crash
 * right after it leaves numbers that nothing has.
 */
export function* claimNumbers(paths: ServerPaths, what: Numbered, count: number): Steps<number> {
  const token = newToken();
  for (;;) {
    const cursor = yield* findCursor(paths, what);
    if (cursor.token === token) return cursor.next - count;
    const target = `${paths.numbers}/${cursorName(what, cursor.next + count, token)}`;
    const status = yield* rename(`${paths.numbers}/${cursor.name}`, target);
    if (status === 'ok') return cursor.next;
  }
}

/**
 * The directory of cursors, born by a rename with both in it: it is there whole, or not at all. `next`: beyond all that
 * is numbered already, should somebody have removed the directory.
 */
export function* ensureNumbers(paths: ServerPaths, next: Readonly<Record<Numbered, number>>): Steps<void> {
  // A draft may be taken for one that was left, and go away before it has its name.
  for (let tries = 0; tries < mostDrafts; tries++) {
    if ((yield* list(paths.numbers)) !== undefined) return;
    const draft = paths.draft(newToken());
    yield* mkdir(draft);
    const cursors = (['job', 'artifact'] as const).map((what) => cursorName(what, next[what], newToken()));
    for (const name of cursors) yield* create(`${draft}/${name}`, '');
    if ((yield* rename(draft, paths.numbers)) === 'ok') return;
    // Another server was faster: a rename does not replace a directory that holds something.
    for (const name of cursors) yield* unlink(`${draft}/${name}`);
    yield* rmdir(draft);
  }
}

/** The number that the next claim begins with. */
export function* nextNumber(paths: ServerPaths, what: Numbered): Steps<number> {
  return (yield* findCursor(paths, what)).next;
}

interface Cursor {
  readonly name: string;
  readonly next: number;
  readonly token: string;
}

function cursorName(what: Numbered, next: number, token: Token): string {
  return `${what}=${next}=${token}`;
}

/** How often the directory of cursors is begun. */
const mostDrafts = 3;
/** Listings in a row that show no cursor before it is taken for lost. */
const mostListings = 100;

/** A listing that is made during a rename may show both names, or neither. */
function* findCursor(paths: ServerPaths, what: Numbered): Steps<Cursor> {
  for (let looks = 0; looks < mostListings; looks++) {
    const names = (yield* list(paths.numbers)) ?? [];
    const cursors = names.flatMap((name): Cursor[] => {
      const [, kind, next = '', token = ''] = /^(\w+)=(\d+)=(\w+)$/.exec(name) ?? [];
      return kind === what ? [{ name, next: Number(next), token }] : [];
    });
    const [newest] = cursors.sort((a, b) => b.next - a.next);
    if (newest !== undefined) return newest;
  }
  throw new FjrError('server', `nothing in ${paths.numbers} says what the next ${what}'s number is`, {
    hint: 'remove that directory and start fjr serve again: it finds out which numbers are in use',
  });
}
