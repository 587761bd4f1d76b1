import { expect, test } from 'vitest';
import { aheadFor } from '../../src/dispatcher/ahead-for.js';
import { localPace, sharedPace } from '../../src/queue/pace.js';

const ahead = { work: 200, longest: 500, unknown: 0 };

test('A crew is given what it will have done when it is looked at again', () => {
  expect(aheadFor(50, ahead)).toBe(4);
  expect(aheadFor(150, ahead)).toBe(2);
  expect(aheadFor(400, ahead)).toBe(1);
});

test('There is a limit, however short jobs are', () => {
  expect(aheadFor(0, ahead)).toBe(16);
});

test('Behind long jobs nothing waits that could run elsewhere, nor while nobody knows how long they are', () => {
  expect(aheadFor(501, ahead)).toBe(0);
  expect(aheadFor(undefined, ahead)).toBe(0);
});

test('Where delivery takes longer than most jobs there is always one at hand', () => {
  expect(aheadFor(undefined, sharedPace.ahead)).toBe(1);
  expect(aheadFor(3_600_000, sharedPace.ahead)).toBe(1);
  expect(aheadFor(3_600_000, localPace.ahead)).toBe(0);
});
