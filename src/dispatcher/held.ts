import type { Verdict } from '../queue/layout.js';
import type { Arrival } from './intake.js';

/** What is known of a job that others wait for. */
export interface JobStanding {
  /** Whether it waits or runs. */
  readonly live: boolean;
  /** Its newest outcome. */
  readonly outcome: Verdict | undefined;
}

export type HeldVerdict =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly on: string; readonly unknown: boolean }
  | { readonly kind: 'fail'; readonly reason: string };

/** Whether a job may go that must come after others. Pure. */
export function judgeHeld(after: readonly string[], standing: (job: string) => JobStanding): HeldVerdict {
  let wait: HeldVerdict | undefined;
  for (const job of after) {
    const { live, outcome } = standing(job);
    if (live) wait ??= { kind: 'wait', on: job, unknown: false };
    else if (outcome === 'failed')
      return { kind: 'fail', reason: `it was to run after "${job}", which failed` };
    else if (outcome === undefined) wait ??= { kind: 'wait', on: job, unknown: true };
  }
  return wait ?? { kind: 'go' };
}

/** Jobs that wait for themselves: for each, the way around. Pure. */
export function findCycles(held: readonly Arrival[]): Map<string, string> {
  const after = new Map(held.map(({ entry, job }) => [entry.job, job.after]));
  const cycles = new Map<string, string>();
  for (const { name, entry } of held) {
    const way = wayBack(entry.job, after);
    if (way !== undefined) cycles.set(name, way.join(' → '));
  }
  return cycles;
}

/** The shortest way from a job along `after` back to itself. */
function wayBack(start: string, after: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const reached = new Set<string>();
  let ways: string[][] = [[start]];
  while (ways.length > 0) {
    const longer: string[][] = [];
    for (const way of ways) {
      for (const next of after.get(way.at(-1) ?? '') ?? []) {
        if (next === start) return [...way, next];
        if (reached.has(next) || !after.has(next)) continue;
        reached.add(next);
        longer.push([...way, next]);
      }
    }
    ways = longer;
  }
  return undefined;
}
