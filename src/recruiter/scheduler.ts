/**
 * What fjr needs of a batch system, to hire its crews as jobs there. Slurm's is in slurm.ts; one for another system is
 * a file like it, and an engine like slurm-engine.ts that reads its keys.
 */

/** A crew's job in a batch system, from its submission on. */
export interface Pilot {
  /** The batch system's name for the job. */
  readonly id: string;
  /** `failed`: it ended badly a short while ago. Pilots that ended well are not listed. */
  readonly phase: 'waiting' | 'running' | 'ending' | 'failed';
  /** In the batch system's own words. */
  readonly state: string;
  readonly reason: string;
}

/** One site's pilots in a batch system. All methods throw FjrError if the system does not answer or refuses. */
export interface Scheduler {
  /** Pilots are found by what the batch system knows of them: nothing has to be remembered between two calls. */
  list(): Promise<readonly Pilot[]>;
  /** Submits one pilot, and returns its id. */
  submit(crew: PilotCrew): Promise<string>;
  /** `waiting`: those that have started meanwhile are left alone. */
  cancel(ids: readonly string[], which: 'waiting' | 'all'): Promise<void>;
  /** Sends a signal to the crews, and not to their jobs: they go (TERM), or go when their jobs have ended (USR2). */
  signal(ids: readonly string[], signal: 'TERM' | 'USR2'): Promise<void>;
}

/** What a pilot is to run. */
export interface PilotCrew {
  /** The command line of fjr-worker, but for what is only known where and when it starts. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The directory jobs start in. */
  readonly directory: string;
  /** Undefined: one for each CPU that the batch system gives. */
  readonly workers: number | undefined;
  /** GPUs to ask for. */
  readonly gpus: number;
}
