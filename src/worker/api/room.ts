import type { Gpu } from '../../system/gpus.js';
import type { GpuNeed } from './job-specs.js';

/** What a machine offers to jobs from elsewhere. */
export interface Machine {
  /** Jobs at a time. */
  readonly workers: number;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: readonly Gpu[];
}

export interface Taking {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
}

/** What a job that is here has of the machine. */
export interface Share extends Omit<Taking, 'gpus'> {
  /** Which GPUs, as positions in the machine's list. */
  readonly gpus: readonly number[];
}

/** What is free. */
export interface Free extends Taking {
  /** The first GPU that is free. */
  readonly gpu: Gpu | undefined;
}

/** What of a machine is taken, from the moment in which a job is accepted. */
export class Room {
  readonly machine: Machine;
  readonly #shares = new Set<Share>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Undefined: there is no room for anything. */
  free(): Free | undefined {
    const { workers, gpus } = this.machine;
    const cpus = this.machine.cpus - this.#sum('cpus');
    const memory = this.machine.memory - this.#sum('memory');
    const [first] = this.#freeGpus();
    if (this.#shares.size >= workers || cpus < 1 || memory <= 0) return undefined;
    return {
      cpus,
      memory,
      gpus: this.#freeGpus().length,
      gpu: first === undefined ? undefined : gpus[first],
    };
  }

  /** Why the machine could not run a job even if it had nothing else to do; undefined: it could. */
  obstacle({ cpus, memory, gpus }: Taking, gpu: GpuNeed | undefined): string | undefined {
    const { machine } = this;
    if (cpus > machine.cpus) return `it needs ${cpus} CPUs, and this worker has ${machine.cpus}`;
    if (memory > machine.memory)
      return `it needs ${inMegabytes(memory)} MB of memory, and this worker has ${inMegabytes(machine.memory)}`;
    const fitting = machine.gpus.filter((one) => matches(one, gpu)).length;
    if (gpus > fitting)
      return `it needs ${gpus === 1 ? 'a GPU' : `${gpus} GPUs`}${describe(gpu)}, and this worker has ${fitting === 0 ? 'none' : fitting}`;
    return undefined;
  }

  /** Takes what a job needs. What is not there any more it must wait for; the crew sees to that, but for GPUs. */
  take({ cpus, memory, gpus }: Taking, gpu: GpuNeed | undefined): Share | undefined {
    const free = this.#freeGpus().filter((index) => matches(this.machine.gpus[index], gpu));
    if (free.length < gpus) return undefined;
    const share = { cpus, memory, gpus: free.slice(0, gpus) };
    this.#shares.add(share);
    return share;
  }

  release(share: Share): void {
    this.#shares.delete(share);
  }

  #sum(what: 'cpus' | 'memory'): number {
    let sum = 0;
    for (const share of this.#shares) sum += share[what];
    return sum;
  }

  #freeGpus(): number[] {
    const taken = new Set([...this.#shares].flatMap(({ gpus }) => gpus));
    return [...this.machine.gpus.keys()].filter((index) => !taken.has(index));
  }
}

/** As servers match: what is needed of models is the same word, and what is unknown fits only who needs nothing. */
function matches(gpu: Gpu | undefined, need: GpuNeed | undefined): boolean {
  if (gpu === undefined) return false;
  if (need === undefined) return true;
  return (
    (need.model === null || need.model === gpu.model) &&
    (need.architecture === null || need.architecture === gpu.architecture) &&
    need.memory <= gpu.memory
  );
}

function describe(need: GpuNeed | undefined): string {
  const words = [need?.model, need?.architecture, (need?.memory ?? 0) > 0 ? `${need?.memory} MB` : null];
  const named = words.filter((word) => word !== null && word !== undefined);
  return named.length === 0 ? '' : ` (${named.join(', ')})`;
}

/** MB as DECODE counts them. */
export function inMegabytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}
