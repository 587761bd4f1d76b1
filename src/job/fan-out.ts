/** What a fan-out job is: one command, many inputs. Each input is a task. */

import type { SshHost } from './fan-out-file/ssh-host.js';
import type { Gang } from './gang.js';
import type { Job } from './job.js';
import type { Outcome } from './outcome.js';

/** One task's input: a word, or its columns. */
export type TaskInput = string | readonly string[];

/** The input of a task that is a shard: its first and last number, or position in the list, and which shard it is. */
export type ShardInput = readonly [start: string, end: string, shard: string];

/** A piece of a run's inputs that is one task. */
export interface Shard {
  readonly input: ShardInput;
  /** A line for each of its inputs; undefined: it is a long range. */
  readonly lines: string | undefined;
}

/** How inputs are split of which each piece is a task. */
export interface Sharding {
  readonly count: number;
  /** Whether each has a file with its inputs. */
  readonly listed: boolean;
}

/** How a task's process is made from its input. */
export type TaskCommand =
  /** A line for the shell, which finds the input in its environment, and where a placeholder stands. */
  | { readonly kind: 'shell'; readonly line: string }
  /** A program and its exact arguments, in which placeholders are replaced. */
  | { readonly kind: 'argv'; readonly argv: readonly string[] };

/** A container that each task runs in. */
export interface ContainerSpec {
  /** A program with the command line of docker. */
  readonly engine: string;
  readonly image: string;
  /** `load`: from the archive in the fan-out job's directory, where it is not there yet. */
  readonly pull: 'always' | 'missing' | 'never' | 'load';
  readonly registry:
    { readonly server: string | undefined; readonly user: string; readonly password: string } | undefined;
  /** Variables inside the container only. */
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly workdir: string | undefined;
  readonly network: string | undefined;
  /** Bytes of /dev/shm. */
  readonly shm: number | undefined;
  readonly options: readonly string[];
}

/** Hosts that share nothing with us: a worker for each, and one that is there twice has two. */
export interface SshWorkers {
  readonly hosts: readonly SshHost[];
  readonly privateKey: string | undefined;
  /** Further options of ssh. */
  readonly options: readonly string[];
}

/** A label that no user can give to a crew, nor ask for: of the crew that works for one run alone. */
export function runLabel(id: string): string {
  return `run:${id}`;
}

export function isRunLabel(label: string): boolean {
  return label.startsWith(runLabel(''));
}

/** A pool of which each task has an item. `own`: it was made for this run, and goes with it. */
export interface TaskPool {
  readonly pool: string;
  readonly name: string;
  readonly own: boolean;
  /** Whether a worker has the same item in all slices of the run. */
  readonly kept?: boolean;
}

/** Pools of which each worker keeps its item for the whole run. */
export function keptPools({ pools }: Pick<FanOut, 'pools'>): string[] {
  return pools.filter(({ kept }) => kept === true).map(({ pool }) => pool);
}

/** Files for people, beside what fjr keeps: `worker=<id>/task=<id>.txt` below a directory. */
export interface LogFiles {
  /** In `fan-out.json` absolute. */
  readonly directory: string;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** What fjr says of the task: its start, how it ended, whether it is tried again. */
  readonly system: boolean;
}

/** `fan-out.json`: what all tasks have in common. Written once. */
export interface FanOut {
  readonly format: 1;
  /** `FJR_RUN_ID`: unique for every run. */
  readonly id: string;
  /** How many there are; tasks are numbered from 0. */
  readonly tasks: number;
  /** Undefined: what the container's image does by itself. */
  readonly command: TaskCommand | undefined;
  /** Undefined: tasks are plain processes. */
  readonly container: ContainerSpec | undefined;
  /** Undefined: the project's crews do the work. Else the one that is made for this run, through ssh. */
  readonly ssh?: SshWorkers | undefined;
  /** The command as it may be shown: without what came from a template. */
  readonly shown: string;
  /** What templates took from outside, and the registry's password: not to be shown wherever it stands. */
  readonly hidden?: readonly string[];
  /** Names of an input's parts; none if an input is one word. */
  readonly columns: readonly string[];
  /** Undefined: each input is a task. Else tasks' inputs are `ShardInput`s. */
  readonly shards?: Sharding | undefined;
  readonly job: Pick<
    Job,
    'timeout' | 'retries' | 'retryDelay' | 'priority' | 'nice' | 'needs' | 'workdir' | 'env'
  >;
  /** What tasks call the pools that they need: `TASK_RESOURCE_<NAME>`, or `WORKER_RESOURCE_<NAME>` of kept items. */
  readonly pools: readonly TaskPool[];
  readonly logFiles?: LogFiles | undefined;
  /** Bytes of a stream of one task that are kept: its beginning and its end. */
  readonly outputCap: number;
  /** Failed tasks after which no more are begun; undefined: all are tried. */
  readonly maxFailures: number | undefined;
  /** The same as a share of all tasks, from 0 to 1. */
  readonly maxFailureShare: number | undefined;
  /** Its tasks are ranks, which run together. `job.needs` is then the most that any of them needs. */
  readonly gang?: Gang | undefined;
  /** Whether tasks that run are stopped, too, when no more are begun. */
  readonly failFast?: boolean | undefined;
}

