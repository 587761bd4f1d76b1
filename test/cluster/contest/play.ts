import { setTimeout } from 'node:timers/promises';
import { Layout } from '../../../src/queue/layout.js';
import type { Files } from '../../../src/system/files.js';
import { type Arena, type Contest, type Expected, type Side, type Verdict, arenaOf } from './contest.js';
import { type Found, askForOldNames, takeStock } from './inventory.js';
import type { Lockstep } from './lockstep.js';
import { type Tally, newTally, note } from './tally.js';

export interface Play {
  readonly side: Side;
  readonly peer: Lockstep;
  readonly files: Files;
  /** The directory of this run, on the shared filesystem. */
  readonly directory: string;
  readonly rounds: number;
  /** Milliseconds that a word takes to the other. */
  readonly latency: number;
}

const batchSize = 100;
/** Milliseconds. */
const longestWait = 0.3;
const lookEvery = 500;
const patientLooks = 40;

export async function playContest(play: Play, contest: Contest, index: number): Promise<Tally> {
  const tally = newTally(contest.name);
  const start = performance.now();
  for (let first = 0; first < play.rounds; first += batchSize) {
    const rounds = Array.from({ length: Math.min(batchSize, play.rounds - first) }, (_, n) => first + n);
    const layout = new Layout(`${play.directory}/${index}-${first}`);
    await playBatch(play, contest, arenaOf(play.side, play.files, layout), rounds, tally);
  }
  tally.seconds = (performance.now() - start) / 1000;
  return tally;
}

async function playBatch(
  play: Play,
  contest: Contest,
  arena: Arena,
  rounds: readonly number[],
  tally: Tally,
): Promise<void> {
  if (play.side === 0)
    for (const directory of arena.layout.directories) play.files.ensureDirectory(directory);
  await play.peer.exchange('directories');
  contest.prepareBatch?.(arena, rounds);
  await play.peer.exchange('batch');
  for (const round of rounds) if (round % 2 === play.side) contest.prepare?.(arena, round);
  await play.peer.exchange('rounds');

  const expected: Expected[] = [];
  for (const round of rounds) {
    dawdle(play.latency);
    const own = attempt(() => contest.act(arena, round));
    const other = await play.peer.exchange(own);
    const answers: readonly [string, string] = play.side === 0 ? [own, other] : [other, own];
    const verdict = contest.judge(arena.layout, round, answers);
    count(tally, verdict, `round ${round}: the answers are "${answers.join('" and "')}"`);
    if (verdict.file !== undefined) expected.push(verdict.file);
  }
  // Both look while nobody moves anything.
  const places = new Set(rounds.flatMap((round) => contest.places(arena.layout, round)));
  let found = takeStock(arena, expected, places);
  let lost = await missingOnBoth(play, found);
  tally.hidden += found.missing.length;
  // What neither finds may be where it was put all the same.
  for (let look = 1; lost.length > 0 && look < patientLooks; look++) {
    askForOldNames(arena, lost);
    await setTimeout(lookEvery);
    found = takeStock(arena, expected, places);
    lost = await missingOnBoth(play, found);
  }
  tally.stale += found.elsewhere;
  for (const [kind, paths] of Object.entries({ lost, doubled: found.doubled, torn: found.torn })) {
    tally[kind as 'lost' | 'doubled' | 'torn'] += paths.length;
    for (const path of paths) note(tally, `${kind}: ${path}`);
  }
}

async function missingOnBoth({ peer }: Play, { missing }: Found): Promise<string[]> {
  const missingThere = new Set(JSON.parse(await peer.exchange(JSON.stringify(missing))) as string[]);
  return missing.filter((path) => missingThere.has(path));
}

function count(tally: Tally, { winner, stale }: Verdict, words: string): void {
  tally.rounds += 1;
  if (stale === true) tally.stale += 1;
  if (winner === 'both') tally.both += 1;
  else if (winner === undefined) tally.contradictions += 1;
  else tally.wins[winner] += 1;
  if (winner === 'both' || winner === undefined) note(tally, words);
}

/**
 * Whoever was slower in the last round begins the next a little earlier; so each waits for a random while. Not for long:
 * it takes the processor from those who serve the filesystem.
 */
function dawdle(latency: number): void {
  const end = performance.now() + Math.min(2 * latency, longestWait) * Math.random();
  while (performance.now() < end);
}

/** What a verb throws is an answer, too: one that fits no other. */
function attempt(action: () => string): string {
  try {
    return action();
  } catch (error) {
    return `error: ${String(error)}`.replaceAll('\n', ' ');
  }
}
