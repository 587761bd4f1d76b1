import { type FileHandle, constants, open, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Directories that jobs filled: whatever links they hold, nothing outside of them is seen through them. */
export interface Trees {
  /**
   * Files below `top/below`, at most so many, as sorted paths relative to it. Links may be among them, and what they lead
   * to is looked at by `open`. `top` is known to be ours; `below` may have been made into anything.
   */
  filesBelow(top: string, below: string, most: number): Promise<string[]>;
  /** Undefined: it is no file, cannot be read, or lies elsewhere. */
  open(top: string, below: string, name: string): Promise<TreeFile | undefined>;
}

export interface TreeFile {
  /** Bytes. */
  readonly size: number;
  /** Its beginning, at most so many bytes. */
  head(bytes: number): Promise<Uint8Array>;
  /** All of it, read as it is taken; closes the file at its end, or when nobody wants more. */
  content(): ReadableStream<Uint8Array>;
  /** The same in pieces of the same memory: each is gone when the next is asked for. Leaves the file open. */
  pieces(bytes: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
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
      const { size } = await file.stat();
      // Where it lies is asked of what is open: the path may lead elsewhere a moment later.
      const where = await readlink(`/proc/self/fd/${file.fd}`);
      if (where.startsWith(`${await realpath(top)}/${below}/`)) return new OpenFile(file, size);
    } catch {
      // Gone, or not for us to read.
    }
    await file?.close();
    return undefined;
  },
};

async function realPath(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

class OpenFile implements TreeFile {
  readonly size: number;
  readonly #file: FileHandle;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  async head(bytes: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  }

  content(): ReadableStream<Uint8Array> {
    // Its size was told already: what a job that is left over adds is not part of it.
    const stream =
      this.size === 0
        ? Readable.from([]).once('close', () => void this.close())
        : this.#file.createReadStream({ start: 0, end: this.size - 1 });
    return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
  }

  async *pieces(bytes: number): AsyncGenerator<Uint8Array> {
    const memory = Buffer.allocUnsafe(Math.min(bytes, Math.max(1, this.size)));
    for (let place = 0; place < this.size;) {
      const most = Math.min(memory.length, this.size - place);
      const { bytesRead } = await this.#file.read(memory, 0, most, place);
      // It was cut short meanwhile.
      if (bytesRead === 0) return;
      place += bytesRead;
      yield memory.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
