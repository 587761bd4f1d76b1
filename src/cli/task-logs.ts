import { setTimeout } from 'node:timers/promises';
import { FjrError } from '../job/fjr-error.js';
import { isSuccess } from '../job/outcome.js';
import type { LogStream } from '../queue/layout.js';
import { isFanOut } from '../queue/fan-out-book.js';
import { outcomeOfLine } from '../queue/task-line.js';
import { type TaskLog, TaskLogReader } from '../queue/task-logs.js';
import type { Files } from '../system/files.js';
import { filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { parseTaskName } from './fan-outs.js';
import { findJob } from './find-job.js';
import type { Project } from './project.js';
import { copyTo, sayJson } from './say.js';

/** Milliseconds between two looks at what a running task has printed. */
const lookEvery = 500;

/** `fjr logs JOB/17`: what one task of a fan-out job printed. Undefined: that names no task. */
export async function taskLogsCommand(
  project: Project,
  wanted: string,
  follow: boolean,
  json: boolean,
): Promise<ExitCode | undefined> {
  const named = parseTaskName(wanted);
  if (named === undefined) return undefined;
  const files = filesFor(project);
  const [place] = findJob(project, files, named.job);
  if (!isFanOut(files, place)) return undefined;
  const reader = new TaskLogReader(files, place.path, named.task);
  const { tasks } = reader;
  if (named.task >= tasks)
    throw new FjrError('no-such-job', `"${named.job}" has no task ${named.task}`, {
      hint: `its tasks are numbered from 0 to ${tasks - 1}`,
    });
  if (json) {
    const { logs, line } = reader.look();
    const state = line === undefined ? 'waiting' : isSuccess(outcomeOfLine(line)) ? 'done' : 'failed';
    const isRunning = line === undefined && Object.keys(logs).length > 0;
    sayJson({
      project: project.name,
      entry: `${place.entry}/${named.task}`,
      state: isRunning ? 'running' : state,
      out: textOf(files, logs.out),
      err: textOf(files, logs.err),
    });
    return exitCode.fine;
  }
  await new TaskCopier(files, project, named).copy(follow);
  return exitCode.fine;
}

function textOf(files: Files, log: TaskLog | undefined): string | null {
  if (log === undefined) return null;
  const bytes = files.readFrom(log.path, log.offset, log.bytes ?? Number.MAX_SAFE_INTEGER);
  return bytes === undefined ? null : Buffer.from(bytes).toString('utf8');
}

/** Copies what a task's newest execution printed, and goes on while it runs. */
class TaskCopier {
  readonly #files: Files;
  readonly #project: Project;
  readonly #named: { readonly job: string; readonly task: number };
  /** Bytes of each stream that were copied. */
  readonly #copied: Record<LogStream, number> = { out: 0, err: 0 };
  #reader: { readonly directory: string; readonly logs: TaskLogReader } | undefined;

  constructor(files: Files, project: Project, named: { readonly job: string; readonly task: number }) {
    this.#files = files;
    this.#project = project;
    this.#named = named;
  }

  async copy(follow: boolean): Promise<void> {
    for (;;) {
      const [place] = findJob(this.#project, this.#files, this.#named.job);
      const { logs, line } = this.#readerOf(place.path).look(follow);
      for (const stream of ['out', 'err'] as const) {
        const log = logs[stream];
        // How long a file is that grows on another host may be remembered here.
        if (follow && log !== undefined) this.#files.refresh(log.path);
        await this.#copyStream(stream, log);
      }
      const isOver = line !== undefined || place.state === 'done' || place.state === 'failed';
      if (isOver || !follow) return;
      await setTimeout(lookEvery);
    }
  }

  /** Its job's directory is moved when all of it is over. */
  #readerOf(directory: string): TaskLogReader {
    if (this.#reader?.directory !== directory)
      this.#reader = { directory, logs: new TaskLogReader(this.#files, directory, this.#named.task) };
    return this.#reader.logs;
  }

  async #copyStream(stream: LogStream, log: TaskLog | undefined): Promise<void> {
    if (log === undefined) return;
    const copied = this.#copied[stream];
    const rest = log.bytes === undefined ? Number.MAX_SAFE_INTEGER : log.bytes - copied;
    const bytes = this.#files.readFrom(log.path, log.offset + copied, rest);
    if (bytes === undefined || bytes.length === 0) return;
    this.#copied[stream] += bytes.length;
    await copyTo(stream, bytes);
  }
}
