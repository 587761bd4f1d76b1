import { markCancelled } from './cancel-job.js';
import { parseEntryName } from './entry-name.js';
import { FanOutPaths, fanOutOf } from './fan-out-paths.js';
import { type Layout, parsePodName } from './layout.js';
import { type Steps, create, list } from './steps.js';

/**
 * Cancel a fan-out job: no more of its tasks are begun. A wish, as with every cancelling: a file in its directory, which
 * crews look for before they begin a slice, and dispatchers before they carve one.
 */
export function* cancelFanOut(layout: Layout, name: string): Steps<void> {
  yield* create(new FanOutPaths(layout.queued(name)).cancelMark, '');
}

/**
 * The same for what runs. Slices that start meanwhile find the wish in the job's directory, if that came before this.
 */
export function* cancelSlices(layout: Layout, name: string): Steps<void> {
  for (const pod of (yield* list(layout.jobpods)) ?? []) {
    const named = parsePodName(pod);
    if (named?.kind !== 'live') continue;
    const { crew } = named;
    for (const slice of (yield* list(layout.pod(crew).running)) ?? []) {
      const { job, token } = parseEntryName(slice);
      if (fanOutOf(job) === name && token !== undefined) yield* markCancelled(layout, crew, token);
    }
  }
}
