import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Look, type Settled, settle } from '../../src/dispatcher/settle.js';
import type { Inspected } from '../../src/system/files.js';

const uid = 1000;
/** Wall time of the first look; the steady clock then shows `start`. */
const wall = 1_700_000_000_000;
const start = 5_000;

const good = '[fjr]\nexecutable: true\n';
const unfinished = '[fjr]\nexecutable: true';
const bad = '[fjr]\nexecutable: true\nnice: very\n';
const badReason = { reason: 'line 3: nice is "very"', hint: 'expected a whole number from -20 to 19' };

function file(content: string, rest: Partial<Extract<Inspected, { kind: 'file' }>> = {}): Inspected {
  const head = Buffer.from(content);
  return { kind: 'file', head, size: head.length, executable: false, mtimeMs: wall - 1, uid, ...rest };
}

/** How a name fares at looks after so many milliseconds each, as long as it is to be looked at again. */
function looks(seen: Inspected, times: readonly number[], whole = false): Settled['kind'][] {
  let before: Look | undefined;
  const kinds: Settled['kind'][] = [];
  for (const time of times) {
    const settled = settle(seen, before, whole, { monotonic: start + time, wall: wall + time, uid });
    kinds.push(settled.kind);
    if (settled.kind === 'again') before = settled.look;
  }
  return kinds;
}

function last(seen: Inspected, times: readonly number[], whole = false): Settled {
  let before: Look | undefined;
  let settled: Settled = { kind: 'missing' };
  for (const time of times) {
    settled = settle(seen, before, whole, { monotonic: start + time, wall: wall + time, uid });
    if (settled.kind === 'again') before = settled.look;
  }
  return settled;
}

describe('a file in the queue', () => {
  test.each<[string, Inspected, number[], boolean, Settled['kind'][]]>([
    ['that is gone is missing', { kind: 'missing' }, [0], false, ['missing']],
    [
      'that looks whole is taken at the second look',
      file(good),
      [0, 9, 10],
      false,
      ['again', 'again', 'ready'],
    ],
    ['that came by a rename is taken at once', file(good), [0], true, ['ready']],
    ['that came by a rename needs no last newline', file(unfinished), [0], true, ['ready']],
    [
      'whose last line is unfinished is waited for longer',
      file(unfinished),
      [0, 999, 1000],
      false,
      ['again', 'again', 'ready'],
    ],
    ['that is old is taken at once', file(unfinished, { mtimeMs: wall - 2001 }), [0], false, ['ready']],
    [
      'from the future is taken like any other',
      file(good, { mtimeMs: wall + 1e9 }),
      [0, 10],
      false,
      ['again', 'ready'],
    ],
    [
      'that is not understood may still become better',
      file(bad),
      [0, 10, 1999, 2000],
      false,
      ['again', 'again', 'again', 'rejected'],
    ],
    [
      'that is not understood and old is rejected at once',
      file(bad, { mtimeMs: wall - 2001 }),
      [0],
      false,
      ['rejected'],
    ],
    ['that is not understood and came by a rename is rejected at once', file(bad), [0], true, ['rejected']],
    [
      'that is empty may still be filled',
      file(''),
      [0, 10, 1000, 1999, 2000],
      false,
      ['again', 'again', 'again', 'again', 'rejected'],
    ],
    [
      'of somebody else is rejected in the end',
      file(good, { uid: 0 }),
      [0, 10, 2000],
      false,
      ['again', 'again', 'rejected'],
    ],
    [
      'of somebody else is rejected though it came by a rename',
      file(good, { uid: 0 }),
      [0, 2000],
      true,
      ['again', 'rejected'],
    ],
    [
      'that is a directory may still be replaced',
      { kind: 'other', what: 'a directory' },
      [0, 1999, 2000],
      false,
      ['again', 'again', 'rejected'],
    ],
    [
      'that cannot be read may still become readable',
      { kind: 'unreadable', reason: 'permission denied' },
      [0, 1999, 2000],
      false,
      ['again', 'again', 'rejected'],
    ],
    [
      'of which only the beginning was read does not look whole',
      file(good, { size: 1e9 }),
      [0, 10],
      false,
      ['again', 'again'],
    ],
  ])('%s', (_, seen, times, whole, kinds) => {
    expect(looks(seen, times, whole)).toEqual(kinds);
  });

  test.each<[string, Inspected, string, string]>([
    ['not understood', file(bad), badReason.reason, badReason.hint],
    [
      'somebody else’s',
      file(good, { uid: 0 }),
      'it belongs to user 0',
      'each user has a project of their own',
    ],
    [
      'a directory',
      { kind: 'other', what: 'a directory' },
      'it is a directory, not a file',
      'copy a job file into the queue',
    ],
    [
      'unreadable',
      { kind: 'unreadable', reason: 'permission denied' },
      'it cannot be read: permission denied',
      'let its owner read it (chmod u+r)',
    ],
    [
      'a script of somebody else',
      file('#!/bin/sh\n', { uid: 0, executable: true }),
      'it belongs to user 0',
      'each user has a project of their own',
    ],
  ])('that is %s is rejected with the reason', (_, seen, reason, hint) => {
    expect(last(seen, [0, 2000])).toEqual({ kind: 'rejected', reason, hint });
  });

  test('comes with its job and the time of its last change', () => {
    expect(last(file(good), [0, 10])).toEqual({
      kind: 'ready',
      mtimeMs: wall - 1,
      job: expect.objectContaining({ command: { kind: 'executable', line: 'true' } }),
    });
  });

  test('that changes is looked at anew, however often: half a file is never taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ wait: fc.integer({ min: 0, max: 3000 }), grows: fc.boolean() }), {
          maxLength: 40,
        }),
        (steps) => {
          let before: Look | undefined;
          let time = 0;
          let changed = 0;
          let size = unfinished.length;
          for (const { wait, grows } of steps) {
            time += wait;
            if (grows) {
              changed = time;
              size += 1;
            }
            const seen = file(unfinished.padEnd(size, ' '), { mtimeMs: wall + changed });
            const settled = settle(seen, before, false, { monotonic: start + time, wall: wall + time, uid });
            if (settled.kind !== 'again') {
              expect(time - changed).toBeGreaterThanOrEqual(1000);
              return;
            }
            before = settled.look;
          }
        },
      ),
    );
  });

  test('that holds still is decided upon when its next look comes due', () => {
    const seen = fc.constantFrom<Inspected>(
      file(good),
      file(unfinished),
      file(bad),
      file(''),
      file(good, { uid: 0 }),
      { kind: 'other', what: 'a socket' },
    );
    fc.assert(
      fc.property(seen, fc.boolean(), (inspected, whole) => {
        let before: Look | undefined;
        let time = 0;
        let rounds = 0;
        for (;;) {
          const settled = settle(inspected, before, whole, {
            monotonic: start + time,
            wall: wall + time,
            uid,
          });
          if (settled.kind !== 'again') break;
          expect(settled.inMs).toBeGreaterThan(0);
          time += settled.inMs;
          before = settled.look;
          rounds += 1;
        }
        expect(rounds).toBeLessThan(4);
        expect(time).toBeLessThanOrEqual(2000);
      }),
    );
  });
});
