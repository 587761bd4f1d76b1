import * as fs from 'node:fs';
import { FjrError } from '../job/fjr-error.js';
import { filesystemHints } from './filesystem-hints.js';
import { isSharedType } from './host.js';
import { onPath } from './on-path.js';

/** What a directory's entry is like. */
export interface Fixture {
  readonly kind: 'directory' | 'file' | 'other';
  /** The filesystem's number. */
  readonly device: number;
  /** The nine permission bits. */
  readonly mode: number;
  readonly uid: number;
}

/** The filesystem that a directory lies on, as this host has it mounted. */
export interface Filesystem {
  /** As in the table of mounts: `ext4`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
  /** What is mounted: a device, or a server and its directory. */
  readonly source: string;
  readonly options: string;
  /** Other hosts may change it, too. */
  readonly shared: boolean;
  /** Bytes that a user may still write. */
  readonly free: number;
  /** Files that may still be made; undefined where the filesystem knows no limit. */
  readonly freeFiles: number | undefined;
}

/** How a place and this host are furnished: what is looked at when something is wrong, and never in daily work. */
export interface Premises {
  /** Follows links. Undefined: nothing is called so. */
  look(path: string): Fixture | undefined;
  filesystem(directory: string): Filesystem;
  /** Names that are not UTF-8, readable as far as they can be. */
  undecodable(directory: string): string[];
  /** Lets nobody but the owner into a directory. */
  close(directory: string): void;
  /** Removes a file, or a directory with all that is in it. */
  remove(path: string): void;
  /** Where a program lies on the PATH. */
  program(name: string): string | undefined;
  /** Files that a process may have open; undefined: the system does not tell. */
  openFiles(): number | undefined;
}

export const systemPremises: Premises = {
  look: (path) =>
    told(`look at ${path}`, () => {
      const stat = fs.statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return undefined;
      const kind = stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : 'other';
      return { kind, device: stat.dev, mode: stat.mode & 0o777, uid: stat.uid };
    }),
  filesystem: (directory) =>
    told(`look at the filesystem of ${directory}`, () => {
      const { type, bsize, bavail, files, ffree } = fs.statfsSync(directory);
      const mount = mountOf(fs.realpathSync(directory));
      // Some filesystems make inodes as they go, and say 0 of 0.
      const freeFiles = files === 0 ? undefined : ffree;
      return { ...mount, shared: isSharedType(type), free: bavail * bsize, freeFiles };
    }),
  undecodable: (directory) =>
    told(`list ${directory}`, () => {
      if (!fs.existsSync(directory)) return [];
      return fs
        .readdirSync(directory, { encoding: 'buffer' })
        .filter((name) => !Buffer.from(name.toString('utf8')).equals(name))
        .map((name) => name.toString('utf8'));
    }),
  close: (directory) =>
    told(`change the mode of ${directory}`, () => {
      fs.chmodSync(directory, 0o700);
    }),
  remove: (path) =>
    told(`remove ${path}`, () => {
      fs.rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    }),
  program: onPath,
  openFiles() {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readText('/proc/self/limits')) ?? [];
    return limit === undefined ? undefined : Number(limit);
  },
};

/** The mount whose point is the longest one above a path: of two on one point the later covers the first. */
function mountOf(path: string): Pick<Filesystem, 'type' | 'source' | 'options'> {
  let best = { point: '', type: 'unknown', source: '', options: '' };
  for (const line of readText('/proc/self/mountinfo').split('\n')) {
    const [before = '', after = ''] = line.split(' - ', 2);
    const point = unescape(before.split(' ')[4] ?? '');
    const [type = '', source = '', options = ''] = after.split(' ').map(unescape);
    const above = point === '/' || path === point || path.startsWith(`${point}/`);
    if (point !== '' && above && point.length >= best.point.length) best = { point, type, source, options };
  }
  return best;
}

/** Blanks and the like are written as `\040` there. */
function unescape(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What the system refuses is told with the path. */
function told<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const hint = filesystemHints[code];
    throw new FjrError(
      'filesystem',
      `cannot ${what}: ${code}`,
      hint === undefined ? { cause: error } : { hint, cause: error },
    );
  }
}
