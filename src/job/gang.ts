/**
 * Ranks: processes of one run that begin together, and of which each knows its number and how many there are.
 *
 * A run of ranks is a fan-out job whose tasks are the ranks, numbered in the order of their file: those of the first type
 * come first; within a type those of the first replica; within a replica by their completion.
 */

import { type TaskRange, asRanges } from './fan-out.js';
import type { Needs } from './job.js';

export type GangOperator = 'tf' | 'jobset';

/** What a failed rank does to the others. */
export type GangFailure =
  /** They are stopped. */
  | 'fail-all'
  /** Nothing. */
  | 'ignore'
  /** Nothing: it is tried again, `retries` times for each kind of failure. If that is in vain, they are stopped. */
  | 'retry-rank';

export interface Gang {
  readonly operator: GangOperator;
  readonly failure: GangFailure;
  /** Ranks in order: those of the first type come first. */
  readonly types: readonly RankType[];
  /** Rank n may listen on its host's port `port` + n: ranks of one host do not take each other's. */
  readonly port: number;
}

/** Ranks that need the same. */
export interface RankType {
  readonly name: string;
  /** How many replicas there are. */
  readonly count: number;
  /** Ranks of each replica; with `tf` 1. */
  readonly completions: number;
  /** How many ranks of a replica run at a time; at most `completions`. */
  readonly parallelism: number;
  /** Of each rank. */
  readonly needs: Needs;
  /** Bytes of /dev/shm of each rank; they count within its memory. */
  readonly shm: number | undefined;
}

/** A rank, by all the numbers that it has. */
export interface Rank {
  /** Over all types, from 0. */
  readonly rank: number;
  readonly type: RankType;
  /** Of its type. */
  readonly replica: number;
  /** Over all types. */
  readonly globalReplica: number;
  /** Within its replica. */
  readonly completion: number;
}

/**
 * What one worker does for a gang. The places of a gang are filled together or not at all.
 *
 * There are as many as ranks run at a time. Where `parallelism` is less than `completions`, some ranks run later, as with
 * Kubernetes' indexed jobs: a replica with 10 ranks of which 2 run at a time has two places, of which the first runs its
 * ranks 0, 2, 4, and the other 1, 3, 5, one after another. So what a gang holds is known from its beginning, and none of
 * its ranks waits for anything but the one before it on its place.
 */
export interface Place {
  readonly type: RankType;
  /** The ranks that run here, one after another. */
  readonly ranks: readonly TaskRange[];
}

/** How many ranks there are. */
export function worldSize({ types }: Gang): number {
  return types.reduce((sum, type) => sum + type.count * type.completions, 0);
}

export function rankOf({ types }: Gang, rank: number): Rank {
  let [first, replicasBefore] = [0, 0];
  for (const type of types) {
    const within = rank - first;
    if (within < type.count * type.completions) {
      const replica = Math.floor(within / type.completions);
      return {
        rank,
        type,
        replica,
        globalReplica: replicasBefore + replica,
        completion: within % type.completions,
      };
    }
    first += type.count * type.completions;
    replicasBefore += type.count;
  }
  throw new RangeError(`there is no rank ${rank}`);
}

export function rankTypeOf(gang: Gang, rank: number): RankType {
  return rankOf(gang, rank).type;
}

export function* ranksOf(gang: Gang): Generator<Rank> {
  const size = worldSize(gang);
  for (let rank = 0; rank < size; rank++) yield rankOf(gang, rank);
}

/** What people call a rank: `Worker-0`, or with completions `worker-8-5`. */
export function rankName({ operator }: Gang, { type, replica, completion }: Rank): string {
  return operator === 'tf' ? `${type.name}-${replica}` : `${type.name}-${replica}-${completion}`;
}

export function* placesOf({ types }: Gang): Generator<Place> {
  let first = 0;
  for (const type of types)
    for (let replica = 0; replica < type.count; replica++) {
      for (let place = 0; place < type.parallelism; place++) {
        const ranks: number[] = [];
        for (let completion = place; completion < type.completions; completion += type.parallelism)
          ranks.push(first + completion);
        yield { type, ranks: asRanges(ranks) };
      }
      first += type.completions;
    }
}

/**
 * Variables that tell a rank who it is. `hosts` says on which host each rank runs, so that they find each other; ranks of
 * which it says nothing are on this one.
 */
export function rankEnvironment(
  gang: Gang,
  rank: number,
  hosts: readonly string[] = [],
): Record<string, string> {
  const size = worldSize(gang);
  const own = rankOf(gang, rank);
  return {
    RANK: String(rank),
    WORLD_SIZE: String(size),
    MASTER_ADDR: hosts[0] ?? 'localhost',
    MASTER_PORT: String(gang.port),
    ...(gang.operator === 'tf' ? tensorFlow(gang, own, size, hosts) : jobSet(gang, own)),
  };
}

/** A single process is not told of a cluster: TensorFlow would wait for one. */
function tensorFlow(gang: Gang, own: Rank, size: number, hosts: readonly string[]): Record<string, string> {
  if (size === 1) return {};
  const cluster: Record<string, string[]> = {};
  for (const { rank, type } of ranksOf(gang))
    (cluster[taskType(type)] ??= []).push(`${hosts[rank] ?? 'localhost'}:${gang.port + rank}`);
  const task = { type: taskType(own.type), index: own.replica };
  return { TF_CONFIG: JSON.stringify({ cluster, task }) };
}

/** TensorFlow knows types by their names in lower case alone. */
function taskType({ name }: RankType): string {
  return name.toLowerCase();
}

/** Ranks of one replica have the same index, and differ in their completion's. */
function jobSet({ types }: Gang, { type, replica, globalReplica, completion }: Rank): Record<string, string> {
  return {
    JOB_COMPLETION_INDEX: String(completion),
    JOB_INDEX: String(replica),
    JOB_GLOBAL_INDEX: String(globalReplica),
    GLOBAL_REPLICAS: String(types.reduce((sum, { count }) => sum + count, 0)),
    REPLICATED_JOB_NAME: type.name,
    REPLICATED_JOB_REPLICAS: String(type.count),
  };
}

/** The variables above, so that a file cannot set them. */
export const rankVariables: readonly string[] = [
  'RANK',
  'WORLD_SIZE',
  'MASTER_ADDR',
  'MASTER_PORT',
  'TF_CONFIG',
  'JOB_COMPLETION_INDEX',
  'JOB_INDEX',
  'JOB_GLOBAL_INDEX',
  'GLOBAL_REPLICAS',
  'REPLICATED_JOB_NAME',
  'REPLICATED_JOB_REPLICAS',
];
