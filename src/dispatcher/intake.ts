import { FjrError } from '../job/fjr-error.js';
import { type Job, goesAnywhere, plainNeeds, takesOneWorker } from '../job/job.js';
import { naturalKey } from '../job/natural-order.js';
import { jobFileLimit } from '../job/read-job.js';
import { type EntryName, failuresOf, isIgnored, longestName, parseEntryName } from '../queue/entry-name.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files, Inspected } from '../system/files.js';
import { Heap } from './heap.js';
import { type Look, settle } from './settle.js';

/** A job that was read and may go, as far as its own file is concerned. */
export interface Arrival {
  readonly name: string;
  readonly entry: EntryName;
  /** Its name's natural key. */
  readonly key: string;
  readonly job: Job;
  readonly mtimeMs: number;
  /** Since when it has been there, in monotonic milliseconds. */
  readonly since: number;
}

export interface IntakeSystem {
  readonly files: Files;
  readonly clock: Clock;
  readonly uid: number;
}

/** What is found in the queue. */
export type Found =
  | { readonly kind: 'job'; readonly arrival: Arrival }
  /** A fan-out job's directory. */
  | { readonly kind: 'fan-out'; readonly name: string }
  /** It can be no job. */
  | {
      readonly kind: 'rejected';
      readonly name: string;
      readonly reason: string;
      readonly hint: string | undefined;
    }
  | { readonly kind: 'trouble'; readonly error: FjrError };

/** A name in the queue whose file is not yet known to be complete. */
interface Candidate {
  readonly name: string;
  readonly key: string;
  look: Look | undefined;
  /** What was read of it, until it is confirmed. */
  read: Inspected | undefined;
  /** It came by a rename or link, and nobody has been heard writing since. */
  whole: boolean;
  /** Where it waits for its next look. */
  place: 'unread' | 'later' | 'unconfirmed';
}

interface Later {
  /** Monotonic milliseconds of the next look. */
  readonly due: number;
  readonly candidate: Candidate;
}

type Known = Candidate | 'arrived' | 'delayed';

/** Milliseconds that a pass may spend on reading files before it turns to dispatching. */
const readingBudget = 10;
/** Milliseconds after which a file is looked at again that could not be looked at. */
const lookAgain = 1000;
/** The longest back-off between two retries, in seconds. */
const longestDelay = 600;

/**
 * What is in the queue. Names come from the doorbell one by one, and from listings; each file is read once, when it
 * has settled. A listing costs time in proportion to the queue, so it is made when asked for and never per job.
 */
export class Intake {
  readonly #system: IntakeSystem;
  readonly #layout: Layout;
  readonly #tell: (found: Found) => void;
  readonly #known = new Map<string, Known>();
  /** Job name → how many of its entries were given back. */
  readonly #returned = new Map<string, number>();
  readonly #unread = new Heap<Candidate>((a, b) => a.key < b.key);
  readonly #later = new Heap<Later>((a, b) => a.due < b.due);
  readonly #delayed = new Heap<{ readonly due: number; readonly arrival: Arrival }>((a, b) => a.due < b.due);
  /** Read, and whole if the doorbell stays silent for one more turn of the event loop. */
  #unconfirmed: Candidate[] = [];
  /** Names that cannot be moved away: told of once, and left alone. */
  readonly #stuck = new Set<string>();
  /** Milliseconds by which the file server's clock, which dates the files, is ahead of ours. */
  readonly #serverAhead: number;
  /** Names that left by our own hand: the doorbell rings for them, too. */
  readonly #departed = new Set<string>();

  constructor(system: IntakeSystem, layout: Layout, tell: (found: Found) => void) {
    this.#system = system;
    this.#layout = layout;
    this.#tell = tell;
    this.#serverAhead = system.files.serverAhead(layout.journal);
  }

  /** How many names in the queue are known. */
  get size(): number {
    return this.#known.size;
  }

