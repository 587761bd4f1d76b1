import { type Outcome, isSuccess } from '../job/outcome.js';
import { type CountedReason, parseEntryName } from './entry-name.js';
import type { FinishTo } from './finish-job.js';
import { lostBudget } from './return-entries.js';

/** Which count a failure raises when it is tried again; undefined for what is never tried again. */
export function countedReason(outcome: Outcome): CountedReason | undefined {
  switch (outcome.kind) {
    case 'exit':
    case 'signal':
    case 'timeout':
    case 'lost':
    case 'spawn-error':
      // The letters 'exit' and 'signal' are counted apart: each kind has a budget of its own.
      return outcome.kind;
    case 'rejected':
    case 'cancelled':
    case 'dependency':
    case 'tasks':
      return undefined;
  }
}

/** `done`, or the queue while the reason's budget lasts, or `failed`. */
export function targetOf(entry: string, outcome: Outcome, retries: number): FinishTo {
  if (isSuccess(outcome)) return { to: 'done' };
  const reason = countedReason(outcome);
  if (reason === undefined) return { to: 'failed' };
  const budget = reason === 'lost' ? lostBudget - 1 : retries;
  return (parseEntryName(entry).counts[reason] ?? 0) < budget
    ? { to: 'queue', raise: reason }
    : { to: 'failed' };
}
