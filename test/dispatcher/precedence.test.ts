import { describe, expect, test } from 'vitest';
import { type Rivals, gangGoesFirst, mayBeCarved } from '../../src/dispatcher/precedence.js';

/** As many jobs of priority 3 wait as there are idle workers. */
const busy: Rivals = { top: 3, waiting: 4, idle: 4, inVain: false };

describe('Tasks of a fan-out job may have idle workers', () => {
  test.for<[string, number, Partial<Rivals>, boolean]>([
    ['if nothing else waits', -5, { top: -Infinity, waiting: 0 }, true],
    ['if nothing else waits, though nobody is idle', 0, { top: -Infinity, waiting: 0, idle: 0 }, true],
    ['if more workers are idle than jobs wait', 0, { waiting: 3 }, true],
    ['if what waits is for others', 0, { inVain: true }, true],
    ['if they go before all that waits', 4, {}, true],
    ['but not before equals', 3, {}, false],
    ['but not before what is more urgent', 2, {}, false],
  ])('%s', ([, priority, rivals, expected]) => {
    expect(mayBeCarved(priority, { ...busy, ...rivals })).toBe(expected);
  });
});

test.for<[string, number, number, boolean]>([
  ['goes before what is less urgent', 4, 0, true],
  ['waits for its equals', 3, 30_000, false],
  ['goes before its equals when it has waited long', 3, 30_001, true],
  ['waits for what is more urgent however long it has waited', 2, 1e9, false],
])('A gang %s', ([, priority, waited, expected]) => {
  expect(gangGoesFirst({ priority, waited }, busy)).toBe(expected);
});
