import { type JournalLine, parseJournal } from './journal.js';
import type { Layout } from './layout.js';
import { type GrowingFiles, LineReader } from './line-reader.js';

/** Follows the journals of a project: each call gives the lines that came since the last. */
export class JournalReader {
  readonly #lines: LineReader;

  constructor(files: GrowingFiles, layout: Layout) {
    this.#lines = new LineReader(files, layout.journal);
  }

  /** Passes over what a journal holds by now. */
  skip(fileName: string): void {
    this.#lines.skip(fileName);
  }

  /** All of them, also those that this host could not see without asking twice. */
  readFresh(fileName: string): JournalLine[] {
    return [...this.#lines.readFresh(fileName)].flatMap((text) => parseJournal(text));
  }

  /** New whole lines of one journal. */
  read(fileName: string): JournalLine[] {
    return [...this.#lines.read(fileName)].flatMap((text) => parseJournal(text));
  }
}
