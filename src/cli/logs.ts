import { watch } from 'chokidar';
import { setTimeout } from 'node:timers/promises';
import type { LogStream } from '../queue/layout.js';
import type { Place } from '../queue/places.js';
import type { Files } from '../system/files.js';
import { filesFor, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { findJob } from './find-job.js';
import type { Project } from './project.js';
import { copyTo, sayJson } from './say.js';
import { taskLogsCommand } from './task-logs.js';

const streams: readonly LogStream[] = ['out', 'err'];
/** Bytes copied at a time. */
const chunk = 1024 * 1024;
/** Milliseconds between two looks behind the watcher: on a shared filesystem it hears nothing. */
const lookEvery = 500;

export async function logsCommand(
  project: Project,
  wanted: string,
  follow: boolean,
  json: boolean,
): Promise<ExitCode> {
  const ofTask = await taskLogsCommand(project, wanted, follow, json);
  if (ofTask !== undefined) return ofTask;
  const files = filesFor(project);
  const [place] = findJob(project, files, wanted);
  if (json) {
    const text = (stream: LogStream): string | null =>
      readText(files, project.layout.log(place.entry, stream));
    sayJson({
      project: project.name,
      entry: place.entry,
      state: place.state,
      out: text('out'),
      err: text('err'),
    });
    return exitCode.fine;
  }
  const log = new LogCopier(files, project, place.entry);
  await log.copy();
  if (follow) await followLog(project, files, place, log, wanted);
  return exitCode.fine;
}

function readText(files: Files, path: string): string | null {
  const bytes = files.readFrom(path, 0, Number.MAX_SAFE_INTEGER);
  return bytes === undefined ? null : Buffer.from(bytes).toString('utf8');
}

/** Copies what was not yet copied of one execution's output: its standard output to ours, its errors to ours. */
export class LogCopier {
  readonly #files: Files;
  readonly #project: Project;
  readonly #entry: string;
  readonly #offsets: Record<LogStream, number> = { out: 0, err: 0 };

  constructor(files: Files, project: Project, entry: string) {
    this.#files = files;
    this.#project = project;
    this.#entry = entry;
  }

  async copy(): Promise<void> {
    for (const stream of streams) {
      const path = this.#project.layout.log(this.#entry, stream);
      for (;;) {
        const bytes = this.#files.readFrom(path, this.#offsets[stream], chunk);
        if (bytes === undefined || bytes.length === 0) break;
        this.#offsets[stream] += bytes.length;
        await copyTo(stream, bytes);
      }
    }
  }
}

/** Until the execution is over; what it printed last is copied, too. */
async function followLog(
  project: Project,
  files: Files,
  place: Place,
  log: LogCopier,
  wanted: string,
): Promise<void> {
  const paths = streams.map((stream) => project.layout.log(place.entry, stream));
  const watcher = watch(paths, {
    atomic: false,
    usePolling: thisHost().isShared(project.layout.root),
    interval: lookEvery,
  });
  let rang: () => void = () => undefined;
  watcher.on('all', () => {
    rang();
  });
  try {
    for (let over = false; !over;) {
      const { state, entry } = findJob(project, files, wanted)[0];
      over = entry !== place.entry || state === 'done' || state === 'failed';
      // How long a file is that grows on another host may be remembered here.
      for (const path of paths) files.refresh(path);
      await log.copy();
      if (!over)
        await Promise.race([setTimeout(lookEvery), new Promise<void>((resolve) => (rang = resolve))]);
    }
  } finally {
    await watcher.close();
  }
}
