import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Turns } from '../../src/dispatcher/turns.js';
import { FjrError } from '../../src/job/fjr-error.js';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
  });
});

afterEach(() => {
  vi.useRealTimers();
});

class Stage {
  taken = 0;
  readonly troubles: unknown[] = [];
  readonly turns = new Turns(
    () => {
      this.taken += 1;
    },
    (error) => this.troubles.push(error),
  );
}

describe('A turn', () => {
  test('is taken once, however often it is asked for', () => {
    const stage = new Stage();
    stage.turns.soon();
    stage.turns.soon();
    expect(stage.taken).toBe(0);
    vi.advanceTimersByTime(1);
    expect(stage.taken).toBe(1);
    stage.turns.soon();
    vi.advanceTimersByTime(1);
    expect(stage.taken).toBe(2);
  });

  test('comes after as much time as was asked for last', () => {
    const stage = new Stage();
    stage.turns.after(10);
    stage.turns.after(50);
    vi.advanceTimersByTime(49);
    expect(stage.taken).toBe(0);
    vi.advanceTimersByTime(10);
    expect(stage.taken).toBe(1);
  });

  test('is not taken when all has ended, nor is anything else done', () => {
    const stage = new Stage();
    const other = vi.fn();
    stage.turns.soon();
    stage.turns.after(5);
    stage.turns.every(5, other);
    stage.turns.afterNews(other);
    stage.turns.end();
    stage.turns.soon();
    stage.turns.after(5);
    stage.turns.guard(other);
    vi.advanceTimersByTime(100);
    expect([stage.taken, other.mock.calls, vi.getTimerCount()]).toEqual([0, [], 0]);
  });
});

test('What fails is told, and holds up nothing', () => {
  const stage = new Stage();
  const error = new FjrError('full', 'the disk is full');
  stage.turns.every(10, () => {
    throw error;
  });
  vi.advanceTimersByTime(25);
  expect(stage.troubles).toEqual([error, error]);
});

test('A bug is told, and ends the program', () => {
  const stage = new Stage();
  const bug = new TypeError('x is not a function');
  const fail = (): void => {
    throw bug;
  };
  expect(() => stage.turns.guard(fail)).toThrow(bug);
  expect(stage.troubles).toEqual([bug]);
});
