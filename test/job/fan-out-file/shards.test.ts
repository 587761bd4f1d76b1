import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRange } from '../../../src/job/fan-out-file/number-range.js';
import { boundsIn, shardsOf } from '../../../src/job/fan-out-file/shards.js';

describe('shards', () => {
  test('of a range are its pieces', () => {
    const range = parseRange('1..1000')!;
    const bounds = [...shardsOf(range.count, 10)].map((shard) => boundsIn(range, shard).join('-'));
    expect(bounds.slice(0, 2)).toEqual(['1-100', '101-200']);
    expect(bounds.at(-1)).toBe('901-1000');
    expect(bounds).toHaveLength(10);
  });

  test('are contiguous, and as even as can be', () => {
    const numbers = fc.integer({ min: 0, max: 2000 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 50 }), (inputs, shards) => {
        const pieces = [...shardsOf(inputs, shards)];
        expect(pieces).toHaveLength(Math.min(inputs, shards));
        const sizes = pieces.map(([first, last]) => last - first + 1);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(inputs);
        expect(Math.max(...sizes, 0) - Math.min(...sizes, Infinity)).toBeLessThanOrEqual(1);
        pieces.forEach(([first], index) => expect(first).toBe(index === 0 ? 0 : pieces[index - 1]![1] + 1));
      }),
    );
  });
});
