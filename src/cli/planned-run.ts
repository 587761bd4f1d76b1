import type { ResourcePlan, WorkersPlan } from '../job/fan-out-file/plan.js';
import type { InputSource } from '../job/fan-out-file/input-source.js';
import type { Secret } from '../job/fan-out-file/yaml-tree.js';
import type { FanOut, TaskInput } from '../job/fan-out.js';
import type { ImageBuild } from '../job/manifest/plan.js';

/** Bytes of a stream of one task that are kept. */
export const outputCap = 64 * 2 ** 20;

/** A file that was read: a run that could begin. */
export interface PlannedRun {
  /** What its directory in the queue will be called. */
  readonly name: string;
  readonly what: Omit<FanOut, 'format' | 'tasks'>;
  readonly inputs: Iterable<TaskInput>;
  /** Its tasks are so many contiguous pieces of the inputs; undefined: each input is one. */
  readonly split: { readonly source: InputSource; readonly shards: number } | undefined;
  readonly workers: WorkersPlan;
  /** Workers without whom nothing of it could run. */
  readonly leastWorkers: number;
  /** Pools that its tasks need. */
  readonly resources: readonly ResourcePlan[];
  /** The image that must be made before it begins; `what.container` names it as people do until then. */
  readonly build: ImageBuild | undefined;
  /** What must not be shown. */
  readonly secrets: readonly Secret[];
}
