import { perform } from '../../queue/perform.js';
import { list, rename } from '../../queue/steps.js';
import type { Clock } from '../../system/clock.js';
import type { Files } from '../../system/files.js';

export interface RaceSystem {
  readonly files: Files;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Milliseconds: on a local disk all would be over before the other has begun. */
const leastPause = 0.3;

/**
 * Moves each prize to one's own place, while another host does the same; returns those that the filesystem says one has
 * won. Who wins waits for a moment, or else the faster would run ahead and nothing would be contested.
 */
export function race(
  { files, clock, random }: RaceSystem,
  prizes: readonly string[],
  from: string,
  to: string,
): string[] {
  const won: string[] = [];
  for (const prize of prizes) {
    const before = clock.monotonic();
    if (perform(files, rename(`${from}/${prize}`, `${to}/${prize}`)) !== 'ok') continue;
    won.push(prize);
    const after = clock.monotonic();
    const until = after + 2 * random() * Math.max(after - before, leastPause);
    while (clock.monotonic() < until);
  }
  return won;
}

export function prizeNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `prize-${index}`);
}

/** What came of a race: the two winners' words, and what the directories hold. */
export interface RaceResult {
  readonly prizes: number;
  readonly near: number;
  readonly far: number;
  /** How often the next prize went to the other host: where it is small, little was contested. */
  readonly turns: number;
  /** Told to both as won, or in both places. */
  readonly doubled: readonly string[];
  /** In neither place. */
  readonly lost: readonly string[];
  /** In a host's place, although it was told that it had lost: replies that went missing. */
  readonly denied: readonly string[];
}

/** Pure. `…Said`: what the filesystem answered; `…Has`: what a fresh listing shows. */
export function judgeRace(
  prizes: readonly string[],
  near: { readonly said: readonly string[]; readonly has: readonly string[] },
  far: { readonly said: readonly string[]; readonly has: readonly string[] },
): RaceResult {
  const sets = [near.said, near.has, far.said, far.has].map((names) => new Set(names));
  const [nearSaid, nearHas, farSaid, farHas] = sets as [Set<string>, Set<string>, Set<string>, Set<string>];
  const isDoubled = (prize: string): boolean =>
    (nearSaid.has(prize) && farSaid.has(prize)) || (nearHas.has(prize) && farHas.has(prize));
  const winners = prizes.map((prize) => nearHas.has(prize));
  return {
    prizes: prizes.length,
    near: nearHas.size,
    far: farHas.size,
    turns: winners.filter((winner, index) => index > 0 && winner !== winners[index - 1]).length,
    doubled: prizes.filter(isDoubled),
    lost: prizes.filter((prize) => !nearHas.has(prize) && !farHas.has(prize)),
    denied: prizes.filter(
      (prize) => (nearHas.has(prize) && !nearSaid.has(prize)) || (farHas.has(prize) && !farSaid.has(prize)),
    ),
  };
}

export function namesIn(files: Files, directory: string): readonly string[] {
  return perform(files, list(directory)) ?? [];
}
