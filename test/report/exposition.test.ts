import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatExposition } from '../../src/report/exposition.js';
import { parseExposition } from './parse-exposition.js';

const label = fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', 'a', '{', '}', ',', '=', 'ä') });

describe('metrics in Prometheus’ text format', () => {
  test('are read again as they were written, whatever labels hold', () => {
    fc.assert(
      fc.property(label, label, fc.double({ noNaN: true }), (help, text, value) => {
        const family = {
          name: 'fjr_tasks',
          type: 'gauge',
          help,
          samples: [{ labels: { state: text }, value }],
        } as const;
        const [read] = parseExposition(formatExposition([family], { run: text }));
        expect(read).toMatchObject({ name: 'fjr_tasks', type: 'gauge', help });
        expect(read?.samples).toEqual([
          { name: 'fjr_tasks', labels: { run: text, state: text }, value: value + 0 },
        ]);
      }),
    );
  });

  test('leave out a family of which nothing is known', () => {
    expect(formatExposition([{ name: 'fjr_x', type: 'gauge', help: 'X.', samples: [] }])).toBe('');
  });
});
