import { FjrError } from '../../job/fjr-error.js';
import type { LogStream } from '../../queue/layout.js';
import type { Place } from '../../queue/places.js';
import { type TaskLog, TaskLogReader, type TaskLogs } from '../../queue/task-logs.js';
import { followFrom } from '../byte-range.js';
import { Alarm } from '../feed/alarm.js';
import { Breather } from '../feed/breather.js';
import type { JobSummary } from '../feed/job-index.js';
import type { Desk } from '../jobmgr-routes.js';
import { longestFollow } from './log-follower.js';
import { type Follower, type LogPart, chunk } from './send-log.js';

/** Milliseconds between two looks. */
const lookEvery = 1000;

type Given = Pick<Desk, 'served' | 'index'>;

/** Looks for what a task printed, without keeping others waiting. */
export async function lookForLog({ served }: Given, reader: TaskLogReader): Promise<TaskLogs> {
  const breather = new Breather(served.clock);
  const pieces = reader.lookInPieces(served.isShared);
  for (;;) {
    const next = pieces.next();
    if (next.done === true) return next.value;
    await breather.breathe();
  }
}

/** What is there of it by now: a line may promise more than there is. Undefined: no such file. */
export function partOf({ served: { files, isShared } }: Given, log: TaskLog): LogPart | undefined {
  if (isShared) files.refresh(log.path);
  const size = files.size(log.path);
  if (size === undefined) return undefined;
  const there = Math.max(0, size - log.offset);
  return { path: log.path, offset: log.offset, size: Math.min(there, log.bytes ?? there) };
}

/** Reads what a task prints: from when it begins, if it has not yet, until that execution has ended. */
export class TaskLogFollower implements Follower {
  readonly #desk: Given;
  readonly #run: JobSummary;
  readonly #task: number;
  readonly #wanted: LogStream;
  /** Where it is to begin. */
  readonly #range: string | undefined;
  readonly #alarm = new Alarm();
  readonly #limit: NodeJS.Timeout;
  #reader: { readonly directory: string; readonly logs: TaskLogReader } | undefined;
  #at: number | undefined;
  #isEnded = false;

  constructor(desk: Given, run: JobSummary, task: number, wanted: LogStream, range: string | undefined) {
    this.#desk = desk;
    this.#run = run;
    this.#task = task;
    this.#wanted = wanted;
    this.#range = range;
    this.#limit = setTimeout(this.end, longestFollow);
    const { closing } = desk.served;
    closing.addEventListener('abort', this.end);
    if (closing.aborted) this.end();
  }

  readonly end = (): void => {
    this.#isEnded = true;
    clearTimeout(this.#limit);
    this.#desk.served.closing.removeEventListener('abort', this.end);
    this.#alarm.ring();
  };

  async *read(): AsyncGenerator<Uint8Array> {
    let followed: { readonly token: string; readonly log: TaskLog | undefined } | undefined;
    while (!this.#isEnded) {
      const seen = await this.#look();
      if (seen === undefined) return;
      const { logs, token, line, isOver } = seen;
      if (followed !== undefined && token !== followed.token) {
        // It has ended, and another has begun.
        yield* this.#rest(followed.log);
        return;
      }
      const log = logs[this.#wanted];
      if (token !== undefined) followed = { token, log };
      yield* this.#rest(log);
      if (line !== undefined || isOver) return;
      await this.#alarm.sleep(lookEvery);
    }
  }

  *#rest(log: TaskLog | undefined): Generator<Uint8Array> {
    const part = log === undefined ? undefined : partOf(this.#desk, log);
    if (part === undefined) return;
    let at = (this.#at ??= followFrom(this.#range, part.size));
    const { files } = this.#desk.served;
    while (at < part.size) {
      const bytes = files.readFrom(part.path, part.offset + at, Math.min(chunk, part.size - at));
      if (bytes === undefined || bytes.length === 0) return;
      this.#at = at += bytes.length;
      yield bytes;
    }
  }

  /** Undefined: the run is gone. */
  async #look(): Promise<(TaskLogs & { readonly isOver: boolean }) | undefined> {
    const place = await this.#place();
    if (place === undefined) return undefined;
    // Asked before its lines are read: when it is over, all are there.
    const isOver = place.state === 'done' || place.state === 'failed';
    try {
      if (this.#reader?.directory !== place.path) {
        const logs = new TaskLogReader(this.#desk.served.files, place.path, this.#task);
        this.#reader = { directory: place.path, logs };
      }
      return { ...(await lookForLog(this.#desk, this.#reader.logs)), isOver };
    } catch (error) {
      // It was moved a moment ago.
      if (!(error instanceof FjrError) || error.code !== 'not-a-fan-out') throw error;
      return { logs: {}, token: undefined, line: undefined, isOver: false };
    }
  }

  async #place(): Promise<Place | undefined> {
    const { index, served } = this.#desk;
    for (const look of ['now', 'again'] as const) {
      if (look === 'again') await index.refresh();
      const job = index.find(this.#run.id) ?? index.find(this.#run.name);
      const place = job === undefined ? undefined : index.placeOf(job);
      if (place !== undefined && served.files.exists(place.path)) return place;
    }
    return undefined;
  }
}
