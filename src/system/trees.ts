import {
  type FileHandle,
  constants,
  lstat,
  open,
  readdir,
  readlink,
  realpath,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { FjrError } from '../job/fjr-error.js';

/** Directories that jobs filled: whatever links they hold, nothing outside of them is seen through them. */
export interface Trees {
  /**
   * Files below `top/below`, at most so many, as sorted paths relative to it. Links may be among them, and what they lead
   * to is looked at by `open`. `top` is known to be ours; `below` may have been made into anything.
   */
  filesBelow(top: string, below: string, most: number): Promise<string[]>;
  /** Undefined: it is no file, cannot be read, or lies elsewhere. */
  open(top: string, below: string, name: string): Promise<TreeFile | undefined>;
  /** Whether there is certainly no such file; throws if that cannot be known now. */
  lacks(top: string, below: string, name: string): Promise<boolean>;
  /**
   * Removes a file if it is still of that version, or what it leads to is not there any more. False: it has changed. Who
   * leads elsewhere, or is gone already, is left alone.
   */
  remove(top: string, below: string, name: string, version: string): Promise<boolean>;
  /** Removes `top/below` if there is nothing in it but directories. */
  prune(top: string, below: string): Promise<void>;
}

export interface TreeFile {
  /** Bytes. */
  readonly size: number;
  /** Another one after each change. */
  readonly version: string;
  /** Its beginning, at most so many bytes. */
  head(bytes: number): Promise<Uint8Array>;
  /** Fills `part` from `offset` on. Throws FjrError: it cannot be read, or has become shorter than it was. */
  read(part: Uint8Array, offset: number): Promise<void>;
  /** All of it, or a part, read as it is taken; closes the file at its end, or when nobody wants more. */
  content(part?: ByteRange): ReadableStream<Uint8Array>;
  close(): Promise<void>;
}

/** Both ends belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export const mountedTrees: Trees = {
  async filesBelow(top, below, most) {
    const root = `${top}/${below}`;
    if ((await realPath(root)) !== `${(await realPath(top)) ?? ''}/${below}`) return [];
    const found: string[] = [];
    const waiting = [''];
    for (let prefix; found.length < most && (prefix = waiting.pop()) !== undefined;) {
      const items = await readdir(`${root}/${prefix}`, { withFileTypes: true }).catch(() => []);
      for (const item of items) {
        const name = `${prefix}${item.name}`;
        if (item.isDirectory()) waiting.push(`${name}/`);
        else if (item.isFile() || item.isSymbolicLink()) found.push(name);
      }
    }
    return found.sort().slice(0, most);
  },

  async open(top, below, name) {
    const path = `${top}/${below}/${name}`;
    let file: FileHandle | undefined;
    try {
      // Looked at first: opening a device may do something.
      if (!(await stat(path)).isFile()) return undefined;
      file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = await file.stat({ bigint: true });
      // Where it lies is asked of what is open: the path may lead elsewhere a moment later.
      const where = await readlink(`/proc/self/fd/${file.fd}`);
      if (where.startsWith(`${await realpath(top)}/${below}/`)) return new OpenFile(file, stats);
    } catch {
      // Gone, or not for us to read.
    }
    await file?.close();
    return undefined;
  },

  async lacks(top, below, name) {
    // A file server that is away has nothing either: what lies above must be there.
    await stat(top);
    return (await statUnlessMissing(`${top}/${below}/${name}`, stat)) === undefined;
  },

  async remove(top, below, name, version) {
    const path = `${top}/${below}/${name}`;
    const directory = await realPath(dirname(path));
    if (directory !== dirname(`${(await realPath(top)) ?? ''}/${below}/${name}`)) return true;
    if ((await statUnlessMissing(path, lstat)) === undefined) return true;
    const stats = await statUnlessMissing(path, stat);
    if (stats !== undefined && versionOf(stats) !== version) return false;
    await unlink(path);
    return true;
  },

  async prune(top, below) {
    if ((await realPath(`${top}/${below}`)) === `${(await realPath(top)) ?? ''}/${below}`)
      await pruneDirectory(`${top}/${below}`);
  },
};

interface FileStats {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** Undefined: it is not there. Throws for all else, such as a file server that does not answer. */
async function statUnlessMissing(
  path: string,
  look: (path: string, options: { bigint: true }) => Promise<FileStats>,
): Promise<FileStats | undefined> {
  try {
    return await look(path, { bigint: true });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return undefined;
    throw error;
  }
}

/** Without the inode's number: some file servers make up another one whenever they are asked. */
function versionOf({ size, mtimeNs }: FileStats): string {
  return [size, mtimeNs].map((number) => number.toString(36)).join('-');
}

async function pruneDirectory(path: string): Promise<void> {
  const items = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const item of items) if (item.isDirectory()) await pruneDirectory(`${path}/${item.name}`);
  // What is not empty stays.
  await rmdir(path).catch(() => undefined);
}

async function realPath(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

class OpenFile implements TreeFile {
  readonly size: number;
  readonly version: string;
  readonly #file: FileHandle;

  constructor(file: FileHandle, stats: FileStats) {
    this.#file = file;
    this.size = Number(stats.size);
    this.version = versionOf(stats);
  }

  async head(bytes: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  }

  async read(part: Uint8Array, offset: number): Promise<void> {
    for (let filled = 0; filled < part.length;) {
      const { bytesRead } = await this.#file
        .read(part, filled, part.length - filled, offset + filled)
        .catch((error: unknown) => {
          throw new FjrError(
            'unreadable',
            `it cannot be read (${(error as NodeJS.ErrnoException).code ?? ''})`,
          );
        });
      if (bytesRead === 0) throw new FjrError('unreadable', 'it has become shorter while it was read');
      filled += bytesRead;
    }
  }

  content({ start, end }: ByteRange = { start: 0, end: this.size - 1 }): ReadableStream<Uint8Array> {
    // Its size was told already: what a job that is left over adds is not part of it.
    const stream =
      end < start
        ? Readable.from([]).once('close', () => void this.close())
        : this.#file.createReadStream({ start, end });
    return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
