import { describe, expect, test } from 'vitest';
import { jobDefaults } from '../../src/job/job.js';
import type { Gang, RankType } from '../../src/job/gang.js';
import { parseGangState } from '../../src/queue/fan-out-paths.js';
import { classifyPodFile } from '../../src/queue/layout.js';
import { Random } from '../chaos/random.js';
import { type GangPlayed, type GangScenario, type Misfortune, gangName, playGang } from './gang-stage.js';
import { namesIn } from './gang-tries.js';
import { layout } from './staff.js';
import type { Tree } from './tree.js';

/** How many lives are played: `npm run test:gangs` plays more. */
const lives = Number(process.env['FJR_GANGS'] ?? 60);
const first = Number(process.env['FJR_GANGS_FROM'] ?? 1);

const { needs } = jobDefaults;

function ranks(count: number): RankType {
  return { name: 'Worker', count, completions: 1, parallelism: 1, needs, shm: undefined };
}

/** Replicas of which each runs so many ranks, one after another. */
function longRanks(count: number, completions: number): RankType {
  return { name: 'Worker', count, completions, parallelism: 1, needs, shm: undefined };
}

const calm: GangScenario = {
  seed: 1,
  gang: { failure: 'fail-all', types: [ranks(3)] },
  crews: [1, 1, 1],
  jobs: 0,
  rankTakes: [1000, 3000],
  missed: false,
  fails: false,
  near: false,
  misfortunes: [],
  most: 900_000,
};

/** Something that may be in anybody's way. */
function scenarioOf(seed: number): GangScenario {
  const random = new Random(seed);
  const failure = random.weighted<Gang['failure']>({ 'fail-all': 5, 'retry-rank': 3, ignore: 1 });
  const types = [random.next() < 0.7 ? ranks(2 + Math.floor(random.next() * 3)) : longRanks(2, 3)];
  const places = types.reduce((sum, { count, parallelism }) => sum + count * parallelism, 0);
  const crews: number[] = [];
  while (crews.length < 2 || crews.reduce((sum, one) => sum + one, 0) < places)
    crews.push(1 + Math.floor(random.next() * 2));
  const count = Math.floor(random.next() * 5);
  const misfortunes = Array.from({ length: count }, () => {
    const at = Math.round(random.next() * (random.next() < 0.5 ? 15_000 : 90_000));
    return [at, misfortuneOf(random)] as const;
  }).sort(([a], [b]) => a - b);
  return {
    ...calm,
    seed,
    gang: { failure, types },
    crews,
    jobs: random.pick([0, 0, 5, 20]),
    rankTakes: random.pick([
      [100, 2000],
      [5000, 30_000],
    ] as const),
    missed: failure === 'fail-all' && random.next() < 0.7,
    fails: failure === 'retry-rank' && random.next() < 0.7,
    near: random.next() < 0.5,
    misfortunes,
    most: 1_500_000,
  };
}

function misfortuneOf(random: Random): Misfortune {
  const kind = random.weighted<Misfortune['kind']>({
    'kill-crew': 4,
    'fire-crew': 3,
    'stop-crew': 2,
    'kill-dispatcher': 4,
    'stop-dispatcher': 3,
    'second-dispatcher': 3,
    cancel: 0.3,
  });
  return kind === 'stop-crew' || kind === 'stop-dispatcher'
    ? { kind, for: random.between(1000, 120_000) }
    : { kind };
}

/** What there should have been of it, whatever happened. */
function expectEnd(scenario: GangScenario, played: GangPlayed): void {
  const isCancelled = scenario.misfortunes.some(([, { kind }]) => kind === 'cancel');
  const size = scenario.gang.types.reduce((sum, type) => sum + type.count * type.completions, 0);
  const told = `${JSON.stringify(scenario)}\n  ${played.history.join('\n  ')}\n`;
  const what =
    played.fault ??
    (isCancelled
      ? undefined
      : played.verdict !== 'done'
        ? `it is ${played.verdict ?? 'gone'}`
        : [...Array(size).keys()].some((rank) => played.outcomes.get(rank) !== 'done')
          ? `not all ranks are done: ${JSON.stringify([...played.outcomes])}`
          : undefined);
  expect(what === undefined ? 'fine' : `${what}\n${told}`).toBe('fine');
}

describe('A gang', () => {
  test('begins when all have room, and ends', () => {
    const played = playGang(calm);
    expectEnd(calm, played);
    expect(played.tries).toBe(1);
    expect(played.began).toBeLessThan(10_000);
  });

  test.each(Array.from({ length: lives }, (_, index) => first + index))(
    'begins together and is done once, whoever is killed, fired or stopped meanwhile: life %i',
    { timeout: 60_000 },
    (seed) => {
      const scenario = scenarioOf(seed);
      expectEnd(scenario, playGang(scenario));
    },
  );
});

/** Entries that lie in pods and have not started. */
function assignedIn(tree: Tree): string[] {
  return namesIn(tree, layout.jobpods).flatMap((pod) =>
    namesIn(tree, `${layout.jobpods}/${pod}`).filter((name) => classifyPodFile(name).kind === 'entry'),
  );
}

function hasBegun(tree: Tree): boolean {
  const state = parseGangState(namesIn(tree, layout.queued(gangName)));
  return state?.kind !== 'open';
}

describe('While a gang waits for workers that are busy', () => {
  // Jobs are short enough that crews are given some ahead, and never end all at once.
  const busy: GangScenario = { ...calm, crews: [2, 2], jobs: 2000, jobTakes: [200, 3000], near: true };

  test('others of its priority go before it for 30 s, and then none', () => {
    const scenario: GangScenario = { ...busy, gang: { failure: 'fail-all', types: [ranks(4)] } };
    const played = playGang({ ...scenario, most: 120_000, jobs: 600 });
    expect(played.began).toBeGreaterThan(30_000);
    expect(played.began).toBeLessThan(60_000);
  });

  test('nothing is given ahead: not even to crews that are all busy', () => {
    const seen: string[][] = [];
    const scenario: GangScenario = {
      ...busy,
      gang: { failure: 'fail-all', types: [ranks(4)] },
      priority: 5,
      // It comes when all are busy.
      watch: (tree, elapsed) => {
        if (elapsed > 5000 && !hasBegun(tree)) seen.push(assignedIn(tree));
        return undefined;
      },
      most: 60_000,
    };
    const played = playGang(scenario);
    expect(played.began).toBeLessThan(30_000);
    expect(seen.flat()).toEqual([]);
  });
});
