import type { CrewId, Layout } from '../../../src/queue/layout.js';
import { perform } from '../../../src/queue/perform.js';
import type { Steps } from '../../../src/queue/steps.js';
import { type Token, tokenAlphabet, tokenLength } from '../../../src/queue/token.js';
import type { Files } from '../../../src/system/files.js';

/** The two hosts that contend. */
export type Side = 0 | 1;

/** One host's part in the rounds of a batch: a project of its own, which both hosts see. */
export interface Arena {
  readonly side: Side;
  readonly files: Files;
  readonly layout: Layout;
  /** Drives a verb of the protocol. */
  readonly do: <T>(steps: Steps<T>) => T;
}

/** A file, where it must be found, and what it must hold. */
export interface Expected {
  readonly path: string;
  /** Where it may be instead, if an answer was stale. */
  readonly orElse?: string;
  /** Undefined for a directory. */
  readonly content: string | undefined;
}

/** How a round ended, and where its file must be now. */
export interface Verdict {
  /** `both`: each believes that it has won. Undefined: the answers do not fit together. */
  readonly winner: Side | 'both' | undefined;
  readonly file?: Expected;
  /** An answer that was true a moment ago: its host had not heard of what the other did. */
  readonly stale?: boolean;
}

/** Two verbs, or one twice, that compete for the same file. */
export interface Contest {
  readonly name: string;
  /** Makes what a round needs. Each of the two makes it for half of the rounds. */
  readonly prepare?: (arena: Arena, round: number) => void;
  /** Makes what all rounds of a batch need. */
  readonly prepareBatch?: (arena: Arena, rounds: readonly number[]) => void;
  readonly act: (arena: Arena, round: number) => string;
  /** The directories in which the file of a round may be in the end. */
  readonly places: (layout: Layout, round: number) => readonly string[];
  readonly judge: (layout: Layout, round: number, answers: readonly [string, string]) => Verdict;
}

export function arenaOf(side: Side, files: Files, layout: Layout): Arena {
  return { side, files, layout, do: (steps) => perform(files, steps) };
}

export const crewOf = (side: Side): CrewId => `crew-of-side${side}` as CrewId;

/** A crew for this round only. */
export const crewIn = (round: number): CrewId => `crew-${tokenText(round).slice(-8)}` as CrewId;

/** The token that a side uses in a round. */
export function tokenIn(round: number, side: Side): Token {
  return `${tokenText(round).slice(1)}${tokenAlphabet[side]}` as Token;
}

function tokenText(round: number): string {
  return String(round).padStart(tokenLength, '0');
}

/** Text of a length that tells of holes and cuts. */
export function contentOf(round: number, author = 'nobody', lines = 4): string {
  const line = `round ${round} by ${author}, and what follows is there to take some room\n`;
  return `${line.repeat(lines)}the end of round ${round}\n`;
}

/**
 * The verdict on a verb that both have called, and that one of them must have won. Whatever else the other has heard,
 * the file is where the winner has put it.
 */
export function judgeOne(
  answers: readonly [string, string],
  won: string,
  lost: string,
  file: (winner: Side) => Expected,
): Verdict {
  const [first, second] = answers;
  if (first === won && second === won) return { winner: 'both', file: file(0) };
  if (first === won) return { winner: second === lost ? 0 : undefined, file: file(0) };
  if (second === won) return { winner: first === lost ? 1 : undefined, file: file(1) };
  return disagree;
}

export const disagree: Verdict = { winner: undefined };
