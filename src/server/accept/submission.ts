import type { LiveIndex } from '../feed/live-index.js';
import type { Served } from '../served.js';
import type { ServerPaths } from '../server-paths.js';
import type { NumberDesk } from './number-desk.js';

/** What somebody wants to have done. */
export type Submission =
  | {
      /** A job file, `fjr.yaml` or a manifest, as it would lie in the queue. */
      readonly kind: 'file';
      readonly name: string;
      readonly content: Uint8Array;
      readonly executable: boolean;
    }
  | {
      /** A spec, `jobspecs/NAME.toml`, and the parameters for it. */
      readonly kind: 'spec';
      readonly name: string;
      readonly parameters: ReadonlyMap<string, string>;
    };

/** By what a client says that two requests are one: see key-record.ts. */
export interface SubmissionKey {
  /** The name of the token that the request came with. */
  readonly owner: string;
  /** The header `Idempotency-Key`. */
  readonly key: string;
}

export type Accepted =
  | {
      readonly kind: 'accepted';
      /** What people call the job: its name in the queue. */
      readonly job: string;
      /** Of jobs of specs. */
      readonly number?: number;
      /** The key was known: nothing new was started. */
      readonly again: boolean;
    }
  | Refusal;

/** Why a request starts nothing. */
export interface Refusal {
  readonly kind: 'refused';
  readonly error:
    | 'invalid_job'
    | 'invalid_job_name'
    | 'unknown_job_name'
    | 'invalid_jobspec'
    | 'invalid_params'
    | 'params_too_large'
    | 'job_exists'
    | 'key_reused';
  /** All that is wrong, a line for each. */
  readonly message: string;
}

export function refusal(error: Refusal['error'], message: string): Refusal {
  return { kind: 'refused', error, message };
}

/** A job's file, ready for the queue. */
export interface Prepared {
  readonly name: string;
  readonly content: Uint8Array | string;
  readonly mode: 0o600 | 0o700;
  /** Of jobs of specs. */
  readonly number?: number;
}

/** What all of this works with. */
export interface AcceptDesk {
  readonly served: Served;
  readonly paths: ServerPaths;
  readonly index: LiveIndex;
  readonly numbers: NumberDesk;
}
