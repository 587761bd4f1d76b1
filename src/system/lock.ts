import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { FjrError } from '../job/fjr-error.js';
import { filesystemHints } from './filesystem-hints.js';
import type { Host, ProcessIdentity } from './host.js';

/** How to give a lock back. */
export type Unlock = () => Promise<void>;

/** Milliseconds. Long, since its takeover of stale locks is not exclusive and compares clocks of two hosts. */
const stale = 120_000;
const update = 20_000;

/**
 * A lock directory with its owner's identity beside it. An economy, never a safeguard: what must be exclusive rests on
 * renames. The lock of a process that is known to be dead is taken over at once.
 */
export async function takeLock(path: string, host: Host, onLost: () => void): Promise<Unlock | 'taken'> {
  const options = { lockfilePath: path, realpath: false, stale, update, onCompromised: onLost };
  const ownerFile = `${path}.owner`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const release = await lockfile.lock(path, options);
      const owner = `${JSON.stringify(host.identify(process.pid))}\n`;
      try {
        writeFileSync(ownerFile, owner, { mode: 0o600 });
      } catch (error) {
        rmSync(ownerFile, { force: true });
        await release().catch(() => undefined);
        throw error;
      }
      return async () => {
        // Somebody took the lock over meanwhile: then it is theirs to give back.
        if (readText(ownerFile) !== owner) return;
        rmSync(ownerFile, { force: true });
        await release().catch(() => undefined);
      };
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      if (code !== 'ELOCKED') throw cannotLock(path, code, error);
      if (!(await isLeft(ownerFile, host))) return 'taken';
      rmSync(ownerFile, { force: true });
      rmSync(path, { recursive: true, force: true });
    }
  }
  return 'taken';
}

function cannotLock(path: string, code: string, cause: unknown): FjrError {
  const hint = filesystemHints[code];
  return new FjrError(
    'lock',
    `cannot lock ${path}: ${code}`,
    hint === undefined ? { cause } : { hint, cause },
  );
}

/** Milliseconds after which a lock's owner has written who he is, if he lives. */
const settling = 1000;

async function isLeft(ownerFile: string, host: Host): Promise<boolean> {
  const owner =
    readOwner(ownerFile) ?? (await setTimeout(settling, undefined).then(() => readOwner(ownerFile)));
  return owner === undefined || host.judge(owner) === 'dead';
}

function readOwner(ownerFile: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readText(ownerFile)) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
