import { FjrError } from '../../src/job/fjr-error.js';
import type { FileCall, FileReply } from '../../src/queue/steps.js';
import type { Token } from '../../src/queue/token.js';
import type { watchLease } from '../../src/dispatcher/lease-watch.js';
import type { QueueVerbs } from '../model/verbs.js';
import type { Ledger } from './ledger.js';

/**
 * What an actor does, as a generator: it yields each filesystem call, and what it leaves to chance, and is resumed with
 * the reply. `duty`: what to do next, one of a list; it is where one pass of the actor's loop ends.
 */
export type Ask = FileCall | { readonly op: 'duty' } | { readonly op: 'choose'; readonly of: number };
export type Acts<T> = Generator<Ask, T, FileReply>;

/** One actor's program, and what it may turn to. */
export interface Program {
  /** What it may do next, oftener what stands there oftener. */
  readonly duties: readonly string[];
  /** What it does in one pass when nothing is left to chance. */
  readonly pass: readonly string[];
  live(): Acts<void>;
}

/** How actors differ from right ones, beside their verbs. */
export interface Habits {
  readonly verbs: QueueVerbs;
  /** Listings are made fresh before they are read. */
  readonly freshen: boolean;
  /** Dispatchers take care of every fenced pod, not only of their own. */
  readonly restAll: boolean;
  /** A crew announces a claimed worker again that got no work. */
  readonly reannounce: boolean;
  /** Items of a fenced pod go home only when the jobs that used them are known to be dead. */
  readonly waitForDeath: boolean;
  /** A crew takes what lies in `running/` and no worker knows for lost, and gives it back. */
  readonly giveBackStray: boolean;
  /** Who reads a journal believes every line of it. */
  readonly everyLineCounts: boolean;
  /** A dispatcher gives crews more than their workers can run at the moment. */
  readonly workAhead: boolean;
  /** Judges a heartbeat. */
  readonly watchLease: typeof watchLease;
  readonly token: (count: number) => Token;
}

/** What all actors of a world share. */
export interface Surroundings {
  readonly habits: Habits;
  readonly ledger: Ledger;
  /** Seconds. */
  time: number;
  /** Rounds without bad luck, in which everybody does all there is to do. 0: anything may happen. */
  calm: number;
  newToken(): Token;
  /** What tells one submission from all others, whatever its name. */
  newSubmission(): Token;
  /** Whether a crew counts as dead to those who look for it: it is, or somebody errs. */
  countsAsDead(crew: string): boolean;
  /** Whether the processes of a crew's jobs are known to be dead. */
  jobsAreDead(crew: string): boolean;
}

/** One of `of` things, at random. */
export function* choose(of: number): Acts<number> {
  return of < 2 ? 0 : ((yield { op: 'choose', of }) as number);
}

export function* chooseFrom<T>(from: readonly T[]): Acts<T | undefined> {
  return from[yield* choose(from.length)];
}

/** A filesystem that fails for a while ends nobody: what was not done is done in a later pass. Returns whether it was. */
export function* guard(action: () => Acts<void>): Acts<boolean> {
  try {
    yield* action();
    return true;
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    return false;
  }
}
