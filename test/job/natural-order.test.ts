import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareNatural, naturalKey } from '../../src/job/natural-order.js';

test.each([
  [['job10', 'job2', 'job1']],
  [['a10b2', 'a2b10', 'a2b2']],
  [['v1.10', 'v1.9', 'v1.9.1']],
  [['job', 'job1', 'job1x']],
  [['9', '10', '99999999999999999999', '100000000000000000000']],
  [['job-1', 'job-2', 'job-10']],
  [['1a', '2', '10']],
])('%j are in the order in which people count', (names) => {
  const expected = [...names].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }) === 0
      ? 0
      : new Intl.Collator('en', { numeric: true }).compare(a, b),
  );
  expect([...names].sort(compareNatural)).toEqual(expected);
});

test('leading zeros do not count, but keep names apart', () => {
  expect(['a3', 'a02', 'a2', 'a002', 'a1'].sort(compareNatural)).toEqual(['a1', 'a002', 'a02', 'a2', 'a3']);
});

describe('for all names', () => {
  const name = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('a', 'b', '0', '1', '9', '.', '-') }),
  );

  test('numbers with the same text around them go by their value', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z._-]*$/),
        fc.stringMatching(/^([a-z._-].*)?$/),
        fc.bigInt({ min: 0n }),
        fc.bigInt({ min: 0n }),
        (before, after, a, b) => {
          const expected = a < b ? -1 : a > b ? 1 : 0;
          expect(compareNatural(`${before}${a}${after}`, `${before}${b}${after}`)).toBe(expected);
        },
      ),
    );
  });

  test('the order is total: different names are never equal', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(compareNatural(a, b)).toBe(-compareNatural(b, a) + 0);
        expect(compareNatural(a, b) === 0).toBe(a === b);
      }),
    );
  });

  test('comparing keys is all there is to it', () => {
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const byKey = [...names].sort((a, b) => (naturalKey(a) < naturalKey(b) ? -1 : 1));
        expect([...names].sort(compareNatural)).toEqual(byKey);
      }),
    );
  });
});
