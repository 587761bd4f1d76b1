import { describe, expect, test } from 'vitest';
import { InFlight } from '../../src/dispatcher/in-flight.js';
import { Rebalance } from '../../src/dispatcher/rebalance.js';
import { type Badge, makeCrewId } from '../../src/queue/layout.js';

const [a, b] = [makeCrewId('a', '00000000'), makeCrewId('b', '00000000')];
const idle = (crew: typeof a, count: number): Badge[] =>
  Array.from({ length: count }, (_, n) => ({ crew, worker: n + 1 }));
const held = (...entries: string[]): { crew: typeof a; entry: string }[] =>
  entries.map((entry) => ({ crew: a, entry }));

describe('What a crew has not started', () => {
  test('is taken back when another is idle, and not before delivery could have taken so long', () => {
    const rebalance = new Rebalance();
    expect(rebalance.plan(held('1'), idle(b, 1), 0, 1000)).toEqual([]);
    expect(rebalance.plan(held('1'), idle(b, 1), 999, 1000)).toEqual([]);
    expect(rebalance.plan(held('1'), idle(b, 1), 1000, 1000)).toEqual(held('1'));
  });

  test('stays when only its own crew is idle', () => {
    const rebalance = new Rebalance();
    rebalance.plan(held('1'), idle(a, 2), 0, 1000);
    expect(rebalance.plan(held('1'), idle(a, 2), 5000, 1000)).toEqual([]);
  });

  test('is taken back as far as there are idle workers', () => {
    const rebalance = new Rebalance();
    rebalance.plan(held('1', '2', '3'), idle(b, 2), 0, 1000);
    expect(rebalance.plan(held('1', '2', '3'), idle(b, 2), 1000, 1000)).toEqual(held('1', '2'));
  });

  test('waits anew once it was gone', () => {
    const rebalance = new Rebalance();
    rebalance.plan(held('1'), idle(b, 1), 0, 1000);
    rebalance.plan([], idle(b, 1), 500, 1000);
    expect(rebalance.plan(held('1'), idle(b, 1), 1000, 1000)).toEqual([]);
  });
});

describe('What is in flight', () => {
  test('is counted for each crew until it has ended, and as the pod says when that was asked', () => {
    const inFlight = new InFlight();
    for (const entry of ['1', '2']) inFlight.assigned(a, entry);
    inFlight.assigned(b, '3');
    expect([inFlight.count(a), inFlight.count(b)]).toEqual([2, 1]);
    inFlight.ended('1');
    inFlight.ended('unknown');
    expect([inFlight.count(a), inFlight.count(b)]).toEqual([1, 1]);
    inFlight.correct(a, { assigned: ['4'], running: ['5', '6'] });
    expect(inFlight.count(a)).toBe(3);
    inFlight.ended('2');
    expect(inFlight.count(a)).toBe(3);
    inFlight.forget(a);
    expect([inFlight.count(a), inFlight.count(b)]).toEqual([0, 1]);
  });
});
