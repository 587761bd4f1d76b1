import type { Verdict } from '../queue/layout.js';
import { findCycles, judgeHeld } from './held.js';
import type { Arrival } from './intake.js';

/** What the waitlist must know of other jobs. */
export interface Standing {
  /** Whether the arrival's own name is live elsewhere. */
  isTwin(arrival: Arrival): boolean;
  /** Whether a job of this name waits or runs. */
  isLive(job: string): boolean;
  /** The newest outcomes of some jobs. */
  outcomes(jobs: ReadonlySet<string>): ReadonlyMap<string, Verdict>;
  /** Whether the arrival still waits at all. */
  isThere(arrival: Arrival): boolean;
}

export interface Judged {
  readonly go: readonly Arrival[];
  readonly fail: readonly { readonly arrival: Arrival; readonly reason: string }[];
  /** Those that wait for a job nobody has submitted; each is told once. */
  readonly waitForUnknown: readonly { readonly arrival: Arrival; readonly on: string }[];
}

/** Jobs that may not go yet: they come after others, or another of their name is live. */
export class Waitlist {
  readonly #held = new Map<string, Arrival>();
  readonly #told = new Map<string, string>();

  get size(): number {
    return this.#held.size;
  }

  hold(arrival: Arrival): void {
    this.#held.set(arrival.name, arrival);
  }

  /** Looks at all of them; who may go or must fail leaves the list. */
  judge(standing: Standing): Judged {
    for (const arrival of [...this.#held.values()]) if (!standing.isThere(arrival)) this.#forget(arrival);
    const held = [...this.#held.values()];
    const wanted = new Set(held.flatMap(({ job }) => job.after));
    const outcomes: ReadonlyMap<string, Verdict> = wanted.size > 0 ? standing.outcomes(wanted) : new Map();
    const cycles = findCycles(held);
    const judged = {
      go: [] as Arrival[],
      fail: [] as Judged['fail'][number][],
      waitForUnknown: [] as Judged['waitForUnknown'][number][],
    };
    for (const arrival of held) this.#judgeOne(arrival, standing, outcomes, cycles.get(arrival.name), judged);
    return judged;
  }

  #judgeOne(
    arrival: Arrival,
    standing: Standing,
    outcomes: ReadonlyMap<string, Verdict>,
    cycle: string | undefined,
    judged: {
      go: Arrival[];
      fail: Judged['fail'][number][];
      waitForUnknown: Judged['waitForUnknown'][number][];
    },
  ): void {
    if (cycle === undefined && standing.isTwin(arrival)) return;
    const verdict =
      cycle === undefined
        ? judgeHeld(arrival.job.after, (job) => ({ live: standing.isLive(job), outcome: outcomes.get(job) }))
        : ({ kind: 'fail', reason: `it waits for itself: ${cycle}` } as const);
    if (verdict.kind === 'wait') {
      if (!verdict.unknown || this.#told.get(arrival.name) === verdict.on) return;
      this.#told.set(arrival.name, verdict.on);
      judged.waitForUnknown.push({ arrival, on: verdict.on });
      return;
    }
    this.#forget(arrival);
    if (verdict.kind === 'go') judged.go.push(arrival);
    else judged.fail.push({ arrival, reason: verdict.reason });
  }

  #forget({ name }: Arrival): void {
    this.#held.delete(name);
    this.#told.delete(name);
  }
}
