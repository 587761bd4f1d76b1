import type { Secret } from '../fan-out-file/yaml-tree.js';
import type { ContainerSpec, FanOut, TaskCommand } from '../fan-out.js';
import type { Gang } from '../gang.js';

/** A manifest, read and checked: all that running it takes. Paths are absolute. */
export interface ManifestPlan {
  readonly gang: Omit<Gang, 'port'>;
  readonly command: TaskCommand;
  /** `needs` is the most that any rank needs. */
  readonly job: FanOut['job'];
  /** Undefined: ranks are plain processes. */
  readonly container: ContainerSpec | undefined;
  /** How the container's image is made; undefined: it is pulled, or there is no container. */
  readonly build: ImageBuild | undefined;
  /** Where plain processes run, and what an image is made from. */
  readonly context: string;
  /** What must not be shown: by where it stands in the file, and what stands there. */
  readonly secrets: readonly Secret[];
}

/** How an image is made. */
export interface ImageBuild {
  /** A program with the command line of docker. */
  readonly engine: string;
  /** What people call it. */
  readonly name: string;
  readonly dockerfile: string;
  readonly context: string;
}
