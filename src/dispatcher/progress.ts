import { isSuccess } from '../job/outcome.js';
import { JournalReader } from '../queue/journal-reader.js';
import type { JournalLine } from '../queue/journal.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';

/** An execution that is over: a crew's, or a job that a dispatcher turned away. */
export type Ending = Extract<JournalLine, { event: 'finish' | 'verdict' }>;

interface Unsettled {
  readonly ending: Ending;
  looks: number;
}

/** Looks after which a line whose name stands nowhere is void. */
const patience = 600;

/** Counts what has ended since the dispatcher began, by following the journals. */
export class Progress {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #reader: JournalReader;
  readonly #onEnding: (ending: Ending) => void;
  #journals: readonly string[] = [];
  #unsettled: Unsettled[] = [];
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
    for (const journal of this.#journals)
      for (const line of this.#reader.read(journal))
        if (line.event === 'finish' || line.event === 'verdict')
          this.#unsettled.push({ ending: line, looks: 0 });
    this.#unsettled = this.#unsettled.filter((unsettled) => !this.#settle(unsettled));
  }

  /** A line counts only if its name stands there. The line comes before the rename, so it has some time to come true. */
  #settle(unsettled: Unsettled): boolean {
    const { ending } = unsettled;
    const stands =
      ending.to === 'queue' || this.#files.exists(this.#layout.finished(ending.to, ending.entry));
    if (stands) this.#count(ending);
    unsettled.looks += 1;
    return stands || unsettled.looks > patience;
  }

  #count(line: Ending): void {
    if (line.to === 'queue') this.retried += 1;
    else if (line.to === 'done' && isSuccess(line.outcome)) this.done += 1;
    else this.failed += 1;
    this.#onEnding(line);
  }
}
