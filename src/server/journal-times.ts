import { idOfSpecJobName } from '../job/spec/spec-job.js';
import { parseEntryName } from '../queue/entry-name.js';
import { JournalReader } from '../queue/journal-reader.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';

/** When an execution began and ended, ISO 8601. */
export interface Times {
  readonly started?: string;
  readonly ended?: string;
}

/**
 * What the journals say of jobs of specs. Each line is read once and remembered for as long as the server lives: about
 * 200 bytes for a job.
 */
export class JournalTimes {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #reader: JournalReader;
  readonly #times = new Map<string, Times>();

  constructor(files: Files, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
    this.#reader = new JournalReader(files, layout);
  }

  of(entry: string): Times {
    this.#catchUp();
    return this.#times.get(entry) ?? {};
  }

  /** A line counts if the entry stands where it says, which whoever asks about an entry has seen. */
  #catchUp(): void {
    for (const name of perform(this.#files, list(this.#layout.journal)) ?? []) {
      if (!name.endsWith('.jsonl')) continue;
      for (const line of this.#reader.readFresh(name)) {
        if (line.event !== 'start' && line.event !== 'finish' && line.event !== 'verdict') continue;
        if (idOfSpecJobName(parseEntryName(line.entry).job) === undefined) continue;
        const known = this.#times.get(line.entry);
        const news = line.event === 'start' ? { started: line.time } : { ended: line.time };
        this.#times.set(line.entry, { ...known, ...news });
      }
    }
  }
}
