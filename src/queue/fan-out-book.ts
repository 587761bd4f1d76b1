import { type FanOut, type TaskRange, parseSlice, tasksIn } from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import type { Files } from '../system/files.js';
import { type FanOutPaths, parseSeal } from './fan-out-paths.js';
import { FanOutTally } from './fan-out-tally.js';
import { LineReader } from './line-reader.js';
import { perform } from './perform.js';
import { list, read } from './steps.js';
import { type TaskLine, parseTaskLines } from './task-line.js';

/** Reads what a fan-out job is. Throws FjrError if the directory holds none, or a damaged one. */
export function readFanOut(files: Files, paths: FanOutPaths): FanOut {
  const bytes = perform(files, read(paths.file));
  if (bytes === undefined) throw notFanOut('it is a directory without fan-out.json');
  try {
    const fanOut = JSON.parse(Buffer.from(bytes).toString('utf8')) as FanOut;
    const isSound = Number.isInteger(fanOut.tasks) && fanOut.tasks >= 0 && fanOut.tasks < 2 ** 31;
    if ((fanOut.format as number) === 1 && isSound && typeof fanOut.job === 'object') return fanOut;
  } catch {
    // Told below.
  }
  throw notFanOut('its fan-out.json cannot be understood');
}

export function notFanOut(reason: string): FjrError {
  return new FjrError('not-a-fan-out', reason, { hint: 'submit inputs with fjr submit or fjr run' });
}

/** Told of every line. `counts`: as far as the seals say that have been read by then. */
type LineListener = (line: TaskLine, writer: string, counts: boolean) => void;

/** What has become of a fan-out job's tasks: follows the lines and seals in its directory, and changes nothing. */
export class FanOutBook {
  readonly fanOut: FanOut;
  readonly tally: FanOutTally;
  readonly #files: Files;
  readonly #paths: FanOutPaths;
  readonly #outcomes: LineReader;
  readonly #sealed = new Set<string>();
  /** By the try of a gang, ranks whose slices were taken back. */
  readonly #returned = new Map<string, TaskRange[]>();
  readonly #onLine: LineListener | undefined;

  constructor(files: Files, paths: FanOutPaths, onLine?: LineListener) {
    this.#files = files;
    this.#paths = paths;
    this.#onLine = onLine;
    this.fanOut = readFanOut(files, paths);
    this.tally = new FanOutTally(this.fanOut);
    this.#outcomes = new LineReader(files, paths.outcomes);
  }

  /** Reads what crews wrote since, and what was taken back. `fresh`: whatever this host remembers of the files. */
  refresh(fresh = false): void {
    for (const file of perform(this.#files, list(this.#paths.outcomes)) ?? [])
      this.#add(
        file.replace(/\.jsonl$/, ''),
        fresh ? this.#outcomes.readAnew(file) : this.#outcomes.read(file),
      );
    this.#readSeals();
  }

  /** Whether ranks came back in this try of a gang without an outcome. */
  hasReturned(gang: string): boolean {
    return [...tasksIn(this.#returned.get(gang) ?? [])].some((rank) => this.tally.stateOf(rank) === 'open');
  }

  /** Reads what one crew wrote since: it is known that there is something. */
  hear(writer: string): void {
    this.#add(writer, this.#outcomes.readFresh(`${writer}.jsonl`));
  }

  #add(writer: string, texts: Iterable<string>): void {
    for (const text of texts)
      for (const line of parseTaskLines(text)) {
        if ('forgive' in line) this.tally.forgive(line.task, line.forgive);
        else {
          const counts = this.tally.add(line, writer);
          this.#onLine?.(line, writer, counts);
        }
      }
  }

  #readSeals(): void {
    for (const name of perform(this.#files, list(this.#paths.sealed)) ?? []) {
      const seal = this.#sealed.has(name) ? undefined : parseSeal(name);
      if (seal === undefined) continue;
      const content = perform(this.#files, read(`${this.#paths.sealed}/${name}`));
      const slice = content === undefined ? undefined : parseSlice(content);
      if (slice === undefined) continue;
      if (slice.gang !== undefined)
        this.#returned.set(slice.gang, [...(this.#returned.get(slice.gang) ?? []), ...slice.tasks]);
      if (this.tally.seal(seal.token, seal.lines, tasksIn(slice.tasks), seal.lost)) this.#sealed.add(name);
    }
  }
}
