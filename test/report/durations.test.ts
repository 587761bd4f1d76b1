import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Durations, durationLimits } from '../../src/report/durations.js';

/** From nothing to months, short ones as likely as long ones. */
const ms = fc.integer({ min: 0, max: 33 }).chain((doublings) => fc.nat(2 ** doublings));

function durationsOf(values: readonly number[]): Durations {
  const durations = new Durations();
  for (const value of values) durations.add(value);
  return durations;
}

describe('durations', () => {
  test('are each in one bin, and bins lie beside one another', () => {
    fc.assert(
      fc.property(fc.array(ms), fc.constantFrom(64, 32, 16, 8, 4, 2, 1), (values, octave) => {
        const bins = durationsOf(values).bins(octave);
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
        bins.forEach((bin, index) => {
          expect(bin.to).toBeGreaterThan(bin.from);
          expect(bin.from).toBeGreaterThanOrEqual(bins[index - 1]?.to ?? 0);
        });
        const exact = values.filter((value) => value < 512);
        for (const value of exact)
          expect(bins.some(({ from, to }) => from <= value && value < to)).toBe(true);
      }),
    );
  });

  test('have quantiles that are right to half a percent', () => {
    fc.assert(
      fc.property(
        fc.array(ms, { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.min(values.length - 1, Math.floor(share * values.length))]!;
          const found = durationsOf(values).quantile(share)!;
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.005);
        },
      ),
    );
    expect(new Durations().quantile(0.5)).toBeUndefined();
  });

  test('are counted exactly below each limit, summed exactly, and joined without loss', () => {
    fc.assert(
      fc.property(fc.array(ms), fc.array(ms), (some, others) => {
        const values = [...some, ...others];
        const all = Durations.of(durationsOf(some), durationsOf(others));
        const within = durationLimits.map((limit) => values.filter((value) => value <= limit * 1000).length);
        expect(all.within()).toEqual(within);
        const sum = values.reduce((total, value) => total + value, 0);
        expect({ count: all.count, sum: all.sum }).toEqual({ count: values.length, sum });
        expect(all.bins(8)).toEqual(durationsOf(values).bins(8));
      }),
    );
  });
});
