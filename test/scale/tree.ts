/** What a file server holds, fast enough for hundreds of thousands of files. */

/** A file's bytes: few, or as many as somebody has appended. */
export class FileNode {
  #bytes: Buffer;
  #length: number;
  mtimeMs: number;

  constructor(content: string | Uint8Array, mtimeMs: number) {
    this.#bytes = Buffer.from(content);
    this.#length = this.#bytes.length;
    this.mtimeMs = mtimeMs;
  }

  get size(): number {
    return this.#length;
  }

  read(offset = 0, limit = Infinity): Buffer {
    return this.#bytes.subarray(offset, Math.min(this.#length, offset + limit));
  }

  write(content: string | Uint8Array, mtimeMs: number): void {
    this.#length = 0;
    this.append(content, mtimeMs);
  }

  append(content: string | Uint8Array, mtimeMs: number): void {
    const added = Buffer.from(content);
    const length = this.#length + added.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(2 * length);
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    added.copy(this.#bytes, this.#length);
    this.#length = length;
    this.mtimeMs = mtimeMs;
  }
}

export class DirectoryNode {
  readonly names = new Map<string, FileNode | DirectoryNode>();
}

export class Tree {
  /** Told of each move when it has happened. */
  moved: (from: string, to: string) => void = () => undefined;
  readonly #root = new DirectoryNode();
  /** Directories by their paths, while none has moved. */
  readonly #directories = new Map<string, DirectoryNode>();

  node(path: string): FileNode | DirectoryNode | undefined {
    return this.#parent(path)?.names.get(nameOf(path));
  }

  file(path: string): FileNode | undefined {
    const node = this.node(path);
    return node instanceof FileNode ? node : undefined;
  }

  directory(path: string): DirectoryNode | undefined {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const node = path === '' ? this.#root : this.node(path);
    if (!(node instanceof DirectoryNode)) return undefined;
    this.#directories.set(path, node);
    return node;
  }

  /** False: there is no such directory. */
  put(path: string, node: FileNode | DirectoryNode): boolean {
    const parent = this.#parent(path);
    parent?.names.set(nameOf(path), node);
    return parent !== undefined;
  }

  /** False: nothing is called so. */
  remove(path: string): boolean {
    const parent = this.#parent(path);
    const node = parent?.names.get(nameOf(path));
    if (node instanceof DirectoryNode) this.#directories.clear();
    return parent?.names.delete(nameOf(path)) === true;
  }

  move(from: string, to: string): boolean {
    const node = this.node(from);
    if (node === undefined || this.#parent(to) === undefined) return false;
    if (from !== to && this.node(to) !== undefined)
      throw new Error(`${from} moves onto ${to}, which is there`);
    this.remove(from);
    this.put(to, node);
    this.moved(from, to);
    return true;
  }

  #parent(path: string): DirectoryNode | undefined {
    return this.directory(path.slice(0, path.lastIndexOf('/')));
  }
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
