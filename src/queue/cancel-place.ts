import type { Files } from '../system/files.js';
import { cancelFanOut, cancelSlices } from './cancel-fan-out.js';
import { markCancelled } from './cancel-job.js';
import { tokenOf } from './entry-name.js';
import { isFanOut } from './fan-out-book.js';
import type { Layout } from './layout.js';
import { perform } from './perform.js';
import { type Place, isLive } from './places.js';
import { recallJob } from './recall-job.js';
import { rejectJob } from './reject-job.js';
import { newToken } from './token.js';

/** `withdrawn`: it goes to `failed` as cancelled. `stopping`: its crew was asked to stop it. `over`: it is not there. */
export type Cancelled = 'withdrawn' | 'stopping' | 'over';

/** Cancels a job where it stands: what waits is withdrawn, what runs is stopped by its crew. */
export function cancelPlace(
  files: Files,
  layout: Layout,
  place: Place,
  by: { readonly writer: string; readonly time: string },
): Cancelled {
  if (isLive(place) && isFanOut(files, place)) return cancelRun(files, layout, place);
  const { state, entry, crew } = place;
  if (state === 'assigned' && crew !== undefined) perform(files, recallJob(layout, crew, entry));
  if (state === 'waiting' || state === 'assigned') {
    const verdict = { ...by, outcome: { kind: 'cancelled' } } as const;
    if (perform(files, rejectJob(layout, entry, newToken(), verdict)) === 'rejected') return 'withdrawn';
  }
  // It has started meanwhile, or had already.
  const token = tokenOf(entry);
  if (crew === undefined || token === undefined) return 'over';
  return perform(files, markCancelled(layout, crew, token)) === 'marked' ? 'stopping' : 'over';
}

/** No more tasks are begun, and those that run are stopped; then its dispatcher ends it. */
function cancelRun(files: Files, layout: Layout, { entry }: Place): Cancelled {
  perform(files, cancelFanOut(layout, entry));
  perform(files, cancelSlices(layout, entry));
  return 'stopping';
}
