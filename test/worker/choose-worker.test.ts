import { describe, expect, test } from 'vitest';
import { type Choice, chooseWorker } from '../../src/worker/choose-worker.js';

interface Case {
  readonly free: readonly number[];
  readonly all?: readonly number[];
  readonly keeper?: number;
  readonly avoided?: readonly number[];
}

const best = (worker: number): Choice => ({ worker, isSecondBest: false });
const secondBest = (worker: number): Choice => ({ worker, isSecondBest: true });

describe('an entry', () => {
  test.each<[string, Case, Choice | undefined]>([
    ['has the first worker that is free', { free: [2, 1] }, best(2)],
    ['has none if none is free', { free: [] }, undefined],
    ['has another worker than those on which it failed', { free: [2, 1, 3], avoided: [2] }, best(1)],
    ['might better wait for a busy one than have one again', { free: [2], avoided: [2] }, secondBest(2)],
    ['has one again if it failed on all', { free: [2, 1], avoided: [1, 2, 3] }, best(2)],
    ['has the worker that keeps its items', { free: [2, 1, 3], keeper: 3 }, best(3)],
    ['has none if that one is not free', { free: [2, 1], keeper: 3 }, undefined],
    ['has that one again, since no other can', { free: [2, 3], keeper: 3, avoided: [3] }, best(3)],
  ])('%s', (_, { free, all = [1, 2, 3], keeper, avoided = [] }, choice) => {
    expect(chooseWorker(free, all, keeper, (worker) => avoided.includes(worker))).toEqual(choice);
  });
});
