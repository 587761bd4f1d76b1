import type { FanOut, TaskInput } from '../job/fan-out.js';
import { hideValues } from '../job/fan-out-file/secrets.js';
import { FjrError } from '../job/fjr-error.js';
import { isSuccess } from '../job/outcome.js';
import { isIgnored } from '../queue/entry-name.js';
import { FanOutBook, isFanOut } from '../queue/fan-out-book.js';
import { FanOutInputs } from '../queue/fan-out-inputs.js';
import { FanOutPaths, type FanOutProgress, fanOutSuffix } from '../queue/fan-out-paths.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import type { Place } from '../queue/places.js';
import { list, read } from '../queue/steps.js';
import { outcomeOfLine } from '../queue/task-line.js';
import type { TaskExecution } from '../queue/task-logs.js';
import type { Files } from '../system/files.js';
import { findJob } from './find-job.js';
import type { Project } from './project.js';

export interface FanOutStanding extends FanOutProgress {
  /** Its name in the queue. */
  readonly name: string;
  /** The pool of which there are the fewest items, as its tasks call it; null if they need none. */
  readonly limit: { readonly pool: string; readonly items: number } | null;
}

/** The fan-out jobs in the queue, and how far each was when its dispatcher looked last. */
export function fanOutsIn(files: Files, layout: Layout, itemsOf: (pool: string) => number): FanOutStanding[] {
  const names = perform(files, list(layout.jobqueue)) ?? [];
  return names
    .filter((name) => name.endsWith(fanOutSuffix) && !isIgnored(name))
    .flatMap((name) => {
      const paths = new FanOutPaths(layout.queued(name));
      const progress = parse(perform(files, read(paths.progress))) as FanOutProgress | undefined;
      const fanOut = parse(perform(files, read(paths.file))) as Pick<FanOut, 'pools'> | undefined;
      const [limit = null] = (fanOut?.pools ?? [])
        .map(({ pool, name: called }) => ({ pool: called, items: itemsOf(pool) }))
        .sort((a, b) => a.items - b.items);
      return progress === undefined ? [] : [{ name, ...progress, limit }];
    });
}

function parse(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    // It is being rewritten just now.
    return undefined;
  }
}

/** A fan-out job as its directory tells it. Reading it takes time in proportion to its tasks. */
export class FanOutReport {
  readonly fanOut: FanOut;
  readonly done: number;
  readonly failed: number;
  /** Executions that failed, the newest of each task. */
  readonly failures: readonly TaskExecution[];
  readonly #inputs: FanOutInputs;

  constructor(files: Files, directory: string) {
    const paths = new FanOutPaths(directory);
    this.#inputs = new FanOutInputs(files, paths);
    const failures = new Map<number, TaskExecution>();
    const book = new FanOutBook(files, paths, (line, writer) => {
      if (!isSuccess(outcomeOfLine(line))) failures.set(line.task, { ...line, writer });
    });
    book.refresh();
    const { tally } = book;
    this.fanOut = book.fanOut;
    this.done = tally.done;
    this.failed = tally.failed;
    this.failures = [...failures.values()].filter(({ task }) => tally.stateOf(task) === 'failed');
  }

  inputOf(task: number): TaskInput | undefined {
    return shownInput(this.fanOut, this.#inputs.read(task, task)?.[0]);
  }
}

/** An input as it may be shown: without what a template brought. */
export function shownInput(
  { hidden = [], shards }: Pick<FanOut, 'hidden' | 'shards'>,
  input: TaskInput | undefined,
): TaskInput | undefined {
  if (typeof input === 'string') return hideValues(input, hidden);
  // Of a shard its bounds: which it is says the task's number already.
  const words = shards === undefined ? input : input?.slice(0, 2);
  return words?.map((word) => hideValues(word, hidden));
}

/** The fan-out job of this name. Throws FjrError: there is none, or it is another job. */
export function findFanOut(project: Project, files: Files, wanted: string): Place {
  const [place] = findJob(project, files, wanted);
  if (isFanOut(files, place)) return place;
  throw new FjrError('usage', `"${wanted}" is no fan-out job`, { hint: 'name a run as fjr status shows it' });
}

/** `JOB/17`: a task of a fan-out job; undefined: just a job. */
export function parseTaskName(text: string): { readonly job: string; readonly task: number } | undefined {
  const [, job, task] = /^(.+)\/(\d+)$/s.exec(text) ?? [];
  return job === undefined ? undefined : { job, task: Number(task) };
}
