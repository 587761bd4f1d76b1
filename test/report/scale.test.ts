import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationTicks, linearScale, linearTicks, logScale, timeTicks } from '../../src/report/scale.js';

const positive = fc.double({ min: 0.5, max: 1e11, noNaN: true });
const places = [50, 900] as const;

function ascends(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > values[index - 1]!);
}

describe('scales', () => {
  test.each([
    ['linear', linearScale],
    ['logarithmic', logScale],
  ])('a %s one keeps the order, and never leaves the plot', (_, scaleOf) => {
    fc.assert(
      fc.property(positive, positive, fc.array(positive), (low, high, values) => {
        fc.pre(low < high);
        const scale = scaleOf([low, high], places);
        const drawn = values.toSorted((a, b) => a - b).map(scale);
        expect(drawn.every((place, index) => index === 0 || place >= drawn[index - 1]!)).toBe(true);
        expect(drawn.every((place) => place > 49.99 && place < 900.01)).toBe(true);
      }),
    );
  });

  test('have ticks in order, within the span, and not too many', () => {
    fc.assert(
      fc.property(positive, fc.double({ min: 1.2, max: 1e9, noNaN: true }), (low, factor) => {
        const high = low * factor;
        const linear = linearTicks(high, 5);
        const durations = durationTicks([low, high], 14);
        const { ticks } = timeTicks(high, 12);
        for (const values of [linear, durations, ticks.map((tick) => tick.ms)]) {
          expect(ascends(values)).toBe(true);
          expect(values.every((value) => value <= high * 1.000001)).toBe(true);
          expect(values.length).toBeLessThanOrEqual(15);
        }
        expect(durations.every((value) => value >= low * 0.999999)).toBe(true);
        expect(linear.length).toBeGreaterThan(1);
      }),
    );
  });

  test.each([
    [linearTicks(300, 5), [0, 100, 200, 300]],
    [linearTicks(1, 5, 1), [0, 1]],
    [linearTicks(0, 5), [0]],
    [durationTicks([4, 2100], 14), [5, 10, 20, 50, 100, 200, 500, 1000, 2000]],
    [durationTicks([270, 425], 14), [300, 350, 400]],
    [
      timeTicks(125_000, 12).ticks.map(({ text }) => text),
      ['0', '15', '30', '45', '60', '75', '90', '105', '120'],
    ],
    [timeTicks(3 * 3_600_000, 12).ticks.at(-1), { ms: 10_800_000, text: '180' }],
  ])('have round numbers: %j', (ticks, expected) => {
    expect(ticks).toEqual(expected);
  });
});
