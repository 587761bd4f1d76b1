import type { JobState } from '../../queue/places.js';

export type { JobState } from '../../queue/places.js';

/** `run`: a fan-out job, which is a directory. Its slices are no jobs: they are counted in their run. */
export type JobKind = 'job' | 'run';

export const jobStates = ['waiting', 'assigned', 'running', 'done', 'failed'] as const;
export const jobKinds = ['job', 'run'] as const;

/** One submission of a job, and how it stands. Times are ISO 8601. */
export interface JobSummary {
  /** What its file is called where it is now: `J` until its first assignment, `J@t…` from then on. No two have the same. */
  readonly id: string;
  /** What people call it: `J`. */
  readonly name: string;
  readonly kind: JobKind;
  readonly state: JobState;
  /** When it came to this state, as far as is known. */
  readonly changed: string;
  readonly started: string | undefined;
  readonly ended: string | undefined;
  /** Who has it or had it last. */
  readonly crew: string | undefined;
  readonly host: string | undefined;
  readonly worker: number | undefined;
  /** How it ended, in the words of `fjr show`: `exit code 1`. Undefined: it has not, or its journal is gone. */
  readonly outcome: string | undefined;
}

export interface JobQuery {
  /** Undefined or empty: all. */
  readonly states?: readonly JobState[];
  readonly kinds?: readonly JobKind[];
  /** A part of its name, in whatever case. */
  readonly text?: string;
  /** `next` of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Undefined: there are no more. A search may give a page that is short, or empty, and has a next one all the same. */
  readonly next: string | undefined;
}

export interface JobChange {
  /** What its file was called before, if that is known and another name. */
  readonly was: string | undefined;
  /** How it stands now. Undefined: it is not in the project any more. */
  readonly job: JobSummary | undefined;
  /** Its id; of one that is gone the last. */
  readonly id: string;
  readonly name: string;
}

/** What ended in one minute; tasks of fan-out jobs count, those jobs themselves do not. */
export interface MinuteCount {
  /** Its beginning, ISO 8601. */
  readonly minute: string;
  readonly done: number;
  readonly failed: number;
}

/**
 * All jobs of a project, in memory: a cache, built from the directories and the journals when the server starts, and kept
 * up by listening and looking. It may be a moment behind: what must be known for sure is asked of the disk.
 */
export interface JobIndex {
  /** The newest change first. Throws FjrError: `after` is no cursor. */
  page(query: JobQuery): JobPage;
  /** The job of this id; a name means the one that waits or runs, or else the newest outcome. */
  find(nameOrId: string): JobSummary | undefined;
  counts(): Readonly<Record<JobState, number>>;
  /** The last 60 minutes, oldest first. */
  throughput(): readonly MinuteCount[];
  /** Tells of each change, once the index has been built. Returns how to stop. */
  onChange(listener: (change: JobChange) => void): () => void;
  /** Brings it up to date with the disk; when the server has just started, waits until it is built. */
  refresh(): Promise<void>;
}
