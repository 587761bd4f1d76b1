import { describe, expect, test } from 'vitest';
import { parseGoDuration } from '../../../src/job/spec/go-duration.js';

describe('a duration as Go writes them', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['1s', 1],
    ['+5s', 5],
    ['-1.5s', -1.5],
    ['.5s', 0.5],
    ['1.s', 1],
    ['1h30m', 5400],
    ['300ms', 0.3],
    ['1m0.5s', 60.5],
    ['250us', 250e-6],
    ['250µs', 250e-6],
    ['250μs', 250e-6],
    ['7ns', 7e-9],
    ['1s1s', 2],
  ])('%j has %d seconds', (text, seconds) => {
    expect(parseGoDuration(text)).toBeCloseTo(seconds, 12);
  });

  test.each([
    '',
    ' ',
    '1',
    '90',
    '1m30',
    '1d',
    '1 s',
    '.s',
    's',
    '1S',
    '-',
    '+',
    '--1s',
    '1,5s',
    '1e3s',
    '٣s',
  ])('%j is none', (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });
});
