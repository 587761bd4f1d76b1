import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HeldVerdict, type JobStanding, findCycles, judgeHeld } from '../../src/dispatcher/held.js';
import type { Arrival } from '../../src/dispatcher/intake.js';
import { jobDefaults } from '../../src/job/job.js';
import { parseEntryName } from '../../src/queue/entry-name.js';

const standings: Readonly<Record<string, JobStanding>> = {
  done: { live: false, outcome: 'done' },
  failed: { live: false, outcome: 'failed' },
  waiting: { live: true, outcome: undefined },
  'waiting again after done': { live: true, outcome: 'done' },
  'waiting again after failed': { live: true, outcome: 'failed' },
  unknown: { live: false, outcome: undefined },
};

function waitsOn(on: string, unknown = false): HeldVerdict {
  return { kind: 'wait', on, unknown };
}
const failed: HeldVerdict = { kind: 'fail', reason: 'it was to run after "failed", which failed' };

test.each<[string[], HeldVerdict]>([
  [[], { kind: 'go' }],
  [['done'], { kind: 'go' }],
  [['done', 'done'], { kind: 'go' }],
  [['failed'], failed],
  [['waiting'], waitsOn('waiting')],
  [['waiting again after done'], waitsOn('waiting again after done')],
  [['waiting again after failed'], waitsOn('waiting again after failed')],
  [['unknown'], waitsOn('unknown', true)],
  [['done', 'waiting'], waitsOn('waiting')],
  [['unknown', 'waiting'], waitsOn('unknown', true)],
  [['waiting', 'failed'], failed],
  [['unknown', 'failed'], failed],
])('a job that comes after %j: %j', (after, verdict) => {
  expect(judgeHeld(after, (job) => standings[job]!)).toEqual(verdict);
});

function held(graph: Readonly<Record<string, readonly string[]>>): Arrival[] {
  return Object.entries(graph).map(([name, after]) => ({
    name,
    key: name,
    entry: parseEntryName(name),
    job: { ...jobDefaults, after, command: { kind: 'executable', line: 'true' } },
    mtimeMs: 0,
    since: 0,
  }));
}

describe('a job waits for itself', () => {
  test.each<[string, Record<string, string[]>, Record<string, string>]>([
    ['at once', { a: ['a'] }, { a: 'a → a' }],
    ['over another', { a: ['b'], b: ['a'] }, { a: 'a → b → a', b: 'b → a → b' }],
    [
      'over two',
      { a: ['b'], b: ['c'], c: ['a'] },
      { a: 'a → b → c → a', b: 'b → c → a → b', c: 'c → a → b → c' },
    ],
    [
      'on the shorter of two ways',
      { a: ['b', 'c'], b: ['c'], c: ['a'] },
      { a: 'a → c → a', b: 'b → c → a → b', c: 'c → a → c' },
    ],
    ['and so does not who only waits for such a job', { a: ['a'], b: ['a'] }, { a: 'a → a' }],
    ['not in a diamond', { a: ['b', 'c'], b: ['d'], c: ['d'] }, {}],
    ['not for jobs that are not held', { a: ['x'], b: ['a', 'x'] }, {}],
    ['nor when nothing is held', {}, {}],
    [
      'also when it was given back',
      { 'a@k3f9q2m4n7+x1.conf': ['b'], b: ['a.conf'] },
      { 'a@k3f9q2m4n7+x1.conf': 'a.conf → b → a.conf', b: 'b → a.conf → b' },
    ],
  ])('%s', (_, graph, cycles) => {
    expect(Object.fromEntries(findCycles(held(graph)))).toEqual(cycles);
  });

  test('and of very many in a row nobody does, but for those in a loop at the end', () => {
    const count = 20_000;
    const row = Object.fromEntries(Array.from({ length: count }, (_, n) => [`job${n}`, [`job${n + 1}`]]));
    expect(findCycles(held(row)).size).toBe(0);
    row[`job${count}`] = [`job${count - 1}`];
    expect([...findCycles(held(row)).keys()]).toEqual([`job${count - 1}`, `job${count}`]);
  });

  test('exactly if there is a way back to it', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const graph = fc.record(Object.fromEntries(names.map((name) => [name, fc.subarray(names)])));
    fc.assert(
      fc.property(graph, (after) => {
        const reachable = (from: string, seen = new Set<string>()): Set<string> => {
          for (const next of after[from] ?? []) if (!seen.has(next)) reachable(next, seen.add(next));
          return seen;
        };
        const expected = names.filter((name) => reachable(name).has(name));
        const cycles = findCycles(held(after));
        expect([...cycles.keys()]).toEqual(expected);
        for (const [name, way] of cycles) {
          const steps = way.split(' → ');
          expect([steps[0], steps.at(-1)]).toEqual([name, name]);
          steps.slice(1).forEach((step, index) => {
            expect(after[steps[index]!]).toContain(step);
          });
        }
      }),
    );
  });
});
