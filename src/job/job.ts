/** What a job is, whichever door it came through. */

import type { Slice } from './fan-out.js';

/** Items of one resource pool that a job holds while it runs. */
export interface ResourceNeed {
  readonly pool: string;
  readonly count: number;
}

/** What is told apart among GPUs. */
export interface GpuKind {
  /** Bytes. Of a job: at least so many, 0 being any; of a host: of each of its GPUs. */
  readonly memory: number;
  /** Undefined: any, or not known. */
  readonly model: string | undefined;
  readonly architecture: string | undefined;
}

/** What a crew must offer for a job to run there. */
export interface Needs {
  /** CPUs; a job that asks for none counts as one. */
  readonly cpus: number;
  /** Bytes; 0 asks for nothing. */
  readonly memory: number;
  readonly gpus: number;
  readonly resources: readonly ResourceNeed[];
  /** Words that its crew must be labelled with. */
  readonly labels: readonly string[];
  /** Seconds that it may take, by its time limit; 0 if it has none. Crews whose time runs out do not take it. */
  readonly seconds: number;
  /** What its GPUs must be; left out: any will do. */
  readonly gpu?: GpuKind;
  /** Whether it says which files it needs and leaves, so that it may run on hosts that share nothing with the project. */
  readonly portable?: boolean;
  /** Crews labelled `group.NAME` take jobs of the group before all others. */
  readonly group?: string;
}

/** How a job's process is made: a command line for the shell, or the job file itself. */
export type Command =
  | { readonly kind: 'executable'; readonly line: string }
  | { readonly kind: 'script'; readonly interpreter: readonly string[] }
  /** The job file is a fan-out file: the job is to submit it. */
  | { readonly kind: 'fan-out-file' }
  /** The job file says what was asked of a spec. */
  | { readonly kind: 'spec' }
  /** The job file says what a worker is to run that shares nothing with the project. */
  | { readonly kind: 'decode' }
  /** Tasks of a fan-out job, one after another. */
  | { readonly kind: 'slice'; readonly slice: Slice };

export interface Job {
  readonly command: Command;
  /** Seconds; undefined: as long as it takes. */
  readonly timeout: number | undefined;
  /** How often each kind of failure is tried again: exit code, signal, timeout, spawn error. */
  readonly retries: number;
  /** Seconds before the first retry; doubled before each further one. */
  readonly retryDelay: number;
  /** Higher goes first. */
  readonly priority: number;
  readonly nice: number;
  readonly needs: Needs;
  /** Names of jobs that must be done before. */
  readonly after: readonly string[];
  readonly workdir: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** The job's own log file, which fjr makes before the job starts (relative to `workdir`). */
  readonly logfile: string | undefined;
  /** Where it runs on a host that shares nothing: files that are brought there, as paths and patterns from `workdir` on … */
  readonly inputs: readonly string[];
  /** … and that are brought back. */
  readonly outputs: readonly string[];
  /** Whether no host is to have it that has lost it before. */
  readonly elsewhere: boolean;
}

export const plainNeeds: Needs = Object.freeze({
  cpus: 1,
  memory: 0,
  gpus: 0,
  resources: Object.freeze([]),
  labels: Object.freeze([]),
  seconds: 0,
});

/** Whether a job does not care which crew has it. */
export function goesAnywhere({ labels, seconds, gpu, portable = false, group }: Needs): boolean {
  return labels.length === 0 && seconds === 0 && gpu === undefined && !portable && group === undefined;
}

/** Whether a job takes nothing of a host but one of its workers. */
export function takesOneWorker({ cpus, memory, gpus, resources }: Needs): boolean {
  return cpus === 1 && memory === 0 && gpus === 0 && resources.length === 0;
}

export const jobDefaults: Omit<Job, 'command'> = Object.freeze({
  timeout: undefined,
  retries: 0,
  retryDelay: 1,
  priority: 0,
  nice: 9,
  needs: plainNeeds,
  after: Object.freeze([]),
  workdir: undefined,
  env: Object.freeze({}),
  logfile: undefined,
  inputs: Object.freeze([]),
  outputs: Object.freeze([]),
  elsewhere: false,
});
