import type { Files } from '../../system/files.js';
import type { Trees } from '../../system/trees.js';
import type { Workplace } from '../../system/workplace.js';
import type { LogStream } from '../../queue/layout.js';
import type { Place } from '../roster.js';
import type { ApiClient } from './api-client.js';
import type { Downloads } from './downloads.js';
import type { JobSpecs } from './job-specs.js';
import type { KeepAlive } from './keep-alive.js';
import type { LocalCrew } from './local-crew.js';
import type { SliceHere } from './slice-here.js';
import type { Output, Uploads } from './uploads.js';

/** What a worker tells those who watch it. */
export type JoinEvent =
  | { readonly kind: 'taken'; readonly id: string }
  | { readonly kind: 'ended'; readonly id: string; readonly verdict: string }
  | { readonly kind: 'refused'; readonly id: string; readonly reason: string }
  /** `id` undefined: it is no job's own. */
  | { readonly kind: 'trouble'; readonly id: string | undefined; readonly error: unknown }
  /** The server cannot be reached. */
  | { readonly kind: 'away'; readonly why: string }
  | { readonly kind: 'back' };

/** What all jobs of a worker have in common. */
export interface JoinedWorld {
  readonly client: ApiClient;
  readonly workplace: Workplace;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly keepAlive: KeepAlive;
  readonly crew: LocalCrew;
  readonly files: Files;
  readonly trees: Trees;
  readonly report: (event: JoinEvent) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds without an answer after which its jobs may be somebody else's; Infinity: nobody says so. */
  readonly lease: number;
}

/** One job, as far as it is known before anything of it is here. */
export interface Execution {
  readonly id: string;
  readonly specs: JobSpecs;
  /** What the machine's own crew calls it. */
  readonly entry: string;
  readonly executable: boolean;
  /** Whether it uses what nobody else may use at the same time: then it ends with its lease. */
  readonly holdsItems: boolean;
  readonly place: Place;
  /** The job file for the machine's own crew; throws JobSpecsError. */
  readonly jobFile: () => Uint8Array | string;
  readonly getImage: (signal: AbortSignal) => Promise<void>;
  /** Removes its directory with more than our own rights, where it may hold what belongs to others. */
  readonly removeByForce: () => Promise<void>;
  /** Undefined: it is no slice of a fan-out job. */
  readonly slice: SliceHere | undefined;
  /** What it leaves beside what `specs.filesUp` says. `logs`: where what it printed is. */
  readonly ownOutputs: (logs: readonly (readonly [LogStream, string])[]) => Promise<readonly Output[]>;
}
