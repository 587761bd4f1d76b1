import type { Needs } from './job.js';

/** What running jobs use of a host. */
export interface Usage {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
}

/** What a crew's host offers to all of its workers together. */
export interface Capacity extends Usage {
  readonly labels: readonly string[];
  /** Only jobs that ask for this label may run there; undefined: any may. */
  readonly only: string | undefined;
  /** Until the crew's time is over; Infinity for most. */
  readonly seconds: number;
}

export const noUsage: Usage = Object.freeze({ cpus: 0, memory: 0, gpus: 0 });

/**
 * What may be given out. A user who hires more workers than there are CPUs wants them all busy, so a crew's CPUs are
 * never fewer than its workers.
 */
export function capacityOf(
  offer: Usage & {
    readonly labels: readonly string[];
    readonly only?: string | undefined;
    readonly workers: number;
  },
  seconds = Infinity,
): Capacity {
  const { cpus, memory, gpus, labels, only, workers } = offer;
  return { cpus: Math.max(cpus, workers), memory, gpus, labels, only, seconds };
}

/** Whether a job fits beside what runs already. */
export function fitsBeside(needs: Needs, used: Usage, capacity: Capacity): boolean {
  return (
    used.cpus + needs.cpus <= capacity.cpus &&
    used.memory + needs.memory <= capacity.memory &&
    used.gpus + needs.gpus <= capacity.gpus &&
    needs.seconds <= capacity.seconds &&
    needs.labels.every((label) => capacity.labels.includes(label)) &&
    (capacity.only === undefined || needs.labels.includes(capacity.only))
  );
}

export function plus(used: Usage, needs: Needs): Usage {
  return { cpus: used.cpus + needs.cpus, memory: used.memory + needs.memory, gpus: used.gpus + needs.gpus };
}

export function minus(used: Usage, needs: Needs): Usage {
  return { cpus: used.cpus - needs.cpus, memory: used.memory - needs.memory, gpus: used.gpus - needs.gpus };
}
