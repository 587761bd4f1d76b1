import { setTimeout as pause } from 'node:timers/promises';
import type { LogStream } from '../../queue/layout.js';
import { Alarm } from '../feed/alarm.js';
import type { JobSummary } from '../feed/job-index.js';
import type { Desk } from '../jobmgr-routes.js';
import { followFrom } from '../byte-range.js';
import type { LogBell } from './log-bell.js';
import { type Follower, chunk } from './send-log.js';

/** Milliseconds: between two looks that bells ask for, and between two without a bell. */
const pauses = { bell: 50, look: 1000 };
/** Then whoever follows comes again, and shows a token again. Milliseconds. */
export const longestFollow = 3_600_000;

/** Reads a log as it grows: from when the job begins, if it waits yet, until that execution has ended. */
export class LogFollower implements Follower {
  readonly #desk: Pick<Desk, 'served' | 'index'>;
  readonly #bell: LogBell;
  readonly #job: JobSummary;
  readonly #wanted: LogStream;
  /** Where it is to begin. */
  readonly #range: string | undefined;
  readonly #alarm = new Alarm();
  readonly #forget: (() => void)[] = [];
  #isEnded = false;

  constructor(
    desk: Pick<Desk, 'served' | 'index'>,
    bell: LogBell,
    job: JobSummary,
    wanted: LogStream,
    range: string | undefined,
  ) {
    const { closing } = desk.served;
    this.#desk = desk;
    this.#bell = bell;
    this.#job = job;
    this.#wanted = wanted;
    this.#range = range;
    const limit = setTimeout(this.end, longestFollow);
    closing.addEventListener('abort', this.end);
    const deafen = desk.index.onChange(({ name }) => {
      if (name === job.name) this.#alarm.ring();
    });
    this.#forget.push(deafen, () => {
      clearTimeout(limit);
      closing.removeEventListener('abort', this.end);
    });
    if (closing.aborted) this.end();
  }

  readonly end = (): void => {
    this.#isEnded = true;
    for (const forget of this.#forget.splice(0)) forget();
    this.#alarm.ring();
  };

  async *read(): AsyncGenerator<Uint8Array> {
    const id = await this.#begun();
    if (id === undefined) return;
    const { files, layout, isShared } = this.#desk.served;
    const path = layout.log(id, this.#wanted);
    this.#forget.push(
      this.#bell.hang(`${id}.${this.#wanted}`, () => {
        this.#alarm.ring();
      }),
    );
    let at: number | undefined;
    while (!this.#isEnded) {
      // Asked before it is read: what it printed last is there by then.
      const isLast = this.#stateOf(id) !== 'running';
      if (isShared) files.refresh(path);
      const size = files.size(path);
      if (size !== undefined) at ??= followFrom(this.#range, size);
      for (let bytes; at !== undefined && (bytes = files.readFrom(path, at, chunk))?.length;) {
        at += bytes.length;
        yield bytes;
      }
      if (isLast) return;
      await this.#sleep();
    }
  }

  /** What its execution is called; undefined: the job is gone, or nobody wants to know any more. */
  async #begun(): Promise<string | undefined> {
    const { index } = this.#desk;
    for (let job: JobSummary | undefined = this.#job; job !== undefined && !this.#isEnded;) {
      if (job.state !== 'waiting' && job.state !== 'assigned') return job.id;
      await this.#sleep();
      const { name } = job;
      job = index.find(name);
      // It may be on its way to a crew that nobody has seen yet.
      for (const look of ['refresh', 'sweep'] as const) {
        if (job !== undefined) break;
        await index[look]();
        job = index.find(name);
      }
    }
    return undefined;
  }

  #stateOf(id: string): JobSummary['state'] | undefined {
    const job = this.#desk.index.find(id);
    return job?.id === id ? job.state : undefined;
  }

  async #sleep(): Promise<void> {
    await this.#alarm.sleep(pauses.look);
    if (!this.#isEnded) await pause(pauses.bell);
  }
}
