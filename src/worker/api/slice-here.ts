import { type FanOut, type Slice, countTasks, formatSlice } from '../../job/fan-out.js';
import { withToken } from '../../queue/entry-name.js';
import { formatInput, offsetStride } from '../../queue/fan-out-inputs.js';
import { FanOutPaths, sliceName } from '../../queue/fan-out-paths.js';
import { perform } from '../../queue/perform.js';
import { append, create, mkdir } from '../../queue/steps.js';
import type { Token } from '../../queue/token.js';
import type { JoinedWorld } from './joined-world.js';
import type { RunPart } from './job-specs.js';

/**
 * A slice of a fan-out job on this machine: a small fan-out job of its own in the project of the machine's crew, with
 * the inputs of this slice and no others, whose lines and outputs are the slice's.
 */
export class SliceHere {
  readonly entry: string;
  /** The job file for the machine's own crew. */
  readonly content: string;
  readonly paths: FanOutPaths;
  /** Which try of its gang it belongs to; undefined: it is of none. */
  readonly gang: string | undefined;
  readonly tasks: number;
  readonly #world: JoinedWorld;
  readonly #run: RunPart;
  readonly #image: string;

  /** `image`: which file of the server is the image that was built for the run. */
  constructor(world: JoinedWorld, slice: Slice, run: RunPart, token: Token, image: string) {
    const name = `slice-${token}.run`;
    // What it keeps is here already: the server has chosen the items.
    const { kept: _, ...rest } = slice;
    this.entry = withToken(sliceName(name, slice.slice), token);
    this.content = formatSlice({ ...rest, of: name });
    this.paths = new FanOutPaths(world.crew.layout.queued(name));
    this.gang = slice.gang;
    this.tasks = countTasks(slice.tasks);
    this.#world = world;
    this.#run = run;
    this.#image = image;
  }

  /** `directory`: where its tasks work. */
  async prepare(directory: string, signal: AbortSignal): Promise<void> {
    const { files, downloads } = this.#world;
    const { paths } = this;
    for (const path of [paths.directory, paths.outcomes, paths.sealed, paths.output])
      perform(files, mkdir(path));
    const { logFiles: _, ssh: __, ...fanOut } = this.#run.fanOut;
    const here: FanOut = { ...fanOut, job: { ...fanOut.job, workdir: directory } };
    perform(files, create(paths.file, JSON.stringify(here)));
    this.#writeInputs();
    if (this.gang !== undefined) perform(files, create(paths.gang({ kind: 'open' }), ''));
    if (fanOut.container?.pull === 'load') await downloads.fetch(this.#image, paths.image, signal);
  }

  async remove(): Promise<void> {
    await this.#world.workplace.removeTree(this.paths.directory);
  }

  /** At their own places: in each thousand of which one is ours, others are there without what they say. */
  #writeInputs(): void {
    const { files } = this.#world;
    const inputs = new Map(this.#run.inputs);
    const thousands = new Set([...inputs.keys()].map((task) => Math.floor(task / offsetStride)));
    let bytes = 0;
    let offsets = '';
    for (let thousand = 0; thousand <= Math.max(0, ...thousands); thousand++) {
      offsets += `${bytes}\n`;
      if (!thousands.has(thousand)) continue;
      let lines = '';
      for (let task = thousand * offsetStride; task < (thousand + 1) * offsetStride; task++)
        lines += formatInput(inputs.get(task) ?? '');
      bytes += Buffer.byteLength(lines);
      perform(files, append(this.paths.inputs, lines));
    }
    perform(files, append(this.paths.offsets, offsets));
  }
}
