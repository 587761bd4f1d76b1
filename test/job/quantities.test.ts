import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration, parseMemory, parseWhole } from '../../src/job/quantities.js';

describe('a duration', () => {
  test.each([
    ['90', 90],
    ['90s', 90],
    ['0', 0],
    ['1.5h', 5400],
    ['1h30m', 5400],
    ['2d', 172_800],
    ['1d2h3m4s', 93_784],
    ['0.25', 0.25],
    [' 5M ', 300],
  ])('%j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each([
    '',
    ' ',
    's',
    '-5',
    '5 m',
    '5min',
    '1e3',
    '.5',
    '5.',
    '1h 30m',
    '1:30',
    'five',
    '٥',
    'Infinity',
    '1w',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('is the sum of its parts', () => {
    const part = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(part, part, part, part, (d, h, m, s) => {
        expect(parseDuration(`${d}d${h}h${m}m${s}s`)).toBe(((d * 24 + h) * 60 + m) * 60 + s);
      }),
    );
  });
});

describe('an amount of memory', () => {
  test.each([
    ['1048576', 2 ** 20],
    ['512M', 2 ** 29],
    ['512MB', 2 ** 29],
    ['512 MiB', 2 ** 29],
    ['4G', 2 ** 32],
    ['4gib', 2 ** 32],
    ['1.5 GB', 1.5 * 2 ** 30],
    ['1T', 2 ** 40],
    ['8k', 8192],
    ['8b', 8],
    ['0', 0],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseMemory(text)).toBe(bytes);
  });

  test.each(['', 'G', '-1G', '4 G B', '4X', '4GG', '1e9', '.5G', 'four', '4Gi B'])('%j is none', (text) => {
    expect(parseMemory(text)).toBeUndefined();
  });
});

describe('a whole number', () => {
  test.each([
    ['0', 0],
    ['5', 5],
    ['+5', 5],
    ['-5', -5],
    [' 7 ', 7],
    ['007', 7],
  ])('%j is %d', (text, value) => {
    expect(parseWhole(text, -10, 10)).toBe(value);
  });

  test.each(['', '-', '1.5', '1e1', '0x5', '5 5', '11', '-11', '99999999999999999999', '٥'])(
    '%j is none from -10 to 10',
    (text) => {
      expect(parseWhole(text, -10, 10)).toBeUndefined();
    },
  );
});
