import type { CrewId } from '../../queue/layout.js';
import type { Served } from '../served.js';
import type { JobChange, JobState } from './job-index.js';
import { type JobFacts, type JobRecord, summarize } from './job-record.js';
import { JobRegister } from './job-register.js';
import type { JournalTail, Note } from './journal-tail.js';
import { shelfStates } from './shelf.js';

/** Looks in vain after which an entry that stands nowhere is gone, and a line that came to nothing void. */
const patience = { missing: 3, announced: 600 };

/**
 * Makes records of what is seen on disk. A job is where its file is. What a listing or a bell says is old news by a
 * moment, so that nothing is taken for gone before it was looked for where it may have moved to. Journals say when and
 * how, and that something is over; that holds once it stands where they say.
 */
export class JobBook {
  readonly register = new JobRegister();
  readonly #served: Served;
  readonly #tail: JournalTail;
  readonly #hostOf: (crew: CrewId) => string;
  readonly #tell: (change: JobChange) => void;
  /** Entries that stand nowhere, and such that a journal says are over and are not there; with the looks in vain. */
  readonly #missing = new Map<string, number>();
  readonly #announced = new Map<string, number>();
  /** Which sweep records have been seen by. */
  epoch = 1;

  constructor(
    served: Served,
    tail: JournalTail,
    hostOf: (crew: CrewId) => string,
    tell: (change: JobChange) => void,
  ) {
    this.#served = served;
    this.#tail = tail;
    this.#hostOf = hostOf;
    this.#tell = tell;
  }

  /** Whether something is to be looked for again. */
  get isSearching(): boolean {
    return this.#missing.size + this.#announced.size > 0;
  }

  /** Where a job's file would be. */
  pathOf({ id, state, crew }: Pick<JobRecord, 'id' | 'state' | 'crew'>): string {
    const { layout } = this.#served;
    if (state === 'waiting') return layout.queued(id);
    if (state === 'done' || state === 'failed') return layout.finished(state, id);
    const pod = layout.pod(crew ?? ('' as CrewId));
    return state === 'running' ? pod.runningEntry(id) : pod.entry(id);
  }

  /** Its file was seen there. */
  see(id: string, state: JobState, crew?: CrewId): void {
    const known = this.register.get(id);
    if (known !== undefined) known.seen = this.epoch;
    const isLive = state !== 'done' && state !== 'failed';
    if (known?.state === state && (state === 'waiting' || !isLive || known.crew === crew)) {
      this.#missing.delete(id);
      this.#complete(known);
      return;
    }
    // It has ended meanwhile.
    if (known?.isLive === false && isLive && this.#stands(known)) return;
    this.put(id, state, this.#factsOf(id, state, crew ?? known?.crew));
  }

  /** It was there a moment ago, and is not seen any more. */
  trace(id: string, state: JobState, crew?: CrewId): void {
    const record = this.register.get(id);
    if (record?.state !== state || (crew !== undefined && record.crew !== crew)) return;
    if (this.#stands(record)) return;
    for (const other of shelfStates)
      if (other !== state && this.#served.files.exists(this.pathOf({ id, state: other, crew: undefined }))) {
        this.see(id, other);
        return;
      }
    this.#missing.set(id, this.#missing.get(id) ?? 0);
  }

  /** A journal says that it is over. */
  announce(id: string): void {
    // The line comes before the move. A name that is missing once would be missing for long on a shared filesystem.
    if (this.#served.isShared || !this.#confirm(id)) this.#announced.set(id, 0);
  }

  /** Looks again for what was not where it should be. */
  search(): void {
    for (const [id, looks] of this.#announced)
      if (this.#confirm(id) || looks >= patience.announced) this.#announced.delete(id);
      else this.#announced.set(id, looks + 1);
    for (const [id, looks] of this.#missing) {
      const record = this.register.get(id);
      this.#missing.delete(id);
      if (record === undefined) continue;
      if (looks >= patience.missing) this.#remove(record);
      else {
        this.trace(id, record.state, record.crew);
        if (this.#missing.has(id)) this.#missing.set(id, looks + 1);
      }
    }
  }

  put(id: string, state: JobState, facts: JobFacts): void {
    const { record, before } = this.register.put(id, state, facts);
    record.seen = this.epoch;
    this.#missing.delete(id);
    const was = before === undefined ? this.#replaced(record) : undefined;
    const isNews = before?.state !== record.state || before.crew !== record.crew;
    if (isNews) this.#tell({ was, ...this.#told(record) });
  }

  /** Facts of a job whose end its journal tells; undefined: it does not, or of another end. */
  ending(note: Note | undefined, state: JobState): JobFacts | undefined {
    if (note?.to !== state || note.ended === 0) return undefined;
    const { started, crew, worker, outcome } = note;
    return { changed: note.ended, started, crew, worker, outcome };
  }

  #told(record: JobRecord): Pick<JobChange, 'job' | 'id' | 'name'> {
    return { id: record.id, name: record.name, job: summarize(record, this.#hostOf) };
  }

  #stands(record: JobRecord): boolean {
    return this.#served.files.exists(this.pathOf(record));
  }

  /** True: there is nothing more to look for. */
  #confirm(id: string): boolean {
    const note = this.#tail.noteOf(id);
    if (note?.to !== 'done' && note?.to !== 'failed') return true;
    const known = this.register.get(id);
    if (known?.state === note.to && known.outcome !== undefined) return true;
    if (!this.#served.files.exists(this.#served.layout.finished(note.to, id))) return false;
    this.see(id, note.to);
    return true;
  }

  /** What its journal has said only now. */
  #complete({ id, state, crew, isLive, started, outcome }: JobRecord): void {
    const note = this.#tail.noteOf(id);
    const isLate = isLive
      ? state === 'running' && started === 0
      : outcome === undefined && note?.to === state;
    if (note !== undefined && isLate) this.put(id, state, this.#factsOf(id, state, crew));
  }

  #factsOf(id: string, state: JobState, crew: CrewId | undefined): JobFacts {
    const note = this.#tail.noteOf(id);
    const end = this.ending(note, state);
    if (end !== undefined) {
      this.#tail.forget(id);
      return end;
    }
    const { started = 0, worker = 0 } = note ?? {};
    const isWaiting = state === 'waiting';
    const hasBegun = !isWaiting && state !== 'assigned';
    const path = this.pathOf({ id, state, crew });
    return {
      changed:
        state === 'running' && started > 0
          ? started
          : Math.round(this.#served.files.movedAt(path) ?? this.#served.clock.wall()),
      started: hasBegun ? started : 0,
      worker: hasBegun ? worker : 0,
      crew: isWaiting ? undefined : crew,
      outcome: undefined,
    };
  }

  /** The same job under the name that it had before: what it was called in the queue. */
  #replaced({ id, name }: JobRecord): string | undefined {
    let was: string | undefined;
    for (const other of this.register.liveOf(name)) {
      if (other.id === id || this.#stands(other)) continue;
      was = other.id;
      this.register.remove(other.id);
      this.#missing.delete(other.id);
    }
    return was;
  }

  #remove(record: JobRecord): void {
    this.register.remove(record.id);
    this.#tell({ was: undefined, job: undefined, id: record.id, name: record.name });
  }
}
