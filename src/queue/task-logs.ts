import { isSuccess } from '../job/outcome.js';
import type { Files } from '../system/files.js';
import { FanOutBook } from './fan-out-book.js';
import { FanOutPaths } from './fan-out-paths.js';
import type { LogStream } from './layout.js';
import { perform } from './perform.js';
import { list } from './steps.js';
import { type PrintedAt, type TaskLine, outcomeOfLine } from './task-line.js';

/** One execution of a task, with the crew that ran it. */
export interface TaskExecution extends TaskLine {
  readonly writer: string;
}

/** Where a stream of one task's newest execution is; undefined: it printed nothing, as far as is known. */
export interface TaskLog {
  readonly path: string;
  readonly offset: number;
  /** Undefined: to the end of the file. */
  readonly bytes: number | undefined;
}

export interface TaskLogs {
  readonly logs: Readonly<Partial<Record<LogStream, TaskLog>>>;
  /** Which execution that is; undefined: there was none, as far as is known. */
  readonly token: string | undefined;
  /** How it ended; undefined: it has not, as far as is known. */
  readonly line: TaskExecution | undefined;
}

/** Finds what one task of a fan-out job printed. Each look reads what was written since the last. */
export class TaskLogReader {
  readonly #files: Files;
  readonly #paths: FanOutPaths;
  readonly #task: number;
  readonly #book: FanOutBook;
  /** Of executions that have ended. */
  readonly #ended = new Set<string>();
  #last: TaskExecution | undefined;

  /** Throws FjrError: the directory holds no fan-out job. */
  constructor(files: Files, directory: string, task: number) {
    this.#files = files;
    this.#paths = new FanOutPaths(directory);
    this.#task = task;
    this.#book = new FanOutBook(files, this.#paths, (line, writer) => {
      if (line.task !== task) return;
      this.#ended.add(line.token);
      if (this.#last === undefined || !isSuccess(outcomeOfLine(this.#last))) this.#last = { ...line, writer };
    });
  }

  /** How many tasks its job has. */
  get tasks(): number {
    return this.#book.fanOut.tasks;
  }

  /** The newest execution: of those that ended the last one, unless one runs long enough to have files. */
  look(fresh = false): TaskLogs {
    const pieces = this.lookInPieces(fresh);
    for (;;) {
      const next = pieces.next();
      if (next.done === true) return next.value;
    }
  }

  /** The same, some milliseconds' worth for each step. `fresh`: whatever this host remembers of the files. */
  *lookInPieces(fresh: boolean): Generator<void, TaskLogs> {
    yield* this.#book.refreshInPieces(fresh);
    const running = this.#running();
    if (running !== undefined) return running;
    const last = this.#last;
    if (last === undefined) return { logs: {}, token: undefined, line: undefined };
    const logs: Partial<Record<LogStream, TaskLog>> = {};
    for (const stream of ['out', 'err'] as const) {
      const [offset, bytes] = placeOf(last[stream]) ?? [];
      if (bytes === undefined) continue;
      logs[stream] =
        offset === undefined
          ? { path: this.#paths.outputOf(this.#task, last.token, stream), offset: 0, bytes }
          : { path: this.#paths.packOf(last.writer), offset, bytes };
    }
    return { logs, token: last.token, line: last };
  }

  /** Files of an execution that has no line yet. */
  #running(): TaskLogs | undefined {
    const logs: Partial<Record<LogStream, TaskLog>> = {};
    let newest: string | undefined;
    for (const name of perform(this.#files, list(this.#paths.output)) ?? []) {
      const [, number, token = '', stream] = /^(\d+)@([^.]+)\.(out|err)$/.exec(name) ?? [];
      if (Number(number) !== this.#task || this.#ended.has(token)) continue;
      if (stream !== 'out' && stream !== 'err') continue;
      newest = token;
      logs[stream] = { path: `${this.#paths.output}/${name}`, offset: 0, bytes: undefined };
    }
    return newest === undefined ? undefined : { logs, token: newest, line: undefined };
  }
}

/** What a line says of it: workers elsewhere write lines, too. Without an offset: it has a file of its own. */
function placeOf(
  at: PrintedAt | undefined,
): readonly [offset: number | undefined, bytes: number] | undefined {
  const [offset, bytes] = Array.isArray(at)
    ? at
    : [undefined, (at as { bytes?: unknown } | undefined)?.bytes];
  const isPlace = isCount(bytes) && (offset === undefined || isCount(offset));
  return isPlace ? [offset, bytes] : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
