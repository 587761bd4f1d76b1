import { expect, test } from 'vitest';
import { untilNextListing } from '../../src/dispatcher/listing-pace.js';

test.each<[string, number, number]>([
  ['a short listing comes again after nine tenths of the interval', 2, 4500],
  ['a long one comes as much later as keeps it to a twentieth of the time', 400, 8000],
  ['one that hung with its file server puts the next off by half a minute, and not by eight', 24_000, 30_000],
])('%s', (_, took, pause) => {
  expect(untilNextListing(5000, took)).toBe(pause);
});

test('an interval that somebody has chosen is kept, however long', () => {
  expect(untilNextListing(60_000, 24_000)).toBe(54_000);
});
