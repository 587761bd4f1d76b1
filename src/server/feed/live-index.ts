import { setTimeout } from 'node:timers/promises';
import type { CrewId } from '../../queue/layout.js';
import type { Place } from '../../queue/places.js';
import { describeFailure } from '../describe-failure.js';
import type { Served } from '../served.js';
import { Alarm } from './alarm.js';
import { Breather } from './breather.js';
import { JobBook } from './job-book.js';
import type {
  JobChange,
  JobIndex,
  JobPage,
  JobQuery,
  JobState,
  JobSummary,
  MinuteCount,
} from './job-index.js';
import { jobStates } from './job-index.js';
import { type JobRecord, summarize } from './job-record.js';
import { Journals } from './journals.js';
import { type BusyCrew, type CrewSummary, PodWatch } from './pod-watch.js';
import { Shelf, shelfStates } from './shelf.js';

/** Milliseconds. */
const times = {
  /** Between two looks that bells ask for: what comes together is looked at together. */
  betweenLooks: 25,
  /** Between two looks for what was not where it should be. */
  search: 100,
  /** Between two sweeps of all there is: on a local disk only the net below the bells. */
  sweepLocal: 30_000,
  sweepShared: 10_000,
  /** After something went wrong. */
  recovery: 2_000,
};
/** A sweep takes one part in so many of the time. */
const sweepShare = 20;
/** Clocks of hosts are not farther apart. Milliseconds. */
const mostSkew = 3_600_000;

interface Sighting {
  readonly id: string;
  readonly state: JobState;
  readonly crew?: CrewId;
}

/** The index of a project's jobs: see job-index.ts for what it is, job-book.ts for what it believes. */
export class LiveIndex implements JobIndex {
  readonly #served: Served;
  readonly #alarm = new Alarm();
  readonly #breather: Breather;
  readonly #journals: Journals;
  readonly #pods: PodWatch;
  readonly #shelves: readonly Shelf[];
  readonly #book: JobBook;
  readonly #listeners = new Set<(change: JobChange) => void>();
  /** Those who wait for a look, or for a sweep, that begins after they have asked. */
  #asked: { readonly sweep: boolean; readonly resolve: () => void }[] = [];
  #isBuilt = false;
  #next = { thorough: 0, journals: 0, sweep: 0 };
  #swept: number;
  /** Milliseconds by which the file server's clock is ahead of ours. */
  #ahead = 0;

