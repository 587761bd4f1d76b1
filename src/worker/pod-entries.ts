import type { Job } from '../job/job.js';
import { naturalKey } from '../job/natural-order.js';
import { parseEntryName } from '../queue/entry-name.js';
import type { Inspected } from '../system/files.js';

/** An entry that was read. */
export interface Found {
  readonly job: Job;
  /** Its file, as it was then. */
  readonly inspected: Inspected;
}

/** What a crew knows of the entries in its pod. */
export class PodEntries {
  /** No worker was free for them, as far as is known. */
  readonly #waiting = new Map<string, Found>();
  /** They wait for another worker than those that are free, since so many monotonic milliseconds. */
  readonly #patientSince = new Map<string, number>();
  /** The doorbell need not ring for them again. */
  readonly #started = new Set<string>();

  waiting(entry: string): Found | undefined {
    return this.#waiting.get(entry);
  }

  /** Those that wait. */
  names(): Iterable<string> {
    return this.#waiting.keys();
  }

  wait(entry: string, found: Found): void {
    this.#waiting.set(entry, found);
  }

  waitNoMore(entry: string): void {
    this.#waiting.delete(entry);
  }

  /** Since when it has waited for another worker: now, if it has not. */
  patientSince(entry: string, now: number): number {
    const since = this.#patientSince.get(entry) ?? now;
    this.#patientSince.set(entry, since);
    return since;
  }

  start(entry: string): void {
    this.#patientSince.delete(entry);
    this.#started.add(entry);
  }

  /** Whether it was started since the last heartbeat, or runs. */
  hasStarted(entry: string): boolean {
    return this.#started.has(entry);
  }

  /** Others are no longer asked for. */
  keepStarted(running: Iterable<string>): void {
    this.#started.clear();
    for (const entry of running) this.#started.add(entry);
  }

  /** Those that are gone wait no more. */
  keepPresent(entries: readonly string[]): void {
    if (this.#waiting.size === 0 && this.#patientSince.size === 0) return;
    const present = new Set(entries);
    for (const known of [this.#waiting, this.#patientSince])
      for (const entry of known.keys()) if (!present.has(entry)) known.delete(entry);
  }

  /** Those that wait. What came later may have to go before what was given ahead of time. */
  mostUrgentFirst(): string[] {
    if (this.#waiting.size < 2) return [...this.#waiting.keys()];
    return [...this.#waiting]
      .map(([entry, { job }]) => ({
        entry,
        priority: job.priority,
        key: naturalKey(parseEntryName(entry).job),
      }))
      .sort((a, b) => b.priority - a.priority || (a.key < b.key ? -1 : 1))
      .map(({ entry }) => entry);
  }
}
