import { expect, test } from 'vitest';
import { gangRoom } from '../../src/dispatcher/gang-room.js';
import type { Offer } from '../../src/dispatcher/plan.js';
import { noUsage } from '../../src/job/capacity.js';
import type { Place } from '../../src/job/gang.js';
import { plainNeeds } from '../../src/job/job.js';
import { makeCrewId } from '../../src/queue/layout.js';

function placesOf(count: number, cpus: number): Place[] {
  const needs = { ...plainNeeds, cpus };
  const type = { name: 'worker', count, completions: 1, parallelism: 1, needs, shm: undefined };
  return Array.from({ length: count }, (_, rank) => ({ type, ranks: [[rank, rank]] }));
}

function offer(host: string, workers: number): Offer {
  const crew = makeCrewId(host, 'k3f9q2m4');
  const idle = Array.from({ length: workers }, (_, n) => ({ crew, worker: n + 1 }));
  const capacity = { cpus: workers, memory: 0, gpus: 0, labels: [], only: undefined, seconds: Infinity };
  return { crew, idle, used: noUsage, capacity };
}

test.for<[number, number, number]>([
  [2, 1, 2],
  [8, 1, 6],
  [3, 2, 3],
  [4, 2, 3],
  [1, 4, 1],
  [2, 4, 1],
  [1, 5, 0],
])('Of %i places that need %i CPUs each, hosts with 4 and 2 have room for %i', ([count, cpus, room]) => {
  expect(gangRoom(placesOf(count, cpus), [offer('a', 4), offer('b', 2)], 0)).toBe(room);
});
