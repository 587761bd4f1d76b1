import { describe, expect, test } from 'vitest';
import { FailedTries } from '../../src/server/failed-tries.js';
import { SignedLinks } from '../../src/server/signed-links.js';
import type { Clock } from '../../src/system/clock.js';

/** A clock that the test moves, in milliseconds. */
class TestClock implements Clock {
  now = 1_800_000_000_000;
  monotonic = (): number => this.now;
  wall = (): number => this.now;
  timestamp = (): string => new Date(this.now).toISOString();
}

describe('a link', () => {
  const clock = new TestClock();
  const links = new SignedLinks(Buffer.from('key'), clock);
  const sign = (): { expires: string; signature: string } => {
    const query = new URLSearchParams(links.sign(12));
    return { expires: query.get('expires')!, signature: query.get('signature')! };
  };

  test('is good for two hours, and then no more', () => {
    const { expires, signature } = sign();
    expect(links.check(12, expires, signature)).toBe('good');
    clock.now += 2 * 3600 * 1000 - 1000;
    expect(links.check(12, expires, signature)).toBe('good');
    clock.now += 1000;
    expect(links.check(12, expires, signature)).toBe('expired');
  });

  test('is good for its artifact, its time and its key only', () => {
    const { expires, signature } = sign();
    expect(links.check(13, expires, signature)).toBe('forged');
    expect(links.check(12, String(Number(expires) + 1), signature)).toBe('forged');
    expect(links.check(12, `${expires} `, signature)).toBe('forged');
    expect(links.check(12, expires, `${signature.slice(0, -2)}AA`)).toBe('forged');
    expect(links.check(12, expires, '')).toBe('forged');
    expect(new SignedLinks(Buffer.from('other'), clock).check(12, expires, signature)).toBe('forged');
  });
});

describe('wrong tokens', () => {
  test('are heard ten times in a minute from one place, and again in the next', () => {
    const clock = new TestClock();
    const tries = new FailedTries(clock);
    for (let i = 0; i < 10; i++) {
      expect(tries.wait('here')).toBe(0);
      tries.note('here');
    }
    expect(tries.wait('here')).toBe(60);
    expect(tries.wait('there')).toBe(0);
    clock.now += 59_001;
    expect(tries.wait('here')).toBe(1);
    clock.now += 1000;
    expect(tries.wait('here')).toBe(0);
    tries.note('here');
    expect(tries.wait('here')).toBe(0);
  });

  test('are forgotten, the oldest first, when they come from very many places', () => {
    const tries = new FailedTries(new TestClock());
    for (let i = 0; i < 10; i++) tries.note('first');
    for (let place = 0; place < 9_999; place++) tries.note(`place ${place}`);
    expect(tries.wait('first')).toBe(60);
    tries.note('one more');
    expect(tries.wait('first')).toBe(0);
  });
});
