import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestSlice, sliceSize } from '../../src/dispatcher/slice-size.js';

const aim = { aim: 1000, least: 20 };

test('A slice holds about a second of work', () => {
  expect(sliceSize(1_000_000, 8, 1, aim)).toBe(1000);
  expect(sliceSize(1_000_000, 8, 250, aim)).toBe(4);
  expect(sliceSize(1_000_000, 8, 60_000, aim)).toBe(1);
});

test('A slice holds as much as it takes to hand one to everybody', () => {
  expect(sliceSize(100_000_000, 64_000, 1000, aim)).toBeGreaterThan(500);
});

test('Near the end slices shrink, so that all workers end at about the same time', () => {
  expect(sliceSize(4800, 8, 50, aim)).toBe(20);
  expect(sliceSize(480, 8, 50, aim)).toBe(20);
  expect(sliceSize(24, 8, 50, aim)).toBe(1);
});

test('A slice is not worth handing out for less than that costs', () => {
  expect(sliceSize(24, 8, 1, aim)).toBe(20);
  expect(sliceSize(10, 8, 1, aim)).toBe(10);
});

test('A slice is never so long that its lines cost too much', () => {
  expect(sliceSize(1_000_000, 8, 0.01, aim)).toBe(longestSlice);
});

test('Nothing is known at first: a slice is small', () => {
  expect(sliceSize(1_000_000, 8, undefined, aim)).toBe(2);
});

test('A slice is never empty, and never holds more than is left', () => {
  const mean = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e7 }),
      fc.integer({ min: 0, max: 1000 }),
      mean,
      (left, workers, ms) => {
        const size = sliceSize(left, workers, ms, aim);
        expect(size).toBeGreaterThanOrEqual(1);
        expect(size).toBeLessThanOrEqual(left);
        expect(Number.isInteger(size)).toBe(true);
      },
    ),
  );
});
