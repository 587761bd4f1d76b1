import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimeGrid } from '../../src/report/time-grid.js';

const moment = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_000 + 40 * 86_400_000 });
const span = fc.tuple(moment, fc.nat(100_000)).map(([from, ms]) => ({ from, to: from + ms }));

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

describe('cells of time', () => {
  test('hold every moment once, and never become too many', () => {
    fc.assert(
      fc.property(fc.array(moment, { minLength: 1 }), fc.integer({ min: 1, max: 50 }), (moments, most) => {
        const grid = new TimeGrid(most);
        const row = grid.row();
        for (const at of moments) row.add(at);
        expect(grid.cells).toBeLessThanOrEqual(most);
        expect(row.amounts()).toHaveLength(grid.cells);
        expect(sum(row.amounts())).toBe(moments.length);
        expect(grid.count(moments)).toEqual(row.amounts());
        const end = grid.start + grid.cells * grid.width;
        expect(moments.every((at) => at >= grid.start && at < end)).toBe(true);
      }),
    );
  });

  test('share out a span of time without losing a millisecond', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1 }), (spans) => {
        const grid = new TimeGrid(30);
        const row = grid.row();
        for (const { from, to } of spans) row.cover(from, to);
        expect(sum(row.amounts())).toBe(spans.reduce((total, { from, to }) => total + to - from, 0));
        expect(Math.max(...row.amounts())).toBeLessThanOrEqual(grid.width * spans.length);
      }),
    );
  });

  test('are the same whatever comes first', () => {
    fc.assert(
      fc.property(fc.array(moment, { minLength: 1 }), (moments) => {
        const [there, back] = [moments, moments.toReversed()].map((order) => {
          const grid = new TimeGrid(20);
          const row = grid.row();
          for (const at of order) row.add(at);
          return { start: grid.start, width: grid.width, amounts: row.amounts() };
        });
        expect(there).toEqual(back);
      }),
    );
  });
});
