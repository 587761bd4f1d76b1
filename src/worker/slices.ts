import type { FanOut, Slice, TaskInput } from '../job/fan-out.js';
import { FanOutInputs } from '../queue/fan-out-inputs.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { read } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import { TaskOutput } from './task-output.js';

interface KnownFanOut {
  readonly fanOut: FanOut;
  readonly inputs: FanOutInputs;
  readonly output: TaskOutput;
  readonly paths: FanOutPaths;
}

/** What a slice's tasks need of their fan-out job. */
export interface SliceParts {
  readonly fanOut: FanOut;
  readonly inputs: readonly TaskInput[];
  readonly output: TaskOutput;
  readonly paths: FanOutPaths;
}

/** Fan-out jobs that are remembered at a time. */
const remembered = 20;

/** The fan-out jobs that a crew's slices are of. What they say never changes, so it is read once. */
export class Slices {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #crew: CrewId;
  readonly #known = new Map<string, KnownFanOut>();

  constructor(files: Files, layout: Layout, crew: CrewId) {
    this.#files = files;
    this.#layout = layout;
    this.#crew = crew;
  }

  /** Undefined: the fan-out job is gone, or damaged. */
  partsOf(slice: Slice): SliceParts | undefined {
    const known = this.#find(slice.of);
    if (known === undefined) return undefined;
    const inputs: TaskInput[] = [];
    for (const [first, last] of slice.tasks) {
      const part = known.inputs.read(first, last);
      if (part === undefined) return undefined;
      for (const input of part) inputs.push(input);
    }
    return { ...known, inputs };
  }

  #find(of: string): KnownFanOut | undefined {
    const paths = new FanOutPaths(this.#layout.queued(of));
    const known = this.#known.get(of);
    if (known !== undefined) {
      // The one that was used last is forgotten last.
      this.#known.delete(of);
      this.#known.set(of, known);
      return known;
    }
    const bytes = perform(this.#files, read(paths.file));
    if (bytes === undefined) return undefined;
    const fanOut = JSON.parse(Buffer.from(bytes).toString('utf8')) as FanOut;
    const inputs = new FanOutInputs(this.#files, paths);
    const found = {
      fanOut,
      inputs,
      paths,
      output: new TaskOutput(this.#files, paths, this.#crew, fanOut.outputCap),
    };
    this.#known.set(of, found);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= remembered) break;
      this.#known.delete(oldest);
    }
    return found;
  }
}
