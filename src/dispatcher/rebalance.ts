import type { Badge, CrewId } from '../queue/layout.js';

/** An entry that a crew was given and has not started. */
export interface Unstarted {
  readonly crew: CrewId;
  readonly entry: string;
}

/**
 * Which entries to take back because somebody else is idle: those that wait in a pod for longer than delivery can take,
 * one for each idle worker of another crew. Remembers since when each waits.
 */
export class Rebalance {
  readonly #since = new Map<string, number>();

  /** `now` and `patience` in monotonic milliseconds. */
  plan(unstarted: readonly Unstarted[], idle: readonly Badge[], now: number, patience: number): Unstarted[] {
    const present = new Set(unstarted.map(({ entry }) => entry));
    for (const entry of this.#since.keys()) if (!present.has(entry)) this.#since.delete(entry);
    const recalls: Unstarted[] = [];
    const room = new Map<CrewId, number>();
    for (const { crew } of idle) room.set(crew, (room.get(crew) ?? 0) + 1);
    for (const one of unstarted) {
      const since = this.#since.get(one.entry) ?? now;
      this.#since.set(one.entry, since);
      const elsewhere = [...room].find(([crew, workers]) => crew !== one.crew && workers > 0);
      if (now - since < patience || elsewhere === undefined) continue;
      room.set(elsewhere[0], elsewhere[1] - 1);
      recalls.push(one);
    }
    return recalls;
  }
}
