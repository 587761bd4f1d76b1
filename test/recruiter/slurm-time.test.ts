import { expect, test } from 'vitest';
import { parseTimeLimit } from '../../src/recruiter/slurm-time.js';

test.for([
  ['30', 30],
  ['30:00', 30],
  ['30:01', 31],
  ['720:00', 720],
  ['12:00:00', 720],
  ['1-12', 2160],
  ['1-12:30', 2190],
  ['1-12:00:00', 2160],
  ['0-0:0:1', 1],
  ['90m', 90],
  ['12h', 720],
  ['1h30m', 90],
  ['2d', 2880],
  ['45s', 1],
  ['unlimited', 'UNLIMITED'],
  ['INFINITE', 'UNLIMITED'],
  ['', undefined],
  ['0', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['1:2:3:4', undefined],
  ['1-', undefined],
  ['soon', undefined],
] as const)('A time limit of "%s" is %s minutes', ([text, minutes]) => {
  expect(parseTimeLimit(text)).toBe(minutes);
});
