import { describe, expect, test } from 'vitest';
import { type Explored, explore } from './explore.js';
import { type QueueVerbs, modelVerbs, queueVerbs } from './verbs.js';
import type { Budget, Habits, Setup } from './world.js';
import * as wrong from './wrong-verbs.js';

/**
 * The protocol's own verbs, followed through every interleaving of their filesystem calls within a budget of bad luck.
 * What must hold at every instant: each submission is in exactly one place, nothing is overwritten, no outcome is
 * accepted twice, no token is started twice. And from everywhere, once luck is no longer bad: everything gets done, no
 * pod or badge is left behind, and each outcome has exactly one line that counts.
 */
const right: Habits = {
  verbs: modelVerbs(),
  restAll: true,
  reannounce: true,
  token: (count) => String(count).padStart(10, '0'),
};

/** Right in all but some verbs. */
function withVerbs(verbs: Partial<QueueVerbs>): Habits {
  return { ...right, verbs: modelVerbs({ ...queueVerbs, ...verbs }) };
}

const noBadLuck: Budget = {
  kills: 0,
  falseFences: 0,
  lostReplies: 0,
  lateCalls: 0,
  submissions: 0,
  failures: 0,
};

function setup(dispatchers: number, crews: number, luck: Partial<Budget>): Setup {
  return { dispatchers, crews, budget: { ...noBadLuck, ...luck } };
}

/** A fault shows with the history that leads to it. */
function expectNoFault({ fault }: Explored): void {
  expect(fault === undefined ? 'no fault' : `${fault.what}\n  ${fault.history.join('\n  ')}`).toBe(
    'no fault',
  );
}

describe('the protocol keeps its promises in every interleaving of', () => {
  test.each([
    ['one dispatcher and one crew, with a kill', setup(1, 1, { kills: 1 })],
    ['one dispatcher and one crew, with two lost replies', setup(1, 1, { lostReplies: 2 })],
    ['one dispatcher and one crew that is falsely fenced', setup(1, 1, { falseFences: 1 })],
    [
      'one dispatcher and one crew, with a false fence and a late call',
      setup(1, 1, { falseFences: 1, lateCalls: 1 }),
    ],
    ['one name submitted twice, with a kill', setup(1, 1, { submissions: 1, kills: 1 })],
    ['a job that fails once, with a kill', setup(1, 1, { failures: 1, kills: 1 })],
    ['two dispatchers and two crews', setup(2, 2, {})],
    ['two dispatchers and one crew, and one name submitted twice', setup(2, 1, { submissions: 1 })],
  ])('%s', { timeout: 240_000 }, (_, world) => {
    const explored = explore(world, right, 2_000_000);
    expectNoFault(explored);
    expect(explored.complete).toBe(true);
  });

  test.each([
    ['one dispatcher and one crew, with two kills', setup(1, 1, { kills: 2 })],
    ['two dispatchers and two crews, with a kill', setup(2, 2, { kills: 1 })],
    ['two dispatchers and two crews, one falsely fenced', setup(2, 2, { falseFences: 1 })],
    [
      'two dispatchers and a crew, with a false fence, a late call and a lost reply',
      setup(2, 1, { falseFences: 1, lateCalls: 1, lostReplies: 1 }),
    ],
  ])('%s, as far as 30,000 worlds go', { timeout: 240_000 }, (_, world) => {
    expectNoFault(explore(world, right, 30_000));
  });
});

/** Each rule that the protocol cannot do without, and the world in which its absence shows. */
const mutants: readonly [
  rule: string,
  world: Setup,
  habits: Habits,
  fault: RegExp,
  after?: readonly string[],
][] = [
  [
    'tokens are made new at each assignment',
    setup(1, 1, { submissions: 1 }),
    { ...right, token: () => '0000000000' },
    /rename .* onto .*, which is there|was started 2 times/,
  ],
  [
    'a heartbeat is never created anew',
    setup(1, 1, { falseFences: 1 }),
    withVerbs({ beat: wrong.beatThatCreates }),
    /is left behind|submissions are done/,
  ],
  [
    'a crew that cannot announce looks whether its pod answers',
    setup(1, 1, { falseFences: 1 }),
    withVerbs({ announce: wrong.announceBlindly, sweep: wrong.sweepBlindly, beat: wrong.beatBlindly }),
    /is left behind|submissions are done/,
  ],
  [
    'a badge whose pod is gone is removed',
    setup(1, 1, { kills: 1 }),
    withVerbs({ claim: wrong.claimBlindly }),
    /the badge .* is left behind/,
  ],
  [
    'a start that finds nothing looks for its own token',
    setup(1, 1, { lostReplies: 1 }),
    withVerbs({ start: wrong.startBlindly }),
    /submissions are done/,
  ],
  [
    "the journal's line comes before the rename",
    setup(1, 1, { kills: 1 }),
    withVerbs({ finish: wrong.finishThenWrite }),
    /with 0 lines in the journals/,
  ],
  [
    'a finish that finds nothing looks for its own token',
    setup(1, 1, { lostReplies: 1 }),
    withVerbs({ finish: wrong.finishBlindly }),
    /lines in the journals|submissions are done/,
  ],
  [
    'every dispatcher returns what every fenced pod holds',
    setup(1, 1, { kills: 2 }),
    { ...right, restAll: false },
    /is left behind|submissions are done/,
  ],
  [
    'a pod is never buried recursively',
    setup(2, 1, { falseFences: 1, lateCalls: 1 }),
    withVerbs({ rest: wrong.buryRecursively }),
    /is in 0 places/,
    // A dispatcher has claimed the worker, and resolved where the job is to go: it will move there after the fence.
    [
      'dispatcher0 look',
      'dispatcher0 claim c2-00000000',
      'dispatcher0 goes on',
      'dispatcher0 assign J 0000000000 c2-00000000',
      'dispatcher0 resolves rename',
    ],
  ],
  [
    'a claimed worker without work is announced again',
    setup(1, 1, { kills: 1 }),
    { ...right, reannounce: false },
    /submissions are done/,
  ],
];

describe('the model finds the fault when the rule is taken out that', () => {
  test.each(mutants)('%s', { timeout: 120_000 }, (_, world, habits, fault, after = []) => {
    const explored = explore(world, habits, 200_000, { breadthFirst: true, after });
    expect(explored.fault?.what).toMatch(fault);
  });

  test('a line counts only if its name stands there: without it some jobs have two outcomes', () => {
    const everyLineCounts = explore(
      setup(1, 1, { kills: 1 }),
      withVerbs({ finish: wrong.twoLines }),
      100_000,
    );
    expect(everyLineCounts.fault?.what).toMatch(/with 2 lines in the journals/);
  });
});
