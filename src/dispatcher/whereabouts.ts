import { parseEntryName } from '../queue/entry-name.js';
import type { Layout, Verdict } from '../queue/layout.js';
import type { Files } from '../system/files.js';
import type { Crews } from './crews.js';
import type { Arrival, Intake } from './intake.js';
import { newestOutcomes } from './outcomes.js';
import type { Roster } from './roster.js';
import type { Standing } from './waitlist.js';
import type { WorkAhead } from './work-ahead.js';

/** Assigned jobs that are remembered before their pods are asked which are still there. */
const assignedLimit = 10_000;

export interface WhereaboutsParts {
  readonly system: { readonly files: Files };
  readonly layout: Layout;
  readonly intake: Intake;
  readonly crews: Crews;
  readonly ahead: WorkAhead;
  readonly roster: Roster;
}

/** Where jobs are, and how those ended that are over: who comes after others, or has a name twice, goes by it. */
export class Whereabouts implements Standing {
  readonly #parts: WhereaboutsParts;
  /** Names of jobs that were assigned, and may still be in their pods. */
  readonly #assigned = new Set<string>();
  #newest:
    { readonly asked: ReadonlySet<string>; readonly outcomes: ReadonlyMap<string, Verdict> } | undefined;

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts;
  }

  /** An entry of this job was assigned. */
  assigned(job: string): void {
    this.#assigned.add(job);
  }

  /** … and taken back. */
  recalled(job: string): void {
    this.#assigned.delete(job);
  }

  /** Something has ended. */
  ended(): void {
    this.#newest = undefined;
  }

  /** Whether so much is remembered that most of it is over. */
  get isLong(): boolean {
    return this.#assigned.size > assignedLimit;
  }

  /** Asks all pods what they hold. What is in none of them has finished, or was given back. */
  lookIntoPods(): void {
    const { crews, ahead, roster } = this.#parts;
    this.#assigned.clear();
    for (const crew of roster.live) {
      const entries = crews.entries(crew);
      if (entries === undefined) continue;
      ahead.correct(crew, entries);
      for (const entry of [...entries.assigned, ...entries.running])
        this.#assigned.add(parseEntryName(entry).job);
    }
  }

  isThere({ name }: Arrival): boolean {
    return this.#parts.intake.has(name);
  }

  isTwin({ entry }: Arrival): boolean {
    return entry.token === undefined && this.#isGivenOut(entry.job);
  }

  isLive(job: string): boolean {
    return this.#parts.intake.has(job) || this.#isGivenOut(job);
  }

  /** Whether it has been given out, and is not over. */
  #isGivenOut(job: string): boolean {
    return this.#assigned.has(job) || this.#parts.intake.hasReturned(job);
  }

  /** `done` and `failed` may be long: they are listed again only when something has ended. */
  outcomes(jobs: ReadonlySet<string>): ReadonlyMap<string, Verdict> {
    const { system, layout } = this.#parts;
    const known = this.#newest;
    if (known !== undefined && [...jobs].every((job) => known.asked.has(job))) return known.outcomes;
    const outcomes = newestOutcomes(system.files, layout, jobs);
    this.#newest = { asked: jobs, outcomes };
    return outcomes;
  }
}
