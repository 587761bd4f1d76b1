import type { Arrival } from './intake.js';
import type { KeptItems, Waiting } from './plan.js';

/** Which job goes first among those of equal priority. */
export type Order = 'natural' | 'oldest' | 'newest' | 'random';

/** Milliseconds that a task waits for another worker than those on which it failed. */
export const patience = 5000;

/** What planning must know of a job besides what stands in its file. */
export interface Circumstances {
  /** Among those of equal priority. */
  readonly key: string | number;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Of a slice: items that workers keep for the whole run. */
  readonly kept: KeptItems | undefined;
  /** Hosts that are not to have it. */
  readonly never: ReadonlySet<string> | undefined;
}

/** A job as it stands in the backlog. Pure. */
export function waitingJob({ name, job, since }: Arrival, about: Circumstances): Waiting {
  const { key, now, kept, never } = about;
  const { priority, needs, command } = job;
  if (command.kind !== 'slice') {
    const waiting = { name, priority, key };
    if (needs.portable !== true) return waiting;
    // Hosts that share nothing with the project may have it when nobody else has taken it for a while.
    return { ...waiting, since, ...(never === undefined ? {} : { never }) };
  }
  const { gang, avoid = [] } = command.slice;
  return {
    name,
    // There is room for all slices of a gang, if nobody comes between them.
    priority: gang === undefined ? priority : Infinity,
    key,
    ...(avoid.length === 0 ? {} : { avoid: { badges: new Set(avoid), until: now + patience } }),
    ...(kept === undefined ? {} : { kept }),
  };
}

/** What puts a job before others of its priority; `random` says a number from 0 to 1. */
export function orderKey(
  { key, mtimeMs }: Pick<Arrival, 'key' | 'mtimeMs'>,
  order: Order,
  random: () => number,
): string | number {
  switch (order) {
    case 'natural':
      return key;
    case 'oldest':
      return mtimeMs;
    case 'newest':
      return -mtimeMs;
    case 'random':
      return random();
  }
}
