import type { LogFiles } from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import { type Outcome, describeOutcome, isSuccess } from '../job/outcome.js';
import type { Files } from '../system/files.js';

/** Bytes of a stream of one execution that are copied. */
export const mostCopied = 2 * 1024 * 1024;

/** One execution of a task that has ended. */
export interface Execution {
  readonly task: number;
  readonly attempt: number;
  /** Milliseconds. */
  readonly ms: number;
  /** ISO 8601. */
  readonly endedAt: string;
  readonly outcome: Outcome;
  readonly isTriedAgain: boolean;
  /** What it printed. */
  readonly out: Uint8Array;
  readonly err: Uint8Array;
}

/**
 * Files for people who look for logs where they said: `worker=<id>/task=<id>.txt`, to which each execution of a task by
 * that worker adds. They cost no task anything: what cannot be written is told of once for each slice.
 */
export class TaskLogs {
  readonly #files: Pick<Files, 'addTo' | 'ensureDirectory'>;
  readonly #spec: LogFiles;
  readonly #directory: string;
  readonly #worker: string;
  readonly #trouble: (error: FjrError) => void;
  #state: 'unknown' | 'there' | 'broken' = 'unknown';

  /** `worker`: as FJR_WORKER_ID says it. */
  constructor(
    files: Pick<Files, 'addTo' | 'ensureDirectory'>,
    spec: LogFiles,
    worker: string,
    trouble: (error: FjrError) => void,
  ) {
    this.#files = files;
    this.#spec = spec;
    this.#worker = worker;
    this.#directory = `${spec.directory}/worker=${worker}`;
    this.#trouble = trouble;
  }

  write(execution: Execution): void {
    if (this.#state === 'broken') return;
    try {
      if (this.#state === 'unknown') this.#files.ensureDirectory(this.#directory);
      this.#state = 'there';
      const path = `${this.#directory}/task=${execution.task}.txt`;
      this.#files.addTo(path, formatLog(execution, this.#spec, this.#worker));
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      this.#state = 'broken';
      this.#trouble(
        new FjrError('task-logs', `logs of tasks cannot be written: ${error.message}`, {
          hint: 'tasks go on; fjr logs shows what they print; see workers.logs.file.directory in the fan-out file',
          cause: error,
        }),
      );
    }
  }
}

/** What fjr itself says stands on lines that begin with `[fjr] `. */
export function formatLog(
  { attempt, ms, endedAt, outcome, isTriedAgain, out, err }: Execution,
  { stdout, stderr, system }: Pick<LogFiles, 'stdout' | 'stderr' | 'system'>,
  worker: string,
): Uint8Array {
  const parts: Uint8Array[] = [];
  const say = (line: string): void => {
    if (system) parts.push(Buffer.from(`[fjr] ${line}\n`));
  };
  const copy = (bytes: Uint8Array): void => {
    parts.push(bytes);
    // The next line must begin a line.
    if (bytes.length > 0 && bytes.at(-1) !== 0x0a) parts.push(Buffer.from('\n'));
  };
  const began = new Date(Date.parse(endedAt) - ms).toISOString();
  say(`${began} started by worker ${worker}, attempt ${attempt}`);
  if (stdout) copy(out);
  if (stderr && err.length > 0) {
    say('standard error:');
    copy(err);
  }
  const how = isSuccess(outcome) ? 'exit code 0' : describeOutcome(outcome);
  say(`${endedAt} ${how} after ${ms} ms${isTriedAgain ? '; it is tried again' : ''}`);
  return Buffer.concat(parts);
}
