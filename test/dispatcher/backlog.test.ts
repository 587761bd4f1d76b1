import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backlog } from '../../src/dispatcher/backlog.js';
import { Heap } from '../../src/dispatcher/heap.js';
import { type Waiting, goesBefore } from '../../src/dispatcher/plan.js';
import { type Needs, plainNeeds } from '../../src/job/job.js';

describe('a heap', () => {
  test('gives what was put in, sorted', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const number of numbers) heap.push(number);
        const popped: (number | undefined)[] = [];
        while (heap.size > 0) popped.push(heap.pop());
        expect(popped).toEqual([...numbers].sort((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });

  test('gives the smallest of what is in it at any time', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { freq: 2 })), (steps) => {
        const heap = new Heap<number>((a, b) => a < b);
        let model: number[] = [];
        for (const step of steps) {
          if (step === null) {
            const smallest = model.length === 0 ? undefined : Math.min(...model);
            expect(heap.pop()).toBe(smallest);
            model = model.filter((_, index) => index !== model.indexOf(smallest ?? NaN));
          } else {
            heap.push(step);
            model.push(step);
          }
          expect(heap.size).toBe(model.length);
        }
      }),
    );
  });
});

const kinds: readonly Needs[] = [
  plainNeeds,
  { ...plainNeeds, cpus: 2 },
  { ...plainNeeds, memory: 2 },
  { ...plainNeeds, gpus: 2 },
  { ...plainNeeds, resources: [{ pool: 'A', count: 2 }] },
  {
    ...plainNeeds,
    resources: [
      { pool: 'A', count: 2 },
      { pool: 'B', count: 1 },
    ],
  },
];

describe('the backlog', () => {
  const jobs = fc.uniqueArray(
    fc.record({
      key: fc.string(),
      priority: fc.integer({ min: -2, max: 2 }),
      kind: fc.nat(kinds.length - 1),
    }),
    { selector: ({ key }) => key },
  );

  test('gives the first jobs of each kind of needs, in order', () => {
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 10 }), (all, most) => {
        const backlog = new Backlog();
        const waiting = all.map(({ key, priority, kind }) => ({ job: { name: key, key, priority }, kind }));
        for (const { job, kind } of waiting) backlog.add(job, { ...kinds[kind]! });
        expect(backlog.size).toBe(all.length);
        const expected = kinds
          .map((_, kind) =>
            firstOf(
              waiting.filter((one) => one.kind === kind).map(({ job }) => job),
              most,
            ),
          )
          .filter((heads) => heads.length > 0);
        const groups = backlog.takeHeads(most);
        expect(groups.map((group) => group.jobs).sort(byFirst)).toEqual(expected.sort(byFirst));
        expect(backlog.size).toBe(all.length - expected.flat().length);
        for (const { needs, jobs: taken } of groups)
          for (const job of taken)
            expect(needs).toEqual(kinds[waiting.find((one) => one.job.key === job.key)!.kind]);
      }),
    );
  });

  test('keeps what is less urgent than was asked for', () => {
    fc.assert(
      fc.property(jobs, fc.integer({ min: -3, max: 3 }), (all, least) => {
        const backlog = new Backlog();
        for (const { key, priority, kind } of all) backlog.add({ name: key, key, priority }, kinds[kind]!);
        expect(backlog.top).toBe(Math.max(-Infinity, ...all.map(({ priority }) => priority)));
        const taken = backlog.takeHeads(Infinity, least).flatMap((group) => group.jobs);
        const isUrgent = ({ priority }: { priority: number }): boolean => priority >= least;
        const expected = all.filter(isUrgent).map(({ key }) => key);
        expect(taken.map(({ name }) => name).sort()).toEqual(expected.sort());
        const left = backlog.takeHeads(Infinity).flatMap((group) => group.jobs);
        expect([left.some(isUrgent), left.length + taken.length]).toEqual([false, all.length]);
      }),
    );
  });

  test('loses nothing, whatever is taken out and put back', () => {
    fc.assert(
      fc.property(
        jobs,
        fc.array(fc.record({ most: fc.integer({ min: 1, max: 5 }), back: fc.nat() })),
        (all, rounds) => {
          const backlog = new Backlog();
          for (const { key, priority, kind } of all) backlog.add({ name: key, key, priority }, kinds[kind]!);
          const gone = new Set<string>();
          for (const { most, back } of rounds)
            for (const { needs, jobs: taken } of backlog.takeHeads(most))
              taken.forEach((job, index) => {
                if ((back >> (index % 30)) & 1) backlog.add(job, needs);
                else gone.add(job.name);
              });
          const left = backlog.takeHeads(Infinity).flatMap((group) => group.jobs.map(({ name }) => name));
          expect([...gone, ...left].sort()).toEqual(all.map(({ key }) => key).sort());
          expect([backlog.size, backlog.takeHeads(9)]).toEqual([0, []]);
        },
      ),
    );
  });
});

function firstOf(jobs: readonly Waiting[], most: number): Waiting[] {
  return [...jobs].sort((a, b) => (goesBefore(a, b) ? -1 : 1)).slice(0, most);
}

function byFirst(a: readonly Waiting[], b: readonly Waiting[]): number {
  return (a[0]?.name ?? '') < (b[0]?.name ?? '') ? -1 : 1;
}