  constructor(served: Served) {
    this.#served = served;
    this.#breather = new Breather(served.clock);
    const ring = (): void => {
      this.#alarm.ring();
    };
    this.#journals = new Journals(served, ring);
    this.#pods = new PodWatch(served, ring);
    this.#shelves = shelfStates.map((state) => new Shelf(served, state, ring));
    const hostOf = (crew: CrewId): string => this.#pods.hostOf(crew);
    this.#book = new JobBook(served, this.#journals.tail, hostOf, (change) => {
      if (this.#isBuilt) for (const listener of this.#listeners) listener(change);
    });
    this.#swept = this.now;
    served.closing.addEventListener('abort', ring);
    void this.#run();
  }

  page(query: JobQuery): JobPage {
    const { records, next } = this.#book.register.page(query);
    return { jobs: records.map((record) => this.#summarize(record)), next };
  }

  find(nameOrId: string): JobSummary | undefined {
    const record = this.#book.register.find(nameOrId);
    return record === undefined ? undefined : this.#summarize(record);
  }

  counts(): Readonly<Record<JobState, number>> {
    const count = (state: JobState): [JobState, number] => [state, this.#book.register.count(state)];
    return Object.fromEntries(jobStates.map(count)) as Record<JobState, number>;
  }

  throughput(): readonly MinuteCount[] {
    return this.#journals.tail.throughput.read(this.#served.clock.wall());
  }

  onChange(listener: (change: JobChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Jobs that may be the one of this number that came through a server; the likeliest first. */
  numbered(number: number): JobSummary[] {
    return this.#book.register.numbered(number).map((record) => this.#summarize(record));
  }

  /** Where a job's file is, if the index is not behind. */
  placeOf({ id, state, crew }: Pick<JobSummary, 'id' | 'state' | 'crew'>): Place {
    const isHeld = state === 'assigned' || state === 'running';
    const place = { id, state, crew: crew as CrewId | undefined };
    return { state, entry: id, path: this.#book.pathOf(place), crew: isHeld ? place.crew : undefined };
  }

  async refresh(): Promise<void> {
    await this.#ask(false);
  }

  /** The same, with a look at every directory as a whole. */
  async sweep(): Promise<void> {
    await this.#ask(true);
  }

  /** Returns once all has been read that was there when the server started. */
  async built(): Promise<void> {
    if (!this.#isBuilt) await this.#ask(false);
  }

  get isBuilt(): boolean {
    return this.#isBuilt;
  }

  get crews(): readonly CrewSummary[] {
    return this.#pods.crews;
  }

  get busyCrews(): readonly BusyCrew[] {
    return this.#pods.busyCrews;
  }

  /** Milliseconds since 1970, by the file server's clock. */
  get now(): number {
    return this.#served.clock.wall() + this.#ahead;
  }

  /** Every change before it is known. Milliseconds since 1970, by the file server's clock. */
  get watermark(): number {
    return this.#swept;
  }

  /** Jobs that have changed their place since, by the file server's clock, oldest first; undefined: more than `most`. */
  async changedSince(watermark: number, most: number): Promise<JobSummary[] | undefined> {
    const found: { at: number; record: JobRecord }[] = [];
    let after: string | undefined;
    do {
      const page = this.#book.register.page({ limit: 500, ...(after === undefined ? {} : { after }) });
      after = page.next;
      for (const record of page.records) {
        if (record.changed < watermark - mostSkew) after = undefined;
        const at = this.#served.files.movedAt(this.#book.pathOf(record)) ?? 0;
        if (at >= watermark) found.push({ at, record });
        if (found.length > most) return undefined;
        await this.#breather.breathe();
      }
    } while (after !== undefined);
    return found.sort((a, b) => a.at - b.at).map(({ record }) => this.#summarize(record));
  }

  #summarize(record: JobRecord): JobSummary {
    return summarize(record, (crew) => this.#pods.hostOf(crew));
  }

  async #ask(sweep: boolean): Promise<void> {
    if (this.#served.closing.aborted) return;
    await new Promise<void>((resolve) => {
      this.#asked.push({ sweep, resolve });
      this.#alarm.ring();
    });
  }

  async #run(): Promise<void> {
    const { closing, remark } = this.#served;
    while (!closing.aborted)
      try {
        if (!this.#isBuilt) await this.#build();
        await this.#alarm.sleep(this.#untilNext());
        await this.#turn();
      } catch (error) {
        // A file server that is away comes back.
        remark(describeFailure(error));
        await setTimeout(times.recovery, undefined, { signal: closing }).catch(() => undefined);
      }
    for (const { resolve } of this.#asked) resolve();
    for (const watch of [this.#journals, this.#pods, ...this.#shelves]) watch.close();
  }

  #untilNext(): number {
    const { thorough, journals, sweep } = this.#next;
    const { pace, isShared, clock } = this.#served;
    const search = this.#book.isSearching ? (isShared ? pace.readJournals : times.search) : Infinity;
    const now = clock.monotonic();
    return Math.min(thorough - now, journals - now, sweep - now, search);
  }

  async #turn(): Promise<void> {
    const { clock } = this.#served;
    const asked = this.#asked;
    this.#asked = [];
    const isSweepDue = clock.monotonic() >= this.#next.sweep || asked.some(({ sweep }) => sweep);
    try {
      await this.#look(asked.length > 0 || isSweepDue);
      if (isSweepDue) await this.#sweep();
    } catch (error) {
      // They look again when this is over, or give up with the server.
      this.#asked.push(...asked);
      throw error;
    }
    for (const { resolve } of asked) resolve();
    await setTimeout(times.betweenLooks);
  }

  /** What bells have told of; and now and then, or when somebody asks, what may have changed without. */
  async #look(all: boolean): Promise<void> {
    const { clock, pace, isShared } = this.#served;
    const now = clock.monotonic();
    const isThorough = all || now >= this.#next.thorough;
    const readsAll = all || now >= this.#next.journals;
    if (isThorough) this.#next.thorough = now + pace.lookAround;
    if (readsAll) this.#next.journals = now + (isShared ? pace.readJournals : pace.lookForJournals);
    const seen: Sighting[] = [];
    const left: Sighting[] = [];
    for (const { held, left: gone } of this.#pods.look(isThorough)) {
      seen.push(...held);
      left.push(...gone);
      await this.#breather.breathe();
    }
    for (const shelf of this.#shelves)
      for (const id of shelf.takeHeard()) {
        const isThere = this.#served.files.exists(shelf.path(id));
        (isThere ? seen : left).push({ id, state: shelf.state });
        await this.#breather.breathe();
      }
    // After the names: what stands among the finished has its line by then.
    const over = await this.#readJournals(readsAll);
    for (const sighting of seen) await this.#believe(sighting);
    for (const id of over) this.#book.announce(id);
    for (const { id, state, crew } of left) this.#book.trace(id, state, crew);
    this.#book.search();
  }

  async #readJournals(all: boolean): Promise<string[]> {
    const crews = new Set(this.#pods.crews.map(({ crew }) => crew));
    const over: string[] = [];
    for (const entries of this.#journals.read(all, (crew) => crews.has(crew))) {
      over.push(...entries);
      await this.#breather.breathe();
    }
    return over;
  }

  async #believe({ id, state, crew }: Sighting): Promise<void> {
    const hasEnded = state === 'done' || state === 'failed';
    const holder = this.#book.register.get(id)?.crew;
    if (hasEnded && holder !== undefined && this.#journals.tail.noteOf(id)?.to === undefined)
      for (const others of this.#journals.readOf(holder))
        for (const other of others) this.#book.announce(other);
    this.#book.see(id, state, crew);
    await this.#breather.breathe();
  }

  /** All that lies on the shelves. Bells are heard meanwhile. */
  async #sweep(): Promise<void> {
    const { clock, isShared } = this.#served;
    const [began, mark] = [clock.monotonic(), clock.wall() + this.#ahead];
    for (const shelf of this.#shelves) {
      const epoch = ++this.#book.epoch;
      const pieces = shelf.sweep();
      if (pieces === undefined) continue;
      for await (const ids of pieces) {
        for (const id of ids) await this.#sweepOver(id, shelf);
        if (this.#alarm.isRung) await this.#look(false);
      }
      for (const record of this.#book.register.all()) {
        if (record.state === shelf.state && record.seen < epoch) this.#book.trace(record.id, shelf.state);
        await this.#breather.breathe();
      }
    }
    this.#swept = mark;
    const now = clock.monotonic();
    const pause = isShared ? times.sweepShared : times.sweepLocal;
    this.#next.sweep = now + Math.max(pause, (now - began) * sweepShare);
  }

  async #sweepOver(id: string, { state, path }: Shelf): Promise<void> {
    const known = this.#book.register.get(id);
    if (known?.state === state) known.seen = this.#book.epoch;
    // It may have moved on since it was listed.
    else if (this.#served.files.exists(path(id))) await this.#believe({ id, state });
  }

  /** All there is. Journals first tell of most jobs when and how they ended; of the rest their files tell when. */
  async #build(): Promise<void> {
    const { clock, isShared, files, layout } = this.#served;
    if (isShared) this.#ahead = files.serverAhead(layout.root);
    const mark = this.now;
    const standing = new Map<string, JobState>();
    for (const shelf of this.#shelves)
      for await (const ids of shelf.sweep() ?? []) for (const id of ids) standing.set(id, shelf.state);
    for (const over of this.#journals.readAll()) {
      for (const id of over) this.#recall(id, standing, mark);
      await this.#breather.breathe();
    }
    for (const [id, state] of standing) {
      this.#book.see(id, state);
      await this.#breather.breathe();
    }
    await this.#look(true);
    this.#swept = mark;
    this.#isBuilt = true;
    this.#next.sweep = clock.monotonic() + (isShared ? times.sweepShared : times.sweepLocal);
  }

  #recall(id: string, standing: Map<string, JobState>, now: number): void {
    const { tail } = this.#journals;
    const state = standing.get(id);
    const note = tail.noteOf(id);
    const facts = state === undefined ? undefined : this.#book.ending(note, state);
    if (state !== undefined && facts !== undefined) {
      this.#book.put(id, state, facts);
      standing.delete(id);
      tail.forget(id);
      // It may be on its way there just now; else it was removed long ago.
    } else if (note !== undefined && note.ended < now - mostSkew) tail.forget(id);
  }
}
