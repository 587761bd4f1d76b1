import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Usage, fitsBeside, noUsage, plus } from '../../src/job/capacity.js';
import { type Needs, plainNeeds } from '../../src/job/job.js';
import {
  type Assignment,
  type Group,
  type Offer,
  type Waiting,
  goesBefore,
  planAssignments,
} from '../../src/dispatcher/plan.js';
import { type CrewId, badgeName, makeCrewId } from '../../src/queue/layout.js';

type Pools = ReadonlyMap<string, readonly string[]>;
interface Situation {
  readonly groups: readonly Group[];
  readonly offers: readonly Offer[];
  readonly pools: Pools;
}

const poolNames = ['A', 'B', 'C'];
const needs: fc.Arbitrary<Needs> = fc.oneof(
  fc.constant(plainNeeds),
  fc.record({
    cpus: fc.integer({ min: 1, max: 5 }),
    memory: fc.integer({ min: 0, max: 5 }),
    gpus: fc.integer({ min: 0, max: 2 }),
    // D is no pool at all.
    resources: fc.uniqueArray(
      fc.record({ pool: fc.constantFrom(...poolNames, 'D'), count: fc.integer({ min: 1, max: 3 }) }),
      {
        maxLength: 2,
        selector: ({ pool }) => pool,
      },
    ),
    labels: fc.subarray(['fast', 'bigmem']),
    seconds: fc.constantFrom(0, 60, 600),
  }),
);
const amounts = { cpus: fc.nat(6), memory: fc.nat(6), gpus: fc.nat(3) };
const usage = fc.record(amounts);
const capacities = fc.record({
  ...amounts,
  labels: fc.subarray(['fast', 'bigmem']),
  only: fc.constantFrom(undefined, undefined, 'fast'),
  seconds: fc.constantFrom(30, 300, Infinity),
});

const groups: fc.Arbitrary<Group[]> = fc
  .array(fc.record({ needs, priorities: fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 8 }) }), {
    maxLength: 5,
  })
  .chain((kinds) => {
    const count = kinds.reduce((sum, { priorities }) => sum + priorities.length, 0);
    return fc
      .shuffledSubarray(
        Array.from({ length: count }, (_, n) => n),
        { minLength: count },
      )
      .map((keys) =>
        kinds.map((kind) => ({
          needs: kind.needs,
          jobs: kind.priorities
            .map((priority): Waiting => {
              const key = keys.pop() ?? 0;
              return { name: `job${key}`, priority, key };
            })
            .sort((a, b) => (goesBefore(a, b) ? -1 : 1)),
        })),
      );
  });

const offers: fc.Arbitrary<Offer[]> = fc
  .array(fc.record({ idle: fc.nat(5), used: usage, capacity: capacities }), { maxLength: 4 })
  .map((crews) =>
    crews.map(({ idle, used, capacity }, index) => {
      const crew = makeCrewId('host', `0000000${index}`);
      return {
        crew,
        used,
        capacity,
        idle: Array.from({ length: idle }, (_, n) => ({ crew, worker: n + 1 })),
      };
    }),
  );

const pools: fc.Arbitrary<Pools> = fc
  .tuple(...poolNames.map(() => fc.nat(4)))
  .map(
    (counts) =>
      new Map(
        poolNames.map((pool, n) => [pool, Array.from({ length: counts[n] ?? 0 }, (_, i) => `${pool}${i}`)]),
      ),
  );

const situation: fc.Arbitrary<Situation> = fc.record({ groups, offers, pools });

/** Checks a property of every plan. */
function ofEveryPlan(check: (plan: readonly Assignment[], situation: Situation) => void): void {
  fc.assert(
    fc.property(situation, (all) => {
      check(planAssignments(all.groups, all.offers, all.pools), all);
    }),
    { numRuns: 2000 },
  );
}

/** What is used of each crew once a plan is carried out. */
function usedAfter(plan: readonly Assignment[], all: readonly Offer[]): Map<CrewId, Usage> {
  const used = new Map(all.map((offer) => [offer.crew, offer.used]));
  for (const { badge, needs: wanted } of plan)
    used.set(badge.crew, plus(used.get(badge.crew) ?? noUsage, wanted));
  return used;
}

/** Whether some idle worker could still take a job with such needs. */
function fits(wanted: Needs, plan: readonly Assignment[], { offers: all, pools: free }: Situation): boolean {
  const used = usedAfter(plan, all);
  const taken = new Set(plan.map(({ badge }) => badgeName(badge)));
  const items = new Set(
    plan.flatMap((assignment) => assignment.items.map(({ pool, item }) => `${pool}/${item}`)),
  );
  return (
    wanted.resources.every(
      ({ pool, count }) =>
        (free.get(pool) ?? []).filter((item) => !items.has(`${pool}/${item}`)).length >= count,
    ) &&
    all.some(
      ({ crew, idle, capacity }) =>
        idle.some((badge) => !taken.has(badgeName(badge))) &&
        fitsBeside(wanted, used.get(crew) ?? noUsage, capacity),
    )
  );
}

function expectUnique(values: readonly string[]): void {
  expect(new Set(values).size).toBe(values.length);
}

