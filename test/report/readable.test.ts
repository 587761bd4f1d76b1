import { expect, test } from 'vitest';
import { readableCount, readableDuration, readableRate, readableShare } from '../../src/report/readable.js';

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [1000, '1 s'],
  [1250, '1.25 s'],
  [59_949, '59.9 s'],
  [59_999, '1 min'],
  [250_000, '4 min 10 s'],
  [3_599_900, '1 h'],
  [7_500_000, '2 h 5 min'],
  [86_399_000, '1 d'],
  [273_600_000, '3 d 4 h'],
])('%d ms are %s', (ms, words) => {
  expect(readableDuration(ms)).toBe(words);
});

test('counts have separators, rates a unit in which they can be imagined, shares three digits', () => {
  expect([0, 999, 1000, 1_234_567].map(readableCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0.4, 0.00005, 1e-9].map(readableRate)).toEqual(['400/s', '3/min', '0.0864/d']);
  expect([1, 0.98333, 0.0166, 0.00074, 0].map(readableShare)).toEqual([
    '100%',
    '98.3%',
    '1.7%',
    '0.074%',
    '0%',
  ]);
});