  /** Whether the last pass was not enough to read what could be read. */
  get isBehind(): boolean {
    return this.#unread.size > 0;
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Whether an entry of this job was given back and waits again. */
  hasReturned(job: string): boolean {
    return this.#returned.has(job);
  }

  /** The doorbell. Returns whether there is something to do. */
  ring(name: string, event: 'rename' | 'change'): boolean {
    if (isIgnored(name) || this.#stuck.has(name)) return false;
    const known = this.#known.get(name);
    if (known === undefined) {
      if (event === 'rename' && this.#departed.delete(name)) return false;
      this.#add(name, event === 'rename');
      return true;
    }
    if (typeof known !== 'object') return false;
    if (event === 'change') known.whole = false;
    // What it waits for may have happened.
    if (known.place === 'later') this.#lookSoon(known);
    return true;
  }

  /** Reads the directory. Returns how many names it held, the ignored ones not counted. */
  list(): number {
    const names = perform(this.#system.files, list(this.#layout.jobqueue)) ?? [];
    const seen = new Set<string>();
    let present = 0;
    for (const name of names) {
      if (isIgnored(name)) continue;
      seen.add(name);
      if (this.#stuck.has(name)) continue;
      present += 1;
      if (!this.#known.has(name)) this.#add(name, false);
    }
    for (const name of this.#known.keys()) if (!seen.has(name)) this.forget(name);
    for (const name of this.#stuck) if (!seen.has(name)) this.#stuck.delete(name);
    this.#departed.clear();
    if (names.some((name) => name.includes('\u{fffd}'))) this.#rescueUndecodable();
    return present;
  }

  /** The job has left the queue by our hand. */
  depart(name: string): void {
    this.forget(name);
    this.#departed.add(name);
  }

  /** The name is in our way, and cannot be moved out of it. */
  leaveAlone(name: string): void {
    this.forget(name);
    this.#stuck.add(name);
  }

  /** The job turned out to have left by somebody else's. */
  forget(name: string): void {
    if (this.#known.delete(name)) this.#countReturned(name, -1);
  }

  /** Reads what is due, for a bounded time. Returns milliseconds until something else is, or undefined. */
  read(): number | undefined {
    const { clock } = this.#system;
    const start = clock.monotonic();
    this.#confirm(start);
    this.#wake(start);
    while (this.#unread.size > 0 && clock.monotonic() - start < readingBudget) {
      const candidate = this.#unread.pop();
      if (candidate !== undefined && this.#known.get(candidate.name) === candidate)
        this.#tryToLook(candidate, start);
    }
    return this.#nextDue(clock.monotonic());
  }

  /** A filesystem that fails for a while must not make us forget a name, nor keep us from the others. */
  #tryToLook(candidate: Candidate, now: number, confirmed = false): void {
    try {
      this.#look(candidate, confirmed);
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      this.#known.set(candidate.name, candidate);
      candidate.place = 'later';
      this.#later.push({ due: now + lookAgain, candidate });
      this.#tell({ kind: 'trouble', error });
    }
  }

  #add(name: string, whole: boolean): void {
    const candidate: Candidate = {
      name,
      key: naturalKey(name),
      look: undefined,
      read: undefined,
      whole,
      place: 'unread',
    };
    this.#known.set(name, candidate);
    this.#countReturned(name, 1);
    this.#unread.push(candidate);
  }

  #countReturned(name: string, change: 1 | -1): void {
    if (!name.includes('@')) return;
    const { job, token } = parseEntryName(name);
    if (token === undefined) return;
    const count = (this.#returned.get(job) ?? 0) + change;
    if (count > 0) this.#returned.set(job, count);
    else this.#returned.delete(job);
  }

  #lookSoon(candidate: Candidate): void {
    candidate.place = 'unread';
    this.#unread.push(candidate);
  }

  #nextDue(now: number): number | undefined {
    if (this.#unread.size > 0 || this.#unconfirmed.length > 0) return 0;
    const due = Math.min(this.#later.first?.due ?? Infinity, this.#delayed.first?.due ?? Infinity);
    return due === Infinity ? undefined : Math.max(1, due - now);
  }

  #wake(now: number): void {
    for (const { candidate } of popDue(this.#later, now))
      if (candidate.place === 'later') this.#lookSoon(candidate);
    for (const { arrival } of popDue(this.#delayed, now))
      if (this.#known.get(arrival.name) === 'delayed') this.#arrive(arrival);
  }

  /** Names that came whole were read in the last turn; whoever wrote meanwhile was heard by now. */
  #confirm(now: number): void {
    const unconfirmed = this.#unconfirmed;
    this.#unconfirmed = [];
    for (const candidate of unconfirmed)
      if (this.#known.get(candidate.name) === candidate) this.#tryToLook(candidate, now, candidate.whole);
  }

  #look(candidate: Candidate, confirmed = false): void {
    const { name } = candidate;
    if (
      Buffer.byteLength(name) > longestName + 40 ||
      Buffer.byteLength(parseEntryName(name).job) > longestName
    ) {
      this.#reject(
        name,
        `its name has ${Buffer.byteLength(name)} bytes, more than ${longestName}`,
        'choose a shorter name',
      );
      return;
    }
    const now = {
      monotonic: this.#system.clock.monotonic(),
      wall: this.#system.clock.wall() + this.#serverAhead,
      uid: this.#system.uid,
    };
    // What came whole and was not written since is as it was.
    const kept = confirmed ? candidate.read : undefined;
    const inspected = kept ?? this.#system.files.inspect(this.#layout.queued(name), jobFileLimit);
    candidate.read = undefined;
    if (
      isDirectory(inspected) &&
      this.#system.files.exists(new FanOutPaths(this.#layout.queued(name)).file)
    ) {
      this.#tell({ kind: 'fan-out', name });
      if (this.#known.has(name)) this.#known.set(name, 'arrived');
      return;
    }
    const settled = settle(inspected, candidate.look, confirmed, now);
    switch (settled.kind) {
      case 'missing':
        this.forget(name);
        return;
      case 'rejected':
        this.#reject(name, settled.reason, settled.hint);
        return;
      case 'again':
        candidate.look = settled.look;
        if (candidate.whole && !confirmed && settled.look.size > 0) {
          candidate.place = 'unconfirmed';
          candidate.read = inspected;
          this.#unconfirmed.push(candidate);
          return;
        }
        candidate.place = 'later';
        this.#later.push({ due: now.monotonic + settled.inMs, candidate });
        return;
      case 'ready':
        this.#ready(this.#arrivalOf(candidate, settled), now.monotonic);
    }
  }

  #arrivalOf({ name, key }: Candidate, { job, mtimeMs }: { job: Job; mtimeMs: number }): Arrival {
    const entry = parseEntryName(name);
    const ofJob = entry.job === name ? key : naturalKey(entry.job);
    const { clock } = this.#system;
    const age = Math.max(0, clock.wall() + this.#serverAhead - mtimeMs);
    return { name, entry, key: ofJob, job: shareNeeds(job), mtimeMs, since: clock.monotonic() - age };
  }

  /** A retry waits for its back-off, counted from when it was first seen here: no two hosts' clocks are compared. */
  #ready(arrival: Arrival, now: number): void {
    const failures = failuresOf(arrival.entry.counts);
    if (failures === 0) {
      this.#arrive(arrival);
      return;
    }
    const seconds = Math.min(longestDelay, arrival.job.retryDelay * 2 ** (failures - 1));
    this.#known.set(arrival.name, 'delayed');
    this.#delayed.push({ due: now + seconds * 1000, arrival });
  }

  #arrive(arrival: Arrival): void {
    this.#known.set(arrival.name, 'arrived');
    this.#tell({ kind: 'job', arrival });
  }

  #reject(name: string, reason: string, hint: string | undefined): void {
    this.depart(name);
    this.#tell({ kind: 'rejected', name, reason, hint });
  }

  #rescueUndecodable(): void {
    const { files } = this.#system;
    const stamp = Math.round(this.#system.clock.wall());
    const moved = files.moveUndecodable(
      this.#layout.jobqueue,
      this.#layout.jobqueue,
      (index) => `undecodable-name-${stamp}-${index}`,
    );
    for (const name of moved) this.#reject(name, 'its name is not UTF-8', 'rename it');
  }
}

function isDirectory(inspected: Inspected): boolean {
  return inspected.kind === 'other' && inspected.what === 'a directory';
}

/** Takes out what is due. */
function* popDue<T extends { readonly due: number }>(heap: Heap<T>, now: number): Generator<T> {
  for (let first = heap.first; first !== undefined && first.due <= now; first = heap.first) {
    heap.pop();
    yield first;
  }
}

/** Most jobs need nothing special: they share one object. */
function shareNeeds(job: Job): Job {
  return takesOneWorker(job.needs) && goesAnywhere(job.needs) ? { ...job, needs: plainNeeds } : job;
}
