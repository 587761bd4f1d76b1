import type { Layout } from '../../../src/queue/layout.js';
import {
  type HeldItem,
  addItem,
  heldItemName,
  listPool,
  releaseItem,
  takeItem,
} from '../../../src/queue/pool.js';
import { create, list, mkdir } from '../../../src/queue/steps.js';
import {
  type Arena,
  type Contest,
  type Expected,
  type Side,
  contentOf,
  crewOf,
  disagree,
  judgeOne,
  tokenIn,
} from './contest.js';
import { raise } from './furniture.js';

const pool = 'PROXY';

/** What happens to the items of a pool. */
export const poolContests: readonly Contest[] = [
  {
    name: 'take: of two dispatchers one gets the item',
    prepareBatch: makePool,
    prepare: (arena, round) => {
      arena.do(create(arena.layout.poolItem(pool, itemName(round)), contentOf(round)));
    },
    act: ({ do: make, layout, side }, round) => make(takeItem(layout, crewOf(side), held(round, side))),
    places: (layout) => [layout.pool(pool), layout.pod(crewOf(0)).items, layout.pod(crewOf(1)).items],
    judge: (layout, round, answers) =>
      judgeOne(answers, 'taken', 'gone', (winner) => heldFile(layout, round, winner)),
  },
  {
    name: 'release: an item that goes home can be taken, and is in one place',
    prepareBatch: makePool,
    prepare: (arena, round) => {
      arena.do(create(arena.layout.poolItem(pool, itemName(round)), contentOf(round)));
      const taken = arena.do(takeItem(arena.layout, crewOf(0), held(round, 0)));
      if (taken !== 'taken') throw new Error(`could not take an item that was free: ${taken}`);
    },
    act: (arena, round) =>
      arena.side === 0
        ? arena.do(releaseItem(arena.layout, arena.layout.pod(crewOf(0)), heldItemName(held(round, 0))))
        : lookAndTake(arena, round),
    places: (layout) => [layout.pool(pool), layout.pod(crewOf(0)).items, layout.pod(crewOf(1)).items],
    judge: (layout, round, answers) => {
      switch (answers.join()) {
        case 'released,gone':
          return {
            winner: 0,
            file: { path: layout.poolItem(pool, itemName(round)), content: contentOf(round) },
          };
        // The lock was seen a moment ago, and has gone since: the taker has put the item back.
        case 'released,locked':
          return {
            winner: 0,
            file: { path: layout.poolItem(pool, itemName(round)), content: contentOf(round) },
            stale: true,
          };
        case 'released,taken':
          return { winner: 1, file: heldFile(layout, round, 1) };
        default:
          return disagree;
      }
    },
  },
  {
    // Who sends it home has seen it there, and its host may believe that it still is.
    name: 'home: what one host has taken another sends home',
    prepareBatch: makePool,
    prepare: (arena, round) => {
      arena.do(create(arena.layout.poolItem(pool, itemName(round)), contentOf(round)));
    },
    act: (arena, round) =>
      arena.side === 0
        ? arena.do(takeItem(arena.layout, crewOf(0), held(round, 0)))
        : lookAndSendHome(arena, round),
    places: (layout) => [layout.pool(pool), layout.pod(crewOf(0)).items],
    judge: (layout, round, answers) => {
      switch (answers.join()) {
        case 'taken,nothing to send':
          return { winner: 0 };
        case 'taken,released':
          return {
            winner: 1,
            file: { path: layout.poolItem(pool, itemName(round - 1)), content: contentOf(round - 1) },
          };
        default:
          return disagree;
      }
    },
  },
  {
    name: 'add: of two people one has added the item',
    prepareBatch: makePool,
    act: ({ do: make, layout, side }, round) =>
      make(addItem(layout, pool, itemName(round), contentOf(round, `side ${side}`))),
    places: (layout) => [layout.pool(pool)],
    judge: (layout, round, answers) =>
      judgeOne(answers, 'added', 'known', (winner) => ({
        path: layout.poolItem(pool, itemName(round)),
        content: `${contentOf(round, `side ${winner}`)}\n`,
      })),
  },
  {
    name: 'lock: of two strangers one has made the lock directory',
    prepareBatch: makePool,
    act: ({ do: make, layout }, round) => make(mkdir(layout.poolLock(pool, itemName(round)))),
    places: (layout) => [layout.pool(pool)],
    judge: (layout, round, answers) =>
      judgeOne(answers, 'ok', 'exists', () => ({
        path: layout.poolLock(pool, itemName(round)),
        content: undefined,
      })),
  },
];

function itemName(round: number): string {
  return `item${round}`;
}

function held(round: number, side: Side): HeldItem {
  return { pool, item: itemName(round), token: tokenIn(round, side) };
}

function heldFile(layout: Layout, round: number, side: Side): Expected {
  return {
    path: layout.pod(crewOf(side)).item(heldItemName(held(round, side))),
    content: contentOf(round),
  };
}

/** As a dispatcher does it, and about as long as a release. */
function lookAndTake({ do: make, layout }: Arena, round: number): string {
  make(listPool(layout, pool));
  return make(takeItem(layout, crewOf(1), held(round, 1)));
}

/** As whoever buries a pod does it, with what was taken in the round before. */
function lookAndSendHome({ do: make, layout }: Arena, round: number): string {
  const pod = layout.pod(crewOf(0));
  make(listPool(layout, pool));
  if (isFirst(round)) return 'nothing to send';
  const name = heldItemName(held(round - 1, 0));
  if (make(list(pod.items))?.includes(name) !== true) return 'not to be seen';
  return make(releaseItem(layout, pod, name));
}

/** Of a batch. */
function isFirst(round: number): boolean {
  return round % 100 === 0;
}

function makePool(arena: Arena): void {
  if (arena.side === 1) return;
  arena.do(mkdir(arena.layout.pool(pool)));
  for (const side of [0, 1] as const) raise(arena, crewOf(side));
}
