import { isSuccess } from '../job/outcome.js';
import { JournalReader } from '../queue/journal-reader.js';
import type { JournalLine } from '../queue/journal.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';

/** An execution that is over: a crew's, or a job that a dispatcher turned away. */
export type Ending = Extract<JournalLine, { event: 'finish' | 'verdict' }>;

/** Counts what has ended since the dispatcher began, by following the journals. */
export class Progress {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #reader: JournalReader;
  readonly #onEnding: (ending: Ending) => void;
  #journals: readonly string[] = [];
  done = 0;
  failed = 0;
  retried = 0;

  constructor(files: Files, layout: Layout, onEnding: (ending: Ending) => void) {
    this.#files = files;
    this.#layout = layout;
    this.#reader = new JournalReader(files, layout);
    this.#onEnding = onEnding;
    this.lookForJournals();
    for (const journal of this.#journals) this.#reader.skip(journal);
  }

  /** Crews come and go: a journal each. */
  lookForJournals(): void {
    this.#journals = (perform(this.#files, list(this.#layout.journal)) ?? []).filter((name) =>
      name.endsWith('.jsonl'),
    );
  }

  read(): void {
    for (const journal of this.#journals) for (const line of this.#reader.read(journal)) this.#count(line);
  }

  #count(line: JournalLine): void {
    if (line.event !== 'finish' && line.event !== 'verdict') return;
    if (line.to === 'queue') this.retried += 1;
    else if (line.to === 'done' && isSuccess(line.outcome)) this.done += 1;
    else this.failed += 1;
    this.#onEnding(line);
  }
}
