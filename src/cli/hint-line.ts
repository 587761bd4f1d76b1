import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { HintLine } from '../queue/hint.js';
import { readLockOwner } from '../system/lock.js';
import { openPostbox } from '../system/postbox.js';
import { thisHost } from './compose.js';
import type { Project } from './project.js';

/**
 * The hint line of a project, for a program that calls itself `self`. Undefined where hints are of no use (a local
 * disk, whose doorbells ring), switched off (`FJR_HINTS=off`), or cannot work.
 */
export async function openHintLine(project: Project, self: string): Promise<HintLine | undefined> {
  const { root } = project.layout;
  if (process.env['FJR_HINTS'] === 'off' || !thisHost().isShared(root)) return undefined;
  const key = hintKey(project.layout.hintKey);
  const postbox = key === undefined ? undefined : await openPostbox();
  return key === undefined || postbox === undefined ? undefined : new HintLine(postbox, key, self);
}

/** Characters of a key: 32 bytes in hexadecimal digits. */
const keyLength = 64;

/** A line for a moment, with a key of its own: whether hints get through between two hosts, whatever they are used for. */
export async function openTrialLine(key: string, self: string): Promise<HintLine | undefined> {
  if (process.env['FJR_HINTS'] === 'off') return undefined;
  const postbox = await openPostbox();
  return postbox === undefined ? undefined : new HintLine(postbox, key, self);
}

/** Tells a dispatcher on another host what is new in the queue: no filesystem would. */
export async function tellDispatcher(project: Project, names: readonly string[]): Promise<void> {
  const addresses = readLockOwner(project.layout.dispatcherLock)?.hints ?? [];
  if (addresses.length === 0) return;
  const line = await openHintLine(project, `user-${process.pid}`);
  line?.tell(addresses, 'queued', names);
  await line?.close();
}

/** The project's key, made by the first who asks. Undefined on a full disk, say: nothing that matters needs hints. */
function hintKey(path: string): string | undefined {
  try {
    const key = readOrMakeKey(path);
    return key.length === keyLength ? key : undefined;
  } catch {
    return undefined;
  }
}

function readOrMakeKey(path: string): string {
  const draft = `${path}-${randomBytes(6).toString('hex')}`;
  try {
    return readFileSync(path, 'latin1');
  } catch {
    writeFileSync(draft, randomBytes(keyLength / 2).toString('hex'), { mode: 0o600, flag: 'wx' });
  }
  try {
    linkSync(draft, path);
  } catch {
    // Somebody was faster: theirs it is.
  }
  rmSync(draft, { force: true });
  return readFileSync(path, 'latin1');
}
