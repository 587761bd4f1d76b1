import {
  accessSync,
  constants,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import type { Host, ProcessIdentity } from './host.js';

const prefix = 'fjr-worker-';
/** Says whose such a directory is. */
const ownerFile = 'owner.json';

/**
 * A directory for this process alone, on this host's own disk: in $TMPDIR, or where there is more room than in memory.
 * Removes those of processes that died. Undefined: this host has no disk of its own that could be written to.
 */
export function makeOwnDirectory(host: Host): string | undefined {
  for (const place of new Set([process.env['TMPDIR'] ?? '/var/tmp', '/var/tmp', tmpdir()])) {
    if (!isWritable(place) || host.isShared(place)) continue;
    removeLeft(place, host);
    try {
      const directory = mkdtempSync(`${place}/${prefix}`);
      writeFileSync(`${directory}/${ownerFile}`, JSON.stringify(host.identify(process.pid)));
      return directory;
    } catch {
      // It is full, say: there may be room elsewhere.
    }
  }
  return undefined;
}

export function removeOwnDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function removeLeft(place: string, host: Host): void {
  for (const name of readdirSync(place)) {
    if (!name.startsWith(prefix)) continue;
    const directory = `${place}/${name}`;
    try {
      const owner = JSON.parse(readFileSync(`${directory}/${ownerFile}`, 'utf8')) as ProcessIdentity;
      if (host.judge(owner) === 'dead') removeOwnDirectory(directory);
    } catch {
      // Another user's, or one that is being made.
    }
  }
}