/** How many of its tasks may fail before no more are begun. */
export function mostFailures({
  maxFailures = Infinity,
  maxFailureShare = Infinity,
  tasks,
}: Pick<FanOut, 'maxFailures' | 'maxFailureShare' | 'tasks'>): number {
  return Math.min(maxFailures, maxFailureShare * tasks);
}

/** Tasks `first` to `last`, both included. */
export type TaskRange = readonly [first: number, last: number];

/** Reasons for which a task is tried again, counted apart. */
export type TaskFailures = Readonly<Partial<Record<FailureReason, number>>>;
export type FailureReason = 'exit' | 'signal' | 'timeout' | 'spawn-error' | 'lost';

/** A share of a fan-out job's tasks that one worker is given at a time: the content of a job file of its own. */
export interface Slice {
  /** The fan-out job. */
  readonly of: string;
  /** The how manieth that was carved from it. */
  readonly slice: number;
  readonly priority: number;
  readonly needs: Job['needs'];
  readonly nice: number;
  /** Tasks of the fan-out job that had failed for good when it was carved, as far as was known. */
  readonly failed?: number;
  readonly tasks: readonly TaskRange[];
  /** Pools of which its worker must have the item that it had before. */
  readonly kept?: readonly string[];
  /** Badges of workers on which its tasks have failed: others should have it. */
  readonly avoid?: readonly string[];
  /** What those that are tried again have behind them, by task. */
  readonly failures: Readonly<Record<string, TaskFailures>>;
  /** Of ranks that run together: which try of the gang this belongs to. It starts when that goes. */
  readonly gang?: string;
}

const sliceStart = '{"slice":';

/** Whether a job file's content is a slice. */
export function looksLikeSlice(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, sliceStart.length)).toString('latin1') === sliceStart;
}

export function formatSlice({ slice, ...rest }: Slice): string {
  return `${JSON.stringify({ slice, ...rest })}\n`;
}

/** Undefined: it is no slice, or was cut short. */
export function parseSlice(content: Uint8Array): Slice | undefined {
  try {
    const slice = JSON.parse(Buffer.from(content).toString('utf8')) as Slice;
    return Array.isArray(slice.tasks) ? slice : undefined;
  } catch {
    return undefined;
  }
}

export function* tasksIn(ranges: readonly TaskRange[]): Generator<number> {
  for (const [first, last] of ranges) for (let task = first; task <= last; task++) yield task;
}

export function countTasks(ranges: readonly TaskRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** Ascending task numbers as ranges. */
export function asRanges(tasks: readonly number[]): TaskRange[] {
  const ranges: [number, number][] = [];
  for (const task of tasks) {
    const last = ranges.at(-1);
    if (last?.[1] === task - 1) last[1] = task;
    else ranges.push([task, task]);
  }
  return ranges;
}

/** Which kind of failure an outcome is; undefined: a success, or what is never tried again. */
export function failureReason({ kind }: Outcome): FailureReason | undefined {
  switch (kind) {
    case 'exit':
    case 'signal':
    case 'timeout':
    case 'spawn-error':
    case 'lost':
      return kind;
    case 'rejected':
    case 'cancelled':
    case 'dependency':
    case 'tasks':
      return undefined;
  }
}
