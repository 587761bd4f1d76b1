import type { Place } from '../job/gang.js';
import { type Offer, planAssignments } from './plan.js';

/** How many of a gang's places these workers could fill together. Pure. `now`: monotonic milliseconds. */
export function gangRoom(places: readonly Place[], offers: readonly Offer[], now: number): number {
  const groups = places.map(({ type: { needs } }, key) => ({
    needs,
    jobs: [{ name: String(key), priority: 0, key }],
  }));
  return planAssignments(groups, offers, new Map(), now).length;
}
