import type { Needs } from '../job/job.js';
import type { Ending, HostLine } from './progress.js';
import type { ReapEvent } from './reaper.js';

/** The numbers that people watch. */
export interface Counts {
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  readonly waiting: number;
  readonly running: number;
  readonly idle: number;
  readonly workers: number;
}

/** What a dispatcher has to tell. */
export type DispatcherEvent =
  | { readonly kind: 'counts'; readonly counts: Counts }
  | {
      readonly kind: 'rejected';
      readonly name: string;
      readonly reason: string;
      readonly hint: string | undefined;
    }
  | { readonly kind: 'held'; readonly name: string; readonly on: string }
  /** The pool has fewer items than it needs, or there is no such pool. */
  | { readonly kind: 'poor'; readonly name: string; readonly pool: string; readonly count: number }
  /** A gang waits: of its places so many could be filled now, and so many if all workers were idle. */
  | {
      readonly kind: 'gang';
      readonly name: string;
      readonly places: number;
      readonly fit: number;
      readonly most: number;
    }
  /** No crew there is could run it. */
  | { readonly kind: 'unfit'; readonly name: string; readonly needs: Needs }
  | { readonly kind: 'ending'; readonly ending: Ending }
  | { readonly kind: 'host'; readonly line: HostLine }
  | { readonly kind: 'reaped'; readonly reaped: Exclude<ReapEvent, { kind: 'trouble' }> }
  | { readonly kind: 'trouble'; readonly error: unknown };

export type Report = (event: DispatcherEvent) => void;
