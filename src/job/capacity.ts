import type { GpuKind, Needs } from './job.js';

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
  /** What its GPUs are, as far as that is known. */
  readonly gpu?: GpuKind | undefined;
  /** Left out: it shares the project's directory. */
  readonly remote?: Remote | undefined;
}

/** A host that shares nothing with the project. */
export interface Remote {
  /** Seconds that a job must have waited which names no environment; what names this host's may go at once. */
  readonly patience: number;
  /** Where others may reach it, if that is known. */
  readonly address?: string | undefined;
}

/** How the labels begin that name an environment. */
export const environmentPrefix = 'environment.';

export function groupLabel(group: string): string {
  return `group.${group}`;
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
    readonly gpu?: GpuKind | undefined;
    readonly remote?: Remote | undefined;
    readonly workers: number;
  },
  seconds = Infinity,
): Capacity {
  const { cpus, memory, gpus, labels, only, workers, gpu, remote } = offer;
  return { cpus: Math.max(cpus, workers), memory, gpus, labels, only, seconds, gpu, remote };
}

/** Whether a job fits beside what runs already. */
export function fitsBeside(needs: Needs, used: Usage, capacity: Capacity): boolean {
  return (
    used.cpus + needs.cpus <= capacity.cpus &&
    used.memory + needs.memory <= capacity.memory &&
    used.gpus + needs.gpus <= capacity.gpus &&
    needs.seconds <= capacity.seconds &&
    needs.labels.every((label) => capacity.labels.includes(label)) &&
    (capacity.only === undefined || needs.labels.includes(capacity.only)) &&
    (needs.gpu === undefined || isOfKind(capacity.gpu, needs.gpu)) &&
    (capacity.remote === undefined || needs.portable === true)
  );
}

function isOfKind(offered: GpuKind | undefined, { memory, model, architecture }: GpuKind): boolean {
  return (
    memory <= (offered?.memory ?? 0) &&
    (model === undefined || model === offered?.model) &&
    (architecture === undefined || architecture === offered?.architecture)
  );
}

/** Seconds that a job must have waited before it may go there. */
export function patienceOf({ remote }: Capacity, needs: Needs): number {
  if (remote === undefined || needs.labels.some((label) => label.startsWith(environmentPrefix))) return 0;
  return remote.patience;
}

export function plus(used: Usage, needs: Needs): Usage {
  return { cpus: used.cpus + needs.cpus, memory: used.memory + needs.memory, gpus: used.gpus + needs.gpus };
}

export function minus(used: Usage, needs: Needs): Usage {
  return { cpus: used.cpus - needs.cpus, memory: used.memory - needs.memory, gpus: used.gpus - needs.gpus };
}
