import { parseEntryName } from '../../queue/entry-name.js';
import type { JournalLine } from '../../queue/journal.js';
import type { MinuteCount } from './job-index.js';
import { isJob, kindOf } from './job-record.js';

const minute = 60_000;
const minutes = 60;

/** What ended in each of the last minutes, as the journals say: a line that comes to nothing is counted all the same. */
export class Throughput {
  readonly #counts = new Map<number, { done: number; failed: number }>();
  #newest = 0;

  add(line: JournalLine): void {
    if (line.event === 'slice') this.#count(line.time, line.tasks - line.failed, line.failed);
    else if (
      (line.event === 'finish' || line.event === 'verdict') &&
      line.to !== 'queue' &&
      isPlain(line.entry)
    )
      this.#count(line.time, line.to === 'done' ? 1 : 0, line.to === 'failed' ? 1 : 0);
  }

  /** The last 60 minutes up to this moment, oldest first. */
  read(now: number): MinuteCount[] {
    const last = Math.floor(now / minute);
    return Array.from({ length: minutes }, (_, index) => {
      const at = last - minutes + 1 + index;
      const { done, failed } = this.#counts.get(at) ?? { done: 0, failed: 0 };
      return { minute: new Date(at * minute).toISOString(), done, failed };
    });
  }

  #count(time: string, done: number, failed: number): void {
    const at = Math.floor(Date.parse(time) / minute);
    if (!(at > this.#newest - 2 * minutes)) return;
    const counts = this.#counts.get(at) ?? { done: 0, failed: 0 };
    counts.done += done;
    counts.failed += failed;
    this.#counts.set(at, counts);
    if (at <= this.#newest) return;
    this.#newest = at;
    for (const old of this.#counts.keys()) if (old <= at - 2 * minutes) this.#counts.delete(old);
  }
}

/** A fan-out job's tasks have been counted slice by slice, and a slice by its own line. */
function isPlain(entry: string): boolean {
  return isJob(entry) && kindOf(parseEntryName(entry).job) === 'job';
}
