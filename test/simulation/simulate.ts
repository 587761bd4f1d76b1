import { Overwritten } from '../model/memory-files.js';
import type { Habits } from './acting.js';
import { faultAtRest, faultInJournals, faultOfPlaces } from './at-rest.js';
import { Broken } from './ledger.js';
import { type Schedule, scheduleFrom } from './schedule.js';
import { shrink } from './shrink.js';
import type { Setup } from './setup.js';
import type { Trace } from './trace.js';
import { World } from './world.js';

/** Rounds of calm after which everything must be in its place. */
const mostRounds = 30;
/** The round in which everybody stands still for longer than a lease, as when the file server is away. */
const outage = { round: 2, seconds: 200 };

/** Plays a schedule to its end, and then lets everybody finish in peace. Returns what is wrong. */
export function play({ setup, choices }: Schedule, habits: Habits, trace?: Trace): string | undefined {
  try {
    const world = new World(setup, habits, trace);
    for (const choice of choices) world.happen(choice);
    const early = faultOfPlaces(world);
    if (early !== undefined) return early;
    world.beginCalm();
    return settle(world, setup) ?? faultOfPlaces(world) ?? faultInJournals(world);
  } catch (error) {
    if (error instanceof Broken || error instanceof Overwritten) return error.message;
    throw error;
  }
}

function settle(world: World, setup: Setup): string | undefined {
  let lives = '';
  for (let round = 0; round < mostRounds; round++) {
    world.calmRound();
    if (round < outage.round) continue;
    if (round === outage.round) {
      world.time += outage.seconds;
      lives = livesOf(world);
      continue;
    }
    if (livesOf(world) !== lives) return 'a crew was fenced that lives, though nothing went wrong';
    if (round > outage.round + 1 && faultAtRest(world, setup) === undefined) return undefined;
  }
  return faultAtRest(world, setup);
}

function livesOf(world: World): string {
  return world.crews.map(({ id }) => id).join();
}

export interface Simulated {
  /** Schedules that were played. */
  readonly played: number;
  /** The first fault, with the seed that led to it. */
  readonly fault: Fault | undefined;
}

export interface Fault {
  readonly seed: number;
  readonly what: string;
  readonly schedule: Schedule;
}

/** Plays the schedules of `count` seeds from `first` on, until a fault (that is wanted) is found. */
export function simulate(
  first: number,
  count: number,
  habits: Habits,
  limits?: Partial<Setup>,
  wanted = /^/,
): Simulated {
  for (let seed = first; seed < first + count; seed++) {
    const schedule = scheduleFrom(seed, limits);
    const what = play(schedule, habits);
    if (what !== undefined && wanted.test(what))
      return { played: seed - first + 1, fault: { seed, what, schedule } };
  }
  return { played: count, fault: undefined };
}

/** The shortest history found that leads to a fault, call by call, for people. */
export function explain({ seed, what: found, schedule }: Fault, habits: Habits): string {
  const short = shrink(schedule, (candidate) => kindOf(play(candidate, habits)) === kindOf(found));
  const lines: string[] = [];
  const what = play(short, habits, (line) => lines.push(line));
  return [`seed ${seed}: ${what}`, JSON.stringify(short.setup), ...lines].join('\n  ');
}

/** A fault without the names in it: what it has in common with others of its kind. */
function kindOf(what: string | undefined): string | undefined {
  return what?.replace(/\S*\d\S*/g, '#');
}