describe('a plan', () => {
  test('gives no worker twice, and none that is not idle', () => {
    ofEveryPlan((plan, { offers: all }) => {
      const given = plan.map(({ badge }) => badgeName(badge));
      expectUnique(given);
      const idle = new Set(all.flatMap((offer) => offer.idle.map(badgeName)));
      for (const badge of given) expect(idle).toContain(badge);
    });
  });

  test('gives no job twice, each with its own needs', () => {
    ofEveryPlan((plan, { groups: all }) => {
      expectUnique(plan.map(({ job }) => job.name));
      for (const { job, needs: its } of plan)
        expect(all.some((group) => group.needs === its && group.jobs.includes(job))).toBe(true);
    });
  });

  test('gives no item twice, none that is not free, and to each job exactly what it needs', () => {
    ofEveryPlan((plan, { pools: free }) => {
      expectUnique(plan.flatMap(({ items }) => items.map(({ pool, item }) => `${pool}/${item}`)));
      for (const { items, needs: its } of plan) {
        for (const { pool, item } of items) expect(free.get(pool)).toContain(item);
        const counts = its.resources.map(({ pool }) => items.filter((item) => item.pool === pool).length);
        expect(counts).toEqual(its.resources.map(({ count }) => count));
        expect(items).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
      }
    });
  });

  test('exceeds no crew’s capacity', () => {
    ofEveryPlan((plan, { offers: all }) => {
      const used = usedAfter(plan, all);
      for (const { badge } of plan) {
        const { capacity } = all.find(({ crew }) => crew === badge.crew)!;
        const nothing = { ...plainNeeds, cpus: 0, labels: capacity.labels };
        const open = { ...capacity, only: undefined };
        expect(fitsBeside(nothing, used.get(badge.crew) ?? noUsage, open)).toBe(true);
      }
    });
  });

  test('gives a reserved crew only what asks for it', () => {
    ofEveryPlan((plan, { offers: all }) => {
      for (const { badge, needs: wanted } of plan) {
        const { only } = all.find(({ crew }) => crew === badge.crew)!.capacity;
        if (only !== undefined) expect(wanted.labels).toContain(only);
      }
    });
  });

  test('leaves no job waiting that an idle worker could take', () => {
    ofEveryPlan((plan, all) => {
      const given = new Set(plan.map(({ job }) => job));
      for (const group of all.groups)
        for (const job of group.jobs) if (!given.has(job)) expect(fits(group.needs, plan, all)).toBe(false);
    });
  });

  test('goes by priority, then key', () => {
    ofEveryPlan((plan) => {
      const jobs = plan.map(({ job }) => job);
      expect(jobs).toEqual([...jobs].sort((a, b) => (goesBefore(a, b) ? -1 : 1)));
    });
  });

  test('takes of each group the first', () => {
    ofEveryPlan((plan, { groups: all }) => {
      const given = new Set(plan.map(({ job }) => job));
      for (const { jobs } of all) {
        const count = jobs.filter((job) => given.has(job)).length;
        expect(jobs.slice(0, count).every((job) => given.has(job))).toBe(true);
      }
    });
  });

  test('passes over a job only if it did not fit beside those that go before it', () => {
    ofEveryPlan((plan, all) => {
      const given = new Set(plan.map(({ job }) => job));
      for (const group of all.groups)
        for (const job of group.jobs) {
          if (given.has(job)) continue;
          const before = plan.filter((assignment) => goesBefore(assignment.job, job));
          expect(fits(group.needs, before, all)).toBe(false);
        }
    });
  });

  test('is the same for the same situation, and changes nothing of it', () => {
    ofEveryPlan((plan, all) => {
      const copy = structuredClone({ groups: all.groups, offers: all.offers, pools: all.pools });
      expect(planAssignments(copy.groups, copy.offers, copy.pools)).toEqual(plan);
      expect(copy).toEqual({ groups: all.groups, offers: all.offers, pools: all.pools });
    });
  });

  test('gives what has failed on workers to others as long as it may wait, and holds up nothing behind it', () => {
    const crew = 'h-abcdefgh' as CrewId;
    const capacity = { cpus: 9, memory: 0, gpus: 0, labels: [], only: undefined, seconds: Infinity };
    const plan = (idle: number[], now: number): string[] =>
      planAssignments(
        [
          {
            needs: plainNeeds,
            jobs: [
              { name: 'again', priority: 0, key: 1, avoid: { badges: new Set([`${crew}.1`]), until: 100 } },
              { name: 'other', priority: 0, key: 2 },
            ],
          },
        ],
        [{ crew: crew, idle: idle.map((worker) => ({ crew: crew, worker })), used: noUsage, capacity }],
        new Map(),
        now,
      ).map(({ job, badge }) => `${job.name} on ${badge.worker}`);
    expect(plan([1, 2], 0)).toEqual(['again on 2', 'other on 1']);
    expect(plan([2, 1], 200)).toEqual(['again on 2', 'other on 1']);
    expect(plan([1], 99)).toEqual(['other on 1']);
    expect(plan([1], 100)).toEqual(['again on 1']);
  });

  describe('to hosts that share nothing', () => {
    const capacity = { cpus: 9, memory: 0, gpus: 0, labels: ['group.a'], only: undefined, seconds: Infinity };
    const portable = { ...plainNeeds, portable: true };
    const crews = (patience: number, ...names: string[]): Offer[] =>
      names.map((name) => {
        const crew = makeCrewId(name, '00000000');
        return {
          crew,
          idle: [{ crew, worker: 1 }],
          used: noUsage,
          capacity: { ...capacity, remote: { patience } },
        };
      });
    const planned = (groups: Situation['groups'], offers: Offer[], now = 0): string[] =>
      planAssignments(groups, offers, new Map(), now).map(
        ({ job, badge }) => `${job.name} to ${badge.crew.slice(0, -9)}`,
      );
    const job = (name: string, rest: Partial<Waiting> = {}): Waiting => ({
      name,
      priority: 0,
      key: name,
      ...rest,
    });

    test('goes only what is portable', () => {
      const groups = [
        { needs: plainNeeds, jobs: [job('a')] },
        { needs: portable, jobs: [job('b')] },
      ];
      expect(planned(groups, crews(0, 'x', 'y'))).toEqual(['b to x']);
    });

    test('goes nothing that is too young for them, unless it names their environment', () => {
      const groups = [
        { needs: portable, jobs: [job('young', { since: 50 }), job('old', { since: -20_000 })] },
        { needs: { ...portable, labels: ['environment.a'] }, jobs: [job('theirs', { since: 50 })] },
      ];
      const [offer] = crews(10, 'x');
      const own = { ...offer!, capacity: { ...offer!.capacity, labels: ['environment.a'] } };
      expect(planned(groups, [offer!], 60)).toEqual(['old to x']);
      expect(planned(groups.slice(1), [own], 60)).toEqual(['theirs to x']);
    });

    test('goes nothing that they are never to have, and what is behind it goes', () => {
      const groups = [{ needs: portable, jobs: [job('a', { never: new Set(['x']) }), job('b')] }];
      expect(planned(groups, crews(0, 'x'))).toEqual(['b to x']);
      expect(planned(groups, crews(0, 'x', 'y'))).toEqual(['a to y', 'b to x']);
    });

    test('goes what is of their group before what is more urgent', () => {
      const groups = [
        { needs: portable, jobs: [job('urgent', { priority: 9 })] },
        { needs: { ...portable, group: 'a' }, jobs: [job('own')] },
        { needs: { ...portable, group: 'b' }, jobs: [job('other', { priority: 10 })] },
      ];
      expect(planned(groups, crews(0, 'x'))).toEqual(['own to x']);
      expect(planned(groups.slice(0, 1), crews(0, 'x'))).toEqual(['urgent to x']);
    });

    test('goes what needs their GPUs, if those are the right ones', () => {
      const gpu = { memory: 8, model: 'T4', architecture: undefined };
      const groups = [{ needs: { ...portable, gpus: 1, gpu }, jobs: [job('a')] }];
      const [offer] = crews(0, 'x');
      const offering = (memory: number, model: string): Offer[] => [
        {
          ...offer!,
          capacity: { ...offer!.capacity, gpus: 1, gpu: { memory, model, architecture: 'turing' } },
        },
      ];
      expect(planned(groups, offering(8, 'T4'))).toEqual(['a to x']);
      expect(planned(groups, offering(7, 'T4'))).toEqual([]);
      expect(planned(groups, offering(8, 'A100'))).toEqual([]);
    });
  });

  test('spreads out: each job goes to the crew with the most idle workers', () => {
    const crew = (name: string, idle: number): Offer => {
      const id = makeCrewId(name, '00000000');
      return {
        crew: id,
        used: noUsage,
        capacity: { cpus: 99, memory: 0, gpus: 0, labels: [], only: undefined, seconds: Infinity },
        idle: Array.from({ length: idle }, (_, n) => ({ crew: id, worker: n + 1 })),
      };
    };
    const jobs = Array.from({ length: 6 }, (_, key) => ({ name: `j${key}`, priority: 0, key }));
    const plan = planAssignments(
      [{ needs: plainNeeds, jobs }],
      [crew('a', 4), crew('b', 4), crew('c', 2)],
      new Map(),
    );
    const counts = ['a', 'b', 'c'].map(
      (name) => plan.filter(({ badge }) => badge.crew.startsWith(name)).length,
    );
    // That leaves one idle worker in each of a and b, and two in c.
    expect(counts).toEqual([3, 3, 0]);
  });

  test.each<[string, Situation]>([
    ['nothing', { groups: [], offers: [], pools: new Map() }],
    [
      'no jobs',
      { groups: [{ needs: plainNeeds, jobs: [] }], offers: fc.sample(offers, 1)[0] ?? [], pools: new Map() },
    ],
    [
      'no crews',
      {
        groups: [{ needs: plainNeeds, jobs: [{ name: 'j', priority: 0, key: 'j' }] }],
        offers: [],
        pools: new Map(),
      },
    ],
  ])('of %s is empty', (_, all) => {
    expect(planAssignments(all.groups, all.offers, all.pools)).toEqual([]);
  });
});
