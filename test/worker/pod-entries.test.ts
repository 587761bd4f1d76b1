import { describe, expect, test } from 'vitest';
import { jobDefaults } from '../../src/job/job.js';
import { type Found, PodEntries } from '../../src/worker/pod-entries.js';

const token = '@k3f9q2m4n7';

function found(priority = 0): Found {
  const command = { kind: 'script', interpreter: [] } as const;
  return { job: { ...jobDefaults, command, priority }, inspected: { kind: 'missing' } };
}

function waiting(...names: readonly (string | readonly [string, number])[]): PodEntries {
  const entries = new PodEntries();
  for (const one of names) {
    const [name, priority] = typeof one === 'string' ? [one, 0] : one;
    entries.wait(name + token, found(priority));
  }
  return entries;
}

describe('entries that wait', () => {
  test.each<[string, PodEntries, readonly string[]]>([
    ['are none at first', waiting(), []],
    ['may be one', waiting('a'), ['a']],
    ['are in natural order', waiting('job10', 'job9', 'job1'), ['job1', 'job9', 'job10']],
    ['begin with the most urgent', waiting('a', ['c', 2], ['b', 1], ['d', 2]), ['c', 'd', 'b', 'a']],
  ])('%s', (_, entries, names) => {
    expect(entries.mostUrgentFirst()).toEqual(names.map((name) => name + token));
  });

  test('are forgotten when they are gone', () => {
    const entries = waiting('a', 'b', 'c');
    entries.waitNoMore(`a${token}`);
    entries.keepPresent([`b${token}`, `d${token}`]);
    expect([...entries.names()]).toEqual([`b${token}`]);
  });
});

describe('an entry that waits for another worker', () => {
  test('does so since it was asked first', () => {
    const entries = new PodEntries();
    expect([10, 11, 12].map((now) => entries.patientSince('a', now))).toEqual([10, 10, 10]);
  });

  test.each<[string, (entries: PodEntries) => void]>([
    [
      'has started',
      (entries) => {
        entries.start('a');
      },
    ],
    [
      'was gone',
      (entries) => {
        entries.keepPresent(['b']);
      },
    ],
  ])('begins anew when it %s', (_, happen) => {
    const entries = new PodEntries();
    entries.patientSince('a', 10);
    happen(entries);
    expect(entries.patientSince('a', 20)).toBe(20);
  });

  test('goes on when it is still there', () => {
    const entries = new PodEntries();
    entries.patientSince('a', 10);
    entries.keepPresent(['a', 'b']);
    expect(entries.patientSince('a', 20)).toBe(10);
  });
});

test('the doorbell need not ring for what has started, until it neither runs nor is new', () => {
  const entries = new PodEntries();
  entries.start('a');
  entries.start('b');
  expect(['a', 'b', 'c'].map((entry) => entries.hasStarted(entry))).toEqual([true, true, false]);
  entries.keepStarted(['b']);
  expect(['a', 'b', 'c'].map((entry) => entries.hasStarted(entry))).toEqual([false, true, false]);
});
