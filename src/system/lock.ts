import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FjrError } from '../job/fjr-error.js';
import { filesystemHints } from './filesystem-hints.js';
import type { Host, ProcessIdentity } from './host.js';

/** What a lock's owner says of himself, in the file beside the lock. Its content changes at each beat. */
export interface LockOwner extends ProcessIdentity {
  readonly beat: number;
  /** Where he hears hints, as `address:port`. */
  readonly hints: readonly string[];
}

export type Lock =
  /** Ours, until it is given back or `onLost` is called. */
  | { readonly kind: 'mine'; readonly unlock: () => Promise<void> }
  /** Another's. `content`: his file as it is; while he lives it changes. */
  | { readonly kind: 'taken'; readonly owner: LockOwner | undefined; readonly content: string };

export interface LockOptions {
  readonly onLost: () => void;
  readonly hints?: readonly string[];
}

/** Bytes of an owner's file. */
const ownerLength = 1024;
/** Milliseconds between two beats of a lock's owner. */
const beatEvery = 2500;
/**
 * Milliseconds. proper-lockfile would take a lock over that is older than this, by comparing clocks of two hosts; we
 * judge owners ourselves, so it never does.
 */
const never = 1e12;

/**
 * A lock directory with its owner's file beside it. An economy, never a safeguard: what must be exclusive rests on
 * renames. The lock of a process of this host that is known to be dead is taken over at once.
 */
export async function takeLock(path: string, host: Host, options: LockOptions): Promise<Lock> {
  for (let attempt = 0; ; attempt++) {
    const release = await tryLock(path);
    if (release !== undefined)
      try {
        return own(path, host, options, release);
      } catch (error) {
        // A full disk: a lock that nobody owns must not stay.
        removeIfPossible(ownerFile(path));
        await release().catch(() => undefined);
        throw cannotLock(path, error);
      }
    const content = await settledContent(path);
    const owner = parseOwner(content);
    // On a shared filesystem a file that nobody can see may be there: only watching the lock tells.
    const isLeft = owner === undefined ? !host.isShared(dirname(path)) : host.judge(owner) === 'dead';
    if (!isLeft || attempt > 0) return { kind: 'taken', owner, content };
    breakLock(path, content);
  }
}

/** Takes a lock away from an owner who is known to be gone, if he is still the one who wrote `content`. */
export function breakLock(path: string, content: string): void {
  if (readText(ownerFile(path)) !== content) return;
  const away = `${path}.left-${process.pid}-${Date.now()}`;
  try {
    renameSync(path, away);
  } catch {
    return;
  }
  // Whoever locks next signs anew: the old name must not make his lock look left.
  rmSync(ownerFile(path), { force: true });
  rmSync(away, { recursive: true, force: true });
}

/** Who holds a lock, as far as its file tells. */
export function readLockOwner(path: string): LockOwner | undefined {
  return parseOwner(readText(ownerFile(path)));
}

async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    const options = { lockfilePath: path, realpath: false, stale: never, update: 60_000 };
    // Loaded here: most who read locks take none.
    const { default: lockfile } = await import('proper-lockfile');
    return await lockfile.lock(path, { ...options, onCompromised: () => undefined });
  } catch (error) {
    // ENOENT: it was given back, or broken, between two of the library's own calls.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ELOCKED' || (code === 'ENOENT' && existsSync(dirname(path)))) return undefined;
    throw cannotLock(path, error);
  }
}

function cannotLock(path: string, cause: unknown): FjrError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  const hint = filesystemHints[code];
  return new FjrError(
    'lock',
    `cannot lock ${path}: ${code}`,
    hint === undefined ? { cause } : { hint, cause },
  );
}

function own(
  path: string,
  host: Host,
  { onLost, hints = [] }: LockOptions,
  release: () => Promise<void>,
): Lock {
  const file = ownerFile(path);
  const identity = host.identify(process.pid);
  /** What was last seen there, and what was last written: of a beat that failed nobody knows whether it arrived. */
  let seen = '';
  let content = '';
  const isOurs = (text: string): boolean => text === content || text === seen;
  const write = (beat: number): void => {
    // In place, and always as long: other hosts may remember which file it is, and how long.
    const text = JSON.stringify({ ...identity, beat, hints } satisfies LockOwner);
    content = `${text.padEnd(ownerLength - 1)}\n`;
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      writeSync(fd, content, 0);
    } finally {
      closeSync(fd);
    }
  };
  write(0);
  let beats = 0;
  const timer = setInterval(() => {
    try {
      // Not readText: a file that cannot be read is nobody else's.
      const text = readFileSync(file, 'utf8');
      if (!isOurs(text)) {
        stop();
        return;
      }
      seen = text;
      write(++beats);
    } catch {
      // The file server is away: if it stays so, somebody else takes over.
    }
  }, beatEvery);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    onLost();
  };
  return {
    kind: 'mine',
    unlock: async () => {
      clearInterval(timer);
      // Somebody took the lock over meanwhile: then it is theirs to give back.
      if (!isOurs(readText(file))) return;
      removeIfPossible(file);
      await release().catch(() => undefined);
    },
  };
}

/** Milliseconds after which a lock's owner has written who he is, if he lives: hosts may be very busy. */
const settling = 3000;
const lookEvery = 100;

/** What the owner's file says, once it says anything; '' if nobody has signed, or the lock was given back meanwhile. */
async function settledContent(path: string): Promise<string> {
  for (let waited = 0; ; waited += lookEvery) {
    const content = readText(ownerFile(path));
    if (parseOwner(content) !== undefined || waited >= settling || !existsSync(path)) return content;
    await setTimeout(lookEvery);
  }
}

function ownerFile(path: string): string {
  return `${path}.owner`;
}

function parseOwner(content: string): LockOwner | undefined {
  try {
    return { hints: [], beat: 0, ...(JSON.parse(content) as ProcessIdentity) };
  } catch {
    return undefined;
  }
}

/** What a file server that is away keeps counts as left once its owner is gone or no longer beats. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Whoever wants the lock finds it left.
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
