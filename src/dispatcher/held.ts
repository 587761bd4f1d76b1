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
  const after = loopsOf(new Map(held.map(({ entry, job }) => [entry.job, job.after])));
  const cycles = new Map<string, string>();
  for (const { name, entry } of held) {
    const way = wayBack(entry.job, after);
    if (way !== undefined) cycles.set(name, way.join(' → '));
  }
  return cycles;
}

type Ways = ReadonlyMap<string, readonly string[]>;

/** Without those that lead to no loop, or that no loop leads to: mostly nobody is left, however many wait. */
function loopsOf(after: Ways): Ways {
  const before = new Map<string, string[]>();
  for (const [job, earlier] of after) {
    for (const one of earlier) {
      const later = before.get(one);
      if (later === undefined) before.set(one, [job]);
      else later.push(job);
    }
  }
  return trim(trim(after, after, before), before, after);
}

/** Removes, again and again, those from whom no way of `ways` leads to another that is left; `back` are the same ways. */
function trim(jobs: Ways, ways: Ways, back: Ways): Ways {
  const left = new Map(jobs);
  const counts = new Map<string, number>();
  for (const job of left.keys())
    counts.set(job, (ways.get(job) ?? []).filter((next) => left.has(next)).length);
  const ends = [...left.keys()].filter((job) => counts.get(job) === 0);
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    left.delete(end);
    for (const job of back.get(end) ?? []) {
      const count = (counts.get(job) ?? 0) - 1;
      counts.set(job, count);
      if (count === 0) ends.push(job);
    }
  }
  return left;
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
