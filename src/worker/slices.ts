import type { FanOut, Slice, TaskInput } from '../job/fan-out.js';
import { FanOutInputs } from '../queue/fan-out-inputs.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { read } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Clock } from '../system/clock.js';
import { OutcomeLines } from './outcome-lines.js';
import type { Scratch } from './scratch.js';
import { TaskOutput } from './task-output.js';

interface KnownFanOut {
  readonly fanOut: FanOut;
  readonly inputs: FanOutInputs;
  readonly output: TaskOutput;
  readonly lines: OutcomeLines;
  readonly paths: FanOutPaths;
}

/** What a slice's tasks need of their fan-out job. */
export interface SliceParts {
  readonly fanOut: FanOut;
  readonly inputs: readonly TaskInput[];
  readonly output: TaskOutput;
  readonly lines: OutcomeLines;
  readonly paths: FanOutPaths;
}

/** Whose slices they are. */
interface CrewParts {
  readonly id: CrewId;
  readonly layout: Layout;
  readonly files: Files;
  readonly clock: Clock;
  readonly scratch: Scratch;
}

/** Fan-out jobs that are remembered at a time. */
const remembered = 20;

/** The fan-out jobs that a crew's slices are of. What they say never changes, so it is read once. */
export class Slices {
  readonly #crew: CrewParts;
  readonly #known = new Map<string, KnownFanOut>();

  constructor(crew: CrewParts) {
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
    const { id, layout, files, clock, scratch } = this.#crew;
    const paths = new FanOutPaths(layout.queued(of));
    const known = this.#known.get(of);
    if (known !== undefined) {
      // The one that was used last is forgotten last.
      this.#known.delete(of);
      this.#known.set(of, known);
      return known;
    }
    const bytes = perform(files, read(paths.file));
    if (bytes === undefined) return undefined;
    const fanOut = JSON.parse(Buffer.from(bytes).toString('utf8')) as FanOut;
    const inputs = new FanOutInputs(files, paths);
    const found = {
      fanOut,
      inputs,
      paths,
      output: new TaskOutput(files, paths, id, fanOut.outputCap, scratch.delivery),
      lines: new OutcomeLines(files, clock, paths.outcomesOf(id)),
    };
    this.#known.set(of, found);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= remembered) break;
      this.#known.delete(oldest);
    }
    return found;
  }
}
