import { describe, expect, test } from 'vitest';
import { type Explored, exploreModel } from './explore.js';
import { type GangBudget, type GangHabits, type GangSetup, gangModel, rightHabits } from './gang-world.js';

/**
 * A gang's life through every interleaving of filesystem calls within a budget of bad luck. What must hold at every
 * instant: a rank runs only in a try that went, which went only when all of its slices had started; ranks of two tries
 * never run at the same time, nor one rank twice; no rank is done twice. And from everywhere, once luck is no longer bad:
 * all ranks get done, and no slice is left anywhere.
 */
const noBadLuck: GangBudget = { kills: 0, falseFences: 0, lostReplies: 0, voids: 0 };

function setup(dispatchers: number, crews: number, luck: Partial<GangBudget> = {}): GangSetup {
  return { dispatchers, crews, ranks: 2, budget: { ...noBadLuck, ...luck } };
}

/** A fault shows with the history that leads to it. */
function expectNoFault({ fault }: Explored): void {
  expect(fault === undefined ? 'no fault' : `${fault.what}\n  ${fault.history.join('\n  ')}`).toBe(
    'no fault',
  );
}

describe('A gang keeps its promises in every interleaving of', () => {
  test.each([
    ['one dispatcher and two crews', setup(1, 2)],
    ['one dispatcher and two crews, with a lost reply', setup(1, 2, { lostReplies: 1 })],
  ])('%s', { timeout: 240_000 }, (_, world) => {
    const explored = exploreModel(gangModel(world), 1_000_000);
    expectNoFault(explored);
    expect(explored.complete).toBe(true);
  });

  test.each([
    ['one dispatcher and two crews, with a try that is given up', setup(1, 2, { voids: 1 })],
    ['one dispatcher and two crews, with a kill', setup(1, 2, { kills: 1 })],
    ['one dispatcher and two crews, one falsely fenced', setup(1, 2, { falseFences: 1 })],
    ['two dispatchers and two crews', setup(2, 2)],
    ['two dispatchers and two crews, with a kill', setup(2, 2, { kills: 1 })],
    [
      'two dispatchers and three crews, with a kill, a false fence, a lost reply and a try that is given up',
      setup(2, 3, { kills: 1, falseFences: 1, lostReplies: 1, voids: 1 }),
    ],
  ])('%s, as far as 3,000 worlds go', { timeout: 240_000 }, (_, world) => {
    expectNoFault(exploreModel(gangModel(world), 3_000));
  });
});

const mutants: readonly [rule: string, world: GangSetup, habits: Partial<GangHabits>, fault: RegExp][] = [
  [
    'a try goes only when each of its slices has started',
    setup(1, 2),
    { mayGo: (started, assigned, all) => started + assigned === all },
    /goes while .* is assigned/,
  ],
  [
    'a rank begins on sight of its own try alone, whatever goes beside it',
    setup(1, 3, { voids: 1 }),
    {
      waitsForAll: false,
      mayBegin: (state) => state?.kind === 'go',
      givesBack: (state) => state?.kind === 'void',
    },
    /never went|begins beside|ranks are done/,
  ],
  [
    'a crew gives back what is void',
    setup(1, 2, { voids: 1 }),
    { givesBack: () => false },
    /ranks are done|is left/,
  ],
];

describe('The model finds the fault when the rule is taken out that', () => {
  test.each(mutants)('%s', { timeout: 13_000 }, (_, world, habits, fault) => {
    const model = gangModel(world, { ...rightHabits, ...habits });
    const explored = exploreModel(model, 20_000);
    expect(explored.fault?.what).toMatch(fault);
  });
});
