import type { ContainerSpec, FanOut, LogFiles, SshWorkers, TaskCommand } from '../fan-out.js';
import type { InputSource } from './input-source.js';
import type { MaxFailures } from './schema.js';
import type { Secret } from './yaml-tree.js';

/** A fan-out file, read and checked: all that running it takes. Paths are as they were written. */
export interface FanOutPlan {
  readonly name: string | undefined;
  /** Undefined: the image does what it does by itself. There is a container then. */
  readonly command: TaskCommand | undefined;
  /** Undefined: tasks are plain processes. */
  readonly docker: ContainerSpec | undefined;
  readonly input: InputSource;
  /** `needs.resources` is empty: which pools stand for `taskResources` is for the run to say. */
  readonly job: FanOut['job'];
  readonly workers: WorkersPlan;
  readonly logFiles: LogFiles | undefined;
  readonly workerResources: readonly ResourcePlan[];
  readonly taskResources: readonly ResourcePlan[];
  /** Undefined: all tasks are tried. */
  readonly maxFailures: MaxFailures | undefined;
  /** Whether what runs is stopped, too, when too many tasks have failed. */
  readonly failFast: boolean;
  /** How many contiguous pieces the inputs are split into; undefined: each is a task. */
  readonly shards: number | undefined;
  /** What must not be shown: by where it stands in the file, and what stands there. */
  readonly secrets: readonly Secret[];
}

export type WorkersPlan =
  /** The project's crews. */
  | { readonly kind: 'crews' }
  | { readonly kind: 'local'; readonly workers: number }
  /** `path`: the file that names the hosts. */
  | (SshWorkers & { readonly kind: 'ssh'; readonly path: string });

/** A pool by the name that tasks know it by. */
export type ResourcePlan =
  /** This run's own. Each item is there once. */
  | { readonly kind: 'items'; readonly name: string; readonly items: readonly string[] }
  /** The project's. */
  | { readonly kind: 'pool'; readonly name: string; readonly pool: string };
