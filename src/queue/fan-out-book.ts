import { type FanOut, parseSlice, tasksIn } from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import type { Files } from '../system/files.js';
import { parseEntryName } from './entry-name.js';
import { FanOutPaths, fanOutSuffix, parseSeal } from './fan-out-paths.js';
import { FanOutTally } from './fan-out-tally.js';
import { LineReader } from './line-reader.js';
import { perform } from './perform.js';
import type { Place } from './places.js';
import { list, read } from './steps.js';
import { type TaskLine, parseTaskLines } from './task-line.js';

/** Whether a place in a project is a fan-out job's directory. */
export function isFanOut(files: Files, { entry, path }: Pick<Place, 'entry' | 'path'>): boolean {
  return parseEntryName(entry).job.endsWith(fanOutSuffix) && files.exists(new FanOutPaths(path).file);
}

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

interface GangTry {
  /** Tokens of those that lines or seals tell of. */
  readonly slices: Set<string>;
  /** Ranks that came back without an outcome. */
  readonly returned: number[];
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
  /** By the try of a gang. */
  readonly #tries = new Map<string, GangTry>();
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
    const pieces = this.refreshInPieces(fresh);
    while (pieces.next().done !== true);
  }

  /** The same, some milliseconds' worth for each step. */
  *refreshInPieces(fresh: boolean): Generator<void> {
    for (const file of perform(this.#files, list(this.#paths.outcomes)) ?? []) {
      const writer = file.replace(/\.jsonl$/, '');
      for (const text of fresh ? this.#outcomes.readAnew(file) : this.#outcomes.read(file)) {
        this.#add(writer, [text]);
        yield;
      }
    }
    this.#readSeals();
  }

  /** Whether ranks came back in this try of a gang without an outcome. */
  hasReturned(gang: string): boolean {
    return this.#tries.get(gang)?.returned.some((rank) => this.tally.stateOf(rank) === 'open') === true;
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
          if (line.gang !== undefined) this.#noteTry(line.gang, line.token, []);
          const counts = this.tally.add(line, writer);
          this.#onLine?.(line, writer, counts);
        }
      }
  }

  /**
   * What a rank comes to when another of its try was taken away is not its own doing: such failures do not count, if all
   * that is left begins anew.
   */
  #noteTry(gang: string, token: string, returned: readonly number[]): void {
    const one = this.#tries.get(gang) ?? { slices: new Set(), returned: [] };
    this.#tries.set(gang, one);
    one.slices.add(token);
    one.returned.push(...returned);
    if (one.returned.length > 0 && this.fanOut.gang?.failure === 'fail-all')
      for (const slice of one.slices) this.tally.pardon(slice);
  }

  #readSeals(): void {
    for (const name of perform(this.#files, list(this.#paths.sealed)) ?? []) {
      const seal = this.#sealed.has(name) ? undefined : parseSeal(name);
      if (seal === undefined) continue;
      const content = perform(this.#files, read(`${this.#paths.sealed}/${name}`));
      const slice = content === undefined ? undefined : parseSlice(content);
      if (slice === undefined) continue;
      if (!this.tally.seal(seal.token, seal.lines, tasksIn(slice.tasks), seal.lost)) continue;
      this.#sealed.add(name);
      if (slice.gang !== undefined) {
        const returned = [...tasksIn(slice.tasks)].filter((rank) => !this.tally.hasEnded(rank, seal.token));
        this.#noteTry(slice.gang, seal.token, returned);
      }
    }
  }
}
