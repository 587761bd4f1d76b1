import { type Capacity, type Usage, capacityOf, noUsage, plus } from '../job/capacity.js';
import { type Needs, takesOneWorker } from '../job/job.js';
import { jobFileLimit, readJob } from '../job/read-job.js';
import { JobFileError } from '../job/settings.js';
import { type CrewFile, parseCrewFile } from '../queue/crew-file.js';
import { isIgnored } from '../queue/entry-name.js';
import {
  type Badge,
  type CrewId,
  type Layout,
  classifyPodFile,
  parseBadge,
  type PodPaths,
} from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list, read } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Offer, Slot } from './plan.js';

interface KnownCrew {
  readonly file: CrewFile;
  /** Entries it holds that need more than a worker. The rest is counted by the workers that are not idle. */
  readonly heavy: Map<string, Needs>;
}

/** What a pod holds: assigned and started entries. */
export interface PodEntries {
  readonly assigned: readonly string[];
  readonly running: readonly string[];
}

/** What a dispatcher knows of the crews, and what they have to offer. */
export class Crews {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #known = new Map<CrewId, KnownCrew>();

  /** Seconds that a crew will still be there. */
  readonly #timeLeft: (crew: CrewId) => number;

  constructor(files: Files, layout: Layout, timeLeft: (crew: CrewId) => number) {
    this.#files = files;
    this.#layout = layout;
    this.#timeLeft = timeLeft;
  }

  /** Workers of all crews known. */
  get workers(): number {
    let sum = 0;
    for (const { file } of this.#known.values()) sum += file.workers;
    return sum;
  }

  /** What each crew could give if it were idle. */
  capacities(): Capacity[] {
    return [...this.#known.values()].map(({ file }) => capacityOf(file));
  }

  /** What all crews could give if they were idle. */
  allOffers(): Offer[] {
    return [...this.#known].map(([crew, { file }]) => ({
      crew,
      idle: Array.from({ length: file.workers }, (_, n): Slot => ({ crew, worker: n + 1 })),
      used: noUsage,
      capacity: capacityOf(file, this.#timeLeft(crew)),
    }));
  }

  /** Badges in `workerqueue`, as they are now. */
  idle(): Badge[] {
    const badges: Badge[] = [];
    for (const name of perform(this.#files, list(this.#layout.workerqueue)) ?? []) {
      const badge = parseBadge(name);
      if (badge !== undefined) badges.push(badge);
    }
    return badges;
  }

  /** What the crews of these badges offer. Badges of a crew without a pod come back as `orphans`. */
  offers(badges: readonly Badge[]): { readonly offers: Offer[]; readonly orphans: Badge[] } {
    const byCrew = new Map<CrewId, Badge[]>();
    for (const badge of badges) {
      const idle = byCrew.get(badge.crew);
      if (idle === undefined) byCrew.set(badge.crew, [badge]);
      else idle.push(badge);
    }
    const offers: Offer[] = [];
    const orphans: Badge[] = [];
    for (const [crew, idle] of byCrew) {
      const known = this.#known.get(crew) ?? this.learn(crew);
      if (known === undefined) orphans.push(...idle);
      else
        offers.push({
          crew,
          idle,
          used: this.#usage(crew, known, idle.length),
          capacity: capacityOf(known.file, this.#timeLeft(crew)),
        });
    }
    return { offers, orphans };
  }

  /** Busy crews that have room for jobs that start when a worker becomes free. */
  offersAhead(crews: readonly CrewId[], roomOf: (crew: CrewId, workers: number) => number): Offer[] {
    const offers: Offer[] = [];
    for (const crew of crews) {
      const file = this.#known.get(crew)?.file;
      // What shares nothing with the project is given what it asks for, when it asks.
      if (file === undefined || file.remote !== undefined) continue;
      const room = roomOf(crew, file.workers);
      if (room <= 0) continue;
      const idle = Array.from({ length: room }, (_, n): Slot => ({ crew, worker: n + 1, ahead: true }));
      const capacity = { ...capacityOf(file, this.#timeLeft(crew)), cpus: room, memory: 0, gpus: 0 };
      offers.push({ crew, idle, used: noUsage, capacity });
    }
    return offers;
  }

  /** Whether it takes only what is meant for it. */
  isReserved(crew: CrewId): boolean {
    return this.#known.get(crew)?.file.only !== undefined;
  }

  has(crew: CrewId): boolean {
    return this.#known.has(crew);
  }

  /** Whether a badge is that of a worker whose crew is known. */
  hasWorker(badge: string): boolean {
    const crew = parseBadge(badge)?.crew;
    return crew !== undefined && this.#known.has(crew);
  }

  /** Reads what a crew says of itself, and what it holds already. */
  learn(crew: CrewId): KnownCrew | undefined {
    const known = this.#known.get(crew);
    if (known !== undefined) return known;
    const bytes = perform(this.#files, read(this.#layout.pod(crew).crewFile));
    const file = bytes === undefined ? undefined : parseCrewFile(bytes);
    if (file === undefined) return undefined;
    const learned: KnownCrew = { file, heavy: new Map() };
    this.#known.set(crew, learned);
    const entries = this.entries(crew);
    for (const entry of entries?.assigned ?? [])
      this.#weigh(learned, entry, this.#layout.pod(crew).entry(entry));
    for (const entry of entries?.running ?? [])
      this.#weigh(learned, entry, this.#layout.pod(crew).runningEntry(entry));
    return learned;
  }

  forget(crew: CrewId): void {
    this.#known.delete(crew);
  }

  known(): Iterable<CrewId> {
    return this.#known.keys();
  }

  /** An entry was assigned to a crew. */
  charge(crew: CrewId, entry: string, needs: Needs): void {
    if (!takesOneWorker(needs)) this.#known.get(crew)?.heavy.set(entry, needs);
  }

  /** The entries in a crew's pod; undefined: the pod is gone. What has just started may be in both lists, or in none. */
  entries(crew: CrewId): PodEntries | undefined {
    return this.entriesIn(this.#layout.pod(crew));
  }

  entriesIn(pod: PodPaths): PodEntries | undefined {
    const names = perform(this.#files, list(pod.directory));
    if (names === undefined) return undefined;
    const assigned = names.filter((name) => classifyPodFile(name).kind === 'entry' && !isIgnored(name));
    return { assigned, running: perform(this.#files, list(pod.running)) ?? [] };
  }

  #usage(crew: CrewId, known: KnownCrew, idle: number): Usage {
    if (known.heavy.size > 0) this.#refresh(crew, known);
    const plain = Math.max(0, known.file.workers - idle - known.heavy.size);
    let used: Usage = { cpus: plain, memory: 0, gpus: 0 };
    for (const needs of known.heavy.values()) used = plus(used, needs);
    return used;
  }

  #refresh(crew: CrewId, known: KnownCrew): void {
    const entries = this.entries(crew);
    const present = new Set([...(entries?.assigned ?? []), ...(entries?.running ?? [])]);
    for (const entry of known.heavy.keys()) if (!present.has(entry)) known.heavy.delete(entry);
  }

  #weigh(crew: KnownCrew, entry: string, path: string): void {
    const inspected = this.#files.inspect(path, jobFileLimit);
    if (inspected.kind !== 'file') return;
    try {
      const { needs } = readJob(inspected);
      if (!takesOneWorker(needs)) crew.heavy.set(entry, needs);
    } catch (error) {
      if (!(error instanceof JobFileError)) throw error;
    }
  }
}
