/** What the routes of /v1 answer, as far as the page reads it. What is not known is null. */

export type JobState = 'waiting' | 'assigned' | 'running' | 'done' | 'failed';

export interface JobSummary {
  readonly id: string;
  readonly name: string;
  readonly kind: 'job' | 'run';
  readonly state: JobState;
  /** When it came to this state: ISO 8601, like all times here. */
  readonly changed: string;
  readonly started: string | null;
  readonly ended: string | null;
  readonly crew: string | null;
  readonly host: string | null;
  readonly worker: number | null;
  /** Such as "exit code 1". */
  readonly outcome: string | null;
}

/** `was`: its id before, if that is known and was another. */
export interface JobChange extends JobSummary {
  readonly was: string | null;
}

export interface JobPage {
  readonly jobs: readonly JobSummary[];
  readonly next: string | null;
}

export type Counts = Readonly<Record<JobState, number>>;

export interface Minute {
  readonly minute: string;
  readonly done: number;
  readonly failed: number;
}

export interface Crew {
  readonly crew: string;
  readonly host: string;
  readonly workers: number;
  readonly free: number;
  readonly busy: readonly Busy[];
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
}

/** A worker that has something to do. */
export interface Busy {
  readonly worker: number | null;
  readonly id: string;
  readonly name: string;
  readonly since: string | null;
}

export interface Attempt {
  readonly id: string;
  readonly started: string | null;
  readonly ended: string | null;
  readonly crew: string | null;
  readonly worker: number | null;
  readonly outcome: string | null;
}

export interface TaskCounts {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
}

export interface Artifact {
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  readonly url: string;
}

export interface Job extends JobSummary {
  readonly text: string | null;
  readonly attempts: readonly Attempt[];
  readonly tasks: TaskCounts | null;
  readonly artifacts: readonly Artifact[];
}

export interface Task {
  readonly task: number;
  readonly state: 'done' | 'failed' | 'running';
  readonly begin: string | null;
  readonly end: string | null;
  readonly crew: string | null;
  readonly worker: number | null;
  readonly outcome: string | null;
}

/** What a view hears of the stream of events. */
export type ServerEvent =
  | { readonly type: 'job'; readonly job: JobChange }
  /** It is not in the project any more. */
  | { readonly type: 'removed'; readonly id: string; readonly name: string }
  | { readonly type: 'counts'; readonly counts: Counts }
  | { readonly type: 'run'; readonly name: string; readonly tasks: TaskCounts }
  | { readonly type: 'crews' };
