import { describeOutcome } from '../../job/outcome.js';
import { type Destination, type JournalLine, parseJournal } from '../../queue/journal.js';
import { type CrewId, type Layout, parseCrewId } from '../../queue/layout.js';
import { LineReader } from '../../queue/line-reader.js';
import type { Files } from '../../system/files.js';
import { isJob } from './job-record.js';
import { Throughput } from './throughput.js';

/** What the journals have said of an execution so far. */
export interface Note {
  /** Milliseconds since 1970 by its crew's clock; 0: not known. */
  readonly started: number;
  readonly crew: CrewId | undefined;
  readonly worker: number;
  /** Where it was to go when it had ended; the line counts if it stands there. */
  readonly to: Destination | undefined;
  readonly ended: number;
  readonly outcome: string | undefined;
}

/** Executions that are remembered until they are seen to have ended; of those that were given back nobody asks. */
const mostNotes = 20_000;
/** Sentences of which one string serves all that have them. */
const mostOutcomes = 10_000;

/** Characters that are read without a pause. */
const partLength = 32_768;

const suffix = '.jsonl';

/** Follows the journals: what they say of executions is noted, and what has ended is counted. */
export class JournalTail {
  readonly throughput = new Throughput();
  readonly #lines: LineReader;
  readonly #notes = new Map<string, Note>();
  readonly #outcomes = new Map<string, string>();
  readonly #writers = new Map<string, CrewId | undefined>();

  constructor(files: Files, layout: Layout) {
    this.#lines = new LineReader(files, layout.journal);
  }

  /**
   * Reads what is new in a journal, a piece for each step: some milliseconds. Gives the entries of which it says that
   * they are over.
   */
  *follow(fileName: string, fresh: boolean): Generator<readonly string[]> {
    const texts = fresh ? this.#lines.readFresh(fileName) : this.#lines.read(fileName);
    for (const text of texts) for (const part of inParts(text)) yield this.#take(part, fileName);
  }

  #take(text: string, fileName: string): string[] {
    const over: string[] = [];
    for (const line of parseJournal(text)) {
      this.throughput.add(line);
      const entry = this.#note(line, fileName);
      if (entry !== undefined) over.push(entry);
    }
    return over;
  }

  noteOf(entry: string): Note | undefined {
    return this.#notes.get(entry);
  }

  /** Whoever asks for it has made a record of it. */
  forget(entry: string): void {
    this.#notes.delete(entry);
  }

  /** Lets the oldest go, if there are too many. */
  trim(): void {
    let excess = this.#notes.size - mostNotes;
    for (const entry of this.#notes.keys()) {
      if (excess-- <= 0) return;
      this.#notes.delete(entry);
    }
  }

  /** The entry, if the line says that it is over. */
  #note(line: JournalLine, fileName: string): string | undefined {
    if (line.event === 'start' && isJob(line.entry)) {
      const facts = {
        started: Date.parse(line.time) || 0,
        crew: this.#writer(fileName),
        worker: line.worker,
      };
      this.#notes.set(line.entry, { ...facts, to: undefined, ended: 0, outcome: undefined });
    }
    if ((line.event !== 'finish' && line.event !== 'verdict') || !isJob(line.entry)) return undefined;
    const known = this.#notes.get(line.entry);
    const isCrews = line.event === 'finish' && line.worker > 0;
    this.#notes.set(line.entry, {
      started: known?.started ?? 0,
      crew: known?.crew ?? (isCrews ? this.#writer(fileName) : undefined),
      worker: known?.worker ?? (isCrews ? line.worker : 0),
      to: line.to,
      ended: Date.parse(line.time) || 0,
      outcome: this.#sentence(describeOutcome(line.outcome)),
    });
    return line.to === 'queue' ? undefined : line.entry;
  }

  #sentence(text: string): string {
    const known = this.#outcomes.get(text);
    if (known !== undefined) return known;
    if (this.#outcomes.size < mostOutcomes) this.#outcomes.set(text, text);
    return text;
  }

  #writer(fileName: string): CrewId | undefined {
    if (!this.#writers.has(fileName))
      this.#writers.set(fileName, parseCrewId(fileName.slice(0, -suffix.length)));
    return this.#writers.get(fileName);
  }
}

/** Whole lines, a few hundred for each step. */
function* inParts(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start + partLength) + 1;
    yield text.slice(start, end === 0 ? undefined : end);
    start = end === 0 ? text.length : end;
  }
}

export function isJournal(fileName: string): boolean {
  return fileName.endsWith(suffix);
}

/** The crew that writes a journal; undefined: a dispatcher, a recruiter or a user does. */
export function crewOfJournal(fileName: string): CrewId | undefined {
  return parseCrewId(fileName.slice(0, -suffix.length));
}
