import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sliceSize } from '../../src/dispatcher/slice-size.js';

test('A slice holds about a second of work', () => {
  expect(sliceSize(1_000_000, 8, 1)).toBe(1000);
  expect(sliceSize(1_000_000, 8, 250)).toBe(4);
  expect(sliceSize(1_000_000, 8, 60_000)).toBe(1);
});

test('A slice holds as much as it takes to hand one to everybody', () => {
  expect(sliceSize(100_000_000, 64_000, 1000)).toBeGreaterThan(500);
});

test('Near the end slices shrink, so that all workers end at about the same time', () => {
  expect(sliceSize(480, 8, 1)).toBe(20);
  expect(sliceSize(24, 8, 1)).toBe(1);
});

test('Nothing is known at first: a slice is small', () => {
  expect(sliceSize(1_000_000, 8, undefined)).toBe(2);
});

test('A slice is never empty, and never holds more than is left', () => {
  const mean = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e7 }),
      fc.integer({ min: 0, max: 1000 }),
      mean,
      (left, workers, ms) => {
        const size = sliceSize(left, workers, ms);
        expect(size).toBeGreaterThanOrEqual(1);
        expect(size).toBeLessThanOrEqual(left);
        expect(Number.isInteger(size)).toBe(true);
      },
    ),
  );
});
