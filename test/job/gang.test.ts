import { describe, expect, test } from 'vitest';
import {
  type Gang,
  type RankType,
  placesOf,
  rankEnvironment,
  rankName,
  rankTypeOf,
  rankVariables,
  ranksOf,
  worldSize,
} from '../../src/job/gang.js';
import { plainNeeds } from '../../src/job/job.js';

function type(name: string, count: number, completions = 1, parallelism = completions): RankType {
  return { name, count, completions, parallelism, needs: plainNeeds, shm: undefined };
}

function gang(operator: Gang['operator'], ...types: RankType[]): Gang {
  return { operator, failure: 'fail-all', types, port: 20_000 };
}

describe('with tf, a rank', () => {
  test('reads its index and the cluster from TF_CONFIG', () => {
    const hosts = ['a', 'b', 'a', 'b', 'c'];
    const five = gang('tf', type('Worker', 5));
    const { TF_CONFIG, ...others } = rankEnvironment(five, 3, hosts);
    expect(JSON.parse(TF_CONFIG!)).toEqual({
      cluster: { worker: ['a:20000', 'b:20001', 'a:20002', 'b:20003', 'c:20004'] },
      task: { type: 'worker', index: 3 },
    });
    expect(others).toEqual({ RANK: '3', WORLD_SIZE: '5', MASTER_ADDR: 'a', MASTER_PORT: '20000' });
    for (const { rank } of ranksOf(five))
      expect(JSON.parse(rankEnvironment(five, rank)['TF_CONFIG']!)).toMatchObject({ task: { index: rank } });
  });

  test('counts within its type, and RANK over all of them', () => {
    const mixed = gang('tf', type('Chief', 1), type('Worker', 2), type('PS', 1));
    const { TF_CONFIG, RANK } = rankEnvironment(mixed, 2);
    expect(RANK).toBe('2');
    expect(JSON.parse(TF_CONFIG!)).toEqual({
      cluster: {
        chief: ['localhost:20000'],
        worker: ['localhost:20001', 'localhost:20002'],
        ps: ['localhost:20003'],
      },
      task: { type: 'worker', index: 1 },
    });
  });

  test('that is alone has no TF_CONFIG', () => {
    expect(rankEnvironment(gang('tf', type('Worker', 1)), 0)).toEqual({
      RANK: '0',
      WORLD_SIZE: '1',
      MASTER_ADDR: 'localhost',
      MASTER_PORT: '20000',
    });
  });
});

describe('with jobset, a rank', () => {
  test('has six variables, in which ranks of a replica differ by their completion alone', () => {
    const mixed = gang('jobset', type('heavy', 1), type('worker', 2, 3));
    const rows = [...ranksOf(mixed)].map(({ rank }) => {
      const env = rankEnvironment(mixed, rank);
      return [
        env['RANK'],
        env['REPLICATED_JOB_NAME'],
        env['REPLICATED_JOB_REPLICAS'],
        env['JOB_INDEX'],
        env['JOB_GLOBAL_INDEX'],
        env['JOB_COMPLETION_INDEX'],
        env['GLOBAL_REPLICAS'],
        env['WORLD_SIZE'],
      ].join(' ');
    });
    expect(rows).toEqual([
      '0 heavy 1 0 0 0 3 7',
      '1 worker 2 0 1 0 3 7',
      '2 worker 2 0 1 1 3 7',
      '3 worker 2 0 1 2 3 7',
      '4 worker 2 1 2 0 3 7',
      '5 worker 2 1 2 1 3 7',
      '6 worker 2 1 2 2 3 7',
    ]);
  });

  test('of a single type has one index for both: its own and the one over all types', () => {
    const five = gang('jobset', type('worker', 5));
    for (const { rank } of ranksOf(five))
      expect(rankEnvironment(five, rank)).toMatchObject({
        JOB_INDEX: String(rank),
        JOB_GLOBAL_INDEX: String(rank),
        JOB_COMPLETION_INDEX: '0',
      });
  });

  test('has its variables when it is alone, too', () => {
    expect(rankEnvironment(gang('jobset', type('worker', 1)), 0)).toEqual({
      RANK: '0',
      WORLD_SIZE: '1',
      MASTER_ADDR: 'localhost',
      MASTER_PORT: '20000',
      JOB_COMPLETION_INDEX: '0',
      JOB_INDEX: '0',
      JOB_GLOBAL_INDEX: '0',
      GLOBAL_REPLICAS: '1',
      REPLICATED_JOB_NAME: 'worker',
      REPLICATED_JOB_REPLICAS: '1',
    });
  });
});

test('what a file cannot set is exactly what ranks are given', () => {
  const given = (['tf', 'jobset'] as const).flatMap((operator) =>
    Object.keys(rankEnvironment(gang(operator, type('a', 2)), 0)),
  );
  expect([...new Set(given)].sort()).toEqual([...rankVariables].sort());
});

test('ranks have names that people tell them by', () => {
  const names = (of: Gang): string[] => [...ranksOf(of)].map((rank) => rankName(of, rank));
  expect(names(gang('tf', type('Worker', 2)))).toEqual(['Worker-0', 'Worker-1']);
  expect(names(gang('jobset', type('heavy', 1), type('worker', 1, 2)))).toEqual([
    'heavy-0-0',
    'worker-0-0',
    'worker-0-1',
  ]);
});

test('there is no rank beyond the last', () => {
  const two = gang('tf', type('Worker', 2));
  expect(worldSize(two)).toBe(2);
  expect(rankTypeOf(two, 1).name).toBe('Worker');
  expect(() => rankTypeOf(two, 2)).toThrow('there is no rank 2');
});

describe('a gang has a place', () => {
  const places = (of: Gang): unknown[] => [...placesOf(of)].map(({ type, ranks }) => [type.name, ...ranks]);

  test('for each rank, if all run at a time', () => {
    expect(places(gang('jobset', type('heavy', 1), type('worker', 2, 2)))).toEqual([
      ['heavy', [0, 0]],
      ['worker', [1, 1]],
      ['worker', [2, 2]],
      ['worker', [3, 3]],
      ['worker', [4, 4]],
    ]);
  });

  test('for so many of each replica as run at a time; the others follow there', () => {
    expect(places(gang('jobset', type('worker', 2, 5, 2)))).toEqual([
      ['worker', [0, 0], [2, 2], [4, 4]],
      ['worker', [1, 1], [3, 3]],
      ['worker', [5, 5], [7, 7], [9, 9]],
      ['worker', [6, 6], [8, 8]],
    ]);
    expect(places(gang('jobset', type('worker', 1, 3, 1)))).toEqual([['worker', [0, 2]]]);
  });
});
