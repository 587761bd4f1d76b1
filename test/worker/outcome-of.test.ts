import { describe, expect, test } from 'vitest';
import { type Outcome, describeOutcome, isSuccess } from '../../src/job/outcome.js';
import { countedReason } from '../../src/queue/target-of.js';
import { type Circumstances, outcomeOf } from '../../src/worker/outcome-of.js';
import type { Ended, Why } from '../../src/worker/starter.js';

const plain: Circumstances = {
  crew: 'c-00000000',
  timeout: 60,
  cancelled: false,
  givenBack: false,
  signalName: (number) => `SIG${number}`,
};
const cancelled = { ...plain, cancelled: true };
const leaving = { ...plain, givenBack: true };

function exit(code: number, why: Why = 'own'): Ended {
  return { kind: 'exit', code, why };
}
function signal(number: number, why: Why = 'own'): Ended {
  return { kind: 'signal', number, why };
}

describe('an execution that', () => {
  test.each<[string, Ended, Circumstances, Outcome | 'given-back']>([
    ['ends well', exit(0), plain, { kind: 'exit', code: 0 }],
    ['fails', exit(3), plain, { kind: 'exit', code: 3 }],
    ['dies of a signal', signal(11), plain, { kind: 'signal', signal: 'SIG11' }],
    ['runs out of time', signal(15, 'timeout'), plain, { kind: 'timeout', seconds: 60 }],
    [
      'runs out of time and says that all is well',
      exit(0, 'timeout'),
      plain,
      { kind: 'timeout', seconds: 60 },
    ],
    ['is cancelled', signal(15, 'stopped'), cancelled, { kind: 'cancelled' }],
    ['is cancelled and says that all is well', exit(0, 'stopped'), cancelled, { kind: 'cancelled' }],
    ['ends before its cancellation reaches it', exit(0), cancelled, { kind: 'exit', code: 0 }],
    ['fails before its cancellation reaches it', exit(2), cancelled, { kind: 'exit', code: 2 }],
    ['runs while its crew leaves', signal(15, 'stopped'), leaving, 'given-back'],
    ['ends just before its crew leaves', exit(0), leaving, { kind: 'exit', code: 0 }],
    [
      'is cancelled while its crew leaves',
      signal(9, 'stopped'),
      { ...cancelled, givenBack: true },
      { kind: 'cancelled' },
    ],
    [
      'runs out of time while its crew leaves',
      signal(9, 'timeout'),
      leaving,
      { kind: 'timeout', seconds: 60 },
    ],
    ['loses its crew', signal(9, 'silence'), plain, { kind: 'lost', crew: 'c-00000000' }],
    [
      'never starts',
      { kind: 'failed', reason: 'cannot run x' },
      plain,
      { kind: 'spawn-error', reason: 'cannot run x' },
    ],
    [
      'never starts, and is cancelled',
      { kind: 'failed', reason: 'r' },
      cancelled,
      { kind: 'spawn-error', reason: 'r' },
    ],
  ])('%s', (_, ended, how, expected) => {
    expect(outcomeOf(ended, how)).toEqual(expected);
  });
});

test.each<[Outcome, ReturnType<typeof countedReason>, string]>([
  [{ kind: 'exit', code: 0 }, 'exit', 'done'],
  [{ kind: 'exit', code: 3 }, 'exit', 'exit code 3'],
  [{ kind: 'signal', signal: 'SIGSEGV' }, 'signal', 'killed by SIGSEGV'],
  [{ kind: 'timeout', seconds: 60 }, 'timeout', 'timed out after 60 s'],
  [{ kind: 'lost', crew: 'c' }, 'lost', 'lost with crew c'],
  [{ kind: 'spawn-error', reason: 'r' }, 'spawn-error', 'could not be started: r'],
  [{ kind: 'rejected', reason: 'r' }, undefined, 'rejected: r'],
  [{ kind: 'rejected', reason: 'r', hint: 'h' }, undefined, 'rejected: r (h)'],
  [{ kind: 'cancelled' }, undefined, 'cancelled'],
  [{ kind: 'dependency', reason: 'r' }, undefined, 'r'],
])('%j is counted as %s, and told as %j', (outcome, reason, text) => {
  expect([countedReason(outcome), describeOutcome(outcome)]).toEqual([reason, text]);
  expect(isSuccess(outcome)).toBe(text === 'done');
});
