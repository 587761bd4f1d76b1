import { type JournalLine, parseJournal } from './journal.js';
import type { Layout } from './layout.js';

/** What reading journals needs of the filesystem. */
export interface JournalFiles {
  size(path: string): number | undefined;
  readFrom(path: string, offset: number, limit: number): Uint8Array | undefined;
  refresh(path: string): void;
}

/** Bytes read of one journal at a time. */
const chunk = 4 * 1024 * 1024;

/** Follows the journals of a project: each call gives the lines that came since the last. */
export class JournalReader {
  readonly #files: JournalFiles;
  readonly #layout: Layout;
  readonly #offsets = new Map<string, number>();

  constructor(files: JournalFiles, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Passes over what a journal holds by now. */
  skip(fileName: string): void {
    this.#offsets.set(fileName, this.#files.size(this.#path(fileName)) ?? 0);
  }

  /** All of them, also those that this host could not see without asking twice. */
  readFresh(fileName: string): JournalLine[] {
    const lines = this.read(fileName);
    if (lines.length > 0) return lines;
    this.#files.refresh(this.#path(fileName));
    return this.read(fileName);
  }

  /** New whole lines of one journal. A line that is still being written is left for the next time. */
  read(fileName: string): JournalLine[] {
    const lines: JournalLine[] = [];
    for (;;) {
      const offset = this.#offsets.get(fileName) ?? 0;
      const bytes = this.#files.readFrom(this.#path(fileName), offset, chunk);
      const end = bytes === undefined ? 0 : Buffer.from(bytes).lastIndexOf(0x0a) + 1;
      if (bytes === undefined || end === 0) return lines;
      this.#offsets.set(fileName, offset + end);
      lines.push(...parseJournal(Buffer.from(bytes.subarray(0, end)).toString('utf8')));
      if (bytes.length < chunk) return lines;
    }
  }

  #path(fileName: string): string {
    return `${this.#layout.journal}/${fileName}`;
  }
}
