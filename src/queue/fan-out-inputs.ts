import type { TaskInput } from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import type { Files } from '../system/files.js';
import type { FanOutPaths } from './fan-out-paths.js';

/** Inputs between two lines of `inputs.offsets`. */
export const offsetStride = 1000;

export function formatInput(input: TaskInput): string {
  return `${JSON.stringify(input)}\n`;
}

/** Bytes of inputs that are read at a time. */
const chunk = 1024 * 1024;

/** Reads inputs by their numbers, without reading those before. */
export class FanOutInputs {
  readonly #files: Pick<Files, 'readFrom'>;
  readonly #paths: FanOutPaths;
  #offsets: readonly number[] | undefined;

  constructor(files: Pick<Files, 'readFrom'>, paths: FanOutPaths) {
    this.#files = files;
    this.#paths = paths;
  }

  /** Inputs `first` to `last`; undefined: the fan-out job is gone, or has fewer. */
  read(first: number, last: number): TaskInput[] | undefined {
    this.#offsets ??= this.#readOffsets();
    const start = this.#offsets?.[Math.floor(first / offsetStride)];
    if (start === undefined) return undefined;
    // Undefined: they may be in the last part.
    const end = this.#offsets?.[Math.floor(last / offsetStride) + 1];
    const skip = first % offsetStride;
    const wanted = skip + last - first + 1;
    const lines: string[] = [];
    let rest = '';
    const decoder = new TextDecoder();
    for (let offset = start; lines.length < wanted;) {
      const most = Math.min(chunk, (end ?? Infinity) - offset);
      const bytes = this.#files.readFrom(this.#paths.inputs, offset, most);
      if (bytes === undefined || bytes.length === 0) return undefined;
      offset += bytes.length;
      const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      // One by one: a chunk of short inputs has more lines than a call may have arguments.
      for (const part of parts) lines.push(part);
    }
    return lines.slice(skip, wanted).map((line) => this.#parse(line));
  }

  /** All of them in order, each as the line of JSON that it is. */
  *lines(): Generator<string> {
    let rest = '';
    const decoder = new TextDecoder();
    for (let offset = 0; ;) {
      const bytes = this.#files.readFrom(this.#paths.inputs, offset, chunk);
      if (bytes === undefined || bytes.length === 0) return;
      offset += bytes.length;
      const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  }

  #parse(line: string): TaskInput {
    try {
      return JSON.parse(line) as TaskInput;
    } catch (error) {
      throw new FjrError('bad-input', `${this.#paths.inputs} is damaged`, { cause: error });
    }
  }

  #readOffsets(): number[] | undefined {
    const bytes = this.#files.readFrom(this.#paths.offsets, 0, Infinity);
    if (bytes === undefined) return undefined;
    return Buffer.from(bytes).toString('latin1').trimEnd().split('\n').map(Number);
  }
}
