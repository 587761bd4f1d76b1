import { describe, expect, test } from 'vitest';
import { Life, type Phase } from '../../src/worker/life.js';

type Step = 'drain' | 'leave' | 'strand' | 'fence' | 'end';

let fenced = 0;

function lifeAfter(...steps: readonly Step[]): Life {
  fenced = 0;
  const life = new Life({ monotonic: () => 5000, timestamp: String, wall: () => 0 }, 65_000, () => {
    fenced += 1;
  });
  for (const step of steps) life[step]();
  return life;
}

describe('a crew', () => {
  test.each<[string, readonly Step[], Phase]>([
    ['works at first', [], 'working'],
    ['drains when it is told to', ['drain'], 'draining'],
    ['leaves when it is told to', ['leave'], 'leaving'],
    ['leaves when draining takes too long', ['drain', 'leave'], 'leaving'],
    ['that leaves does not drain any more', ['leave', 'drain'], 'leaving'],
    ['without a starter is stranded, whatever it was about', ['leave', 'strand'], 'stranded'],
    ['that is stranded neither drains nor leaves', ['strand', 'drain', 'leave'], 'stranded'],
    ['that is stranded may be fenced', ['strand', 'fence'], 'fenced'],
    ['that is fenced stays so without a starter', ['fence', 'strand'], 'fenced'],
    ['that is fenced neither drains nor leaves', ['fence', 'drain', 'leave'], 'fenced'],
    ['that is gone is nothing else', ['end', 'drain', 'leave', 'strand', 'fence'], 'gone'],
  ])('%s', (_, steps, phase) => {
    expect(lifeAfter(...steps).phase).toBe(phase);
  });

  test('is told once that it is fenced, and never when it is gone', () => {
    lifeAfter('fence', 'fence', 'end', 'fence');
    expect(fenced).toBe(1);
    lifeAfter('end', 'fence');
    expect(fenced).toBe(0);
  });

  test('says whether a wish is news', () => {
    const life = lifeAfter();
    expect([life.drain(), life.drain(), life.leave(), life.leave()]).toEqual([true, false, true, false]);
  });

  test.each<[readonly Step[], boolean]>([
    [[], false],
    [['leave'], false],
    [['strand'], false],
    [['fence'], true],
    [['end'], true],
  ])('after %j has lost its pod: %j', (steps, isVoid) => {
    expect(lifeAfter(...steps).isVoid).toBe(isVoid);
  });

  test('knows how long it has', () => {
    expect(lifeAfter().secondsLeft).toBe(60);
  });
});
