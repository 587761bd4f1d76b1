/** What following a growing file needs of the filesystem. */
export interface GrowingFiles {
  size(path: string): number | undefined;
  readFrom(path: string, offset: number, limit: number): Uint8Array | undefined;
  refresh(path: string): void;
}

/** Bytes read of one file at a time: what is made of them takes many times as much memory. */
const chunk = 512 * 1024;

/** Follows files of one directory to which others append lines: each call gives what came since the last. */
export class LineReader {
  readonly #files: GrowingFiles;
  readonly #directory: string;
  readonly #offsets = new Map<string, number>();

  constructor(files: GrowingFiles, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /** Passes over what a file holds by now. */
  skip(fileName: string): void {
    this.#offsets.set(fileName, this.#files.size(this.#path(fileName)) ?? 0);
  }

  /** The same, after this host was made to look at the file anew. */
  readAnew(fileName: string): Generator<string> {
    this.#files.refresh(this.#path(fileName));
    return this.read(fileName);
  }

  /** The same as `read` where it is known that there is something that this host may not see without asking twice. */
  *readFresh(fileName: string): Generator<string> {
    let found = false;
    for (const text of this.read(fileName)) {
      found = true;
      yield text;
    }
    if (found) return;
    this.#files.refresh(this.#path(fileName));
    yield* this.read(fileName);
  }

  /** New whole lines, as pieces of text. A line that is still being written is left for the next time. */
  *read(fileName: string): Generator<string> {
    for (let most = chunk; ;) {
      const offset = this.#offsets.get(fileName) ?? 0;
      const bytes = this.#files.readFrom(this.#path(fileName), offset, most);
      if (bytes === undefined) return;
      const end = bytes.lastIndexOf(0x0a) + 1;
      const isAll = bytes.length < most;
      if (end > 0) {
        this.#offsets.set(fileName, offset + end);
        yield Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('utf8');
      } else most *= 4;
      if (isAll) return;
    }
  }

  #path(fileName: string): string {
    return `${this.#directory}/${fileName}`;
  }
}
