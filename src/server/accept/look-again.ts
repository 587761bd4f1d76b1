import type { Place } from '../../queue/places.js';
import type { JobSummary } from '../feed/job-index.js';
import type { AcceptDesk } from './submission.js';

/** A job where its file was a moment ago. */
export interface Standing {
  readonly summary: JobSummary;
  readonly place: Place;
}

/**
 * Where a job stands, by its id or its name, for as long as whoever asks finds that it has moved on: as the index knows
 * it, then after a look, then after two at everything, since a job may move while directories are listed.
 */
export async function* lookAgain(
  { served, index }: Pick<AcceptDesk, 'served' | 'index'>,
  id: string,
): AsyncGenerator<Standing> {
  for (const look of [undefined, 'refresh', 'sweep', 'sweep'] as const) {
    if (look !== undefined) await index[look]();
    const summary = index.find(id);
    if (summary === undefined) continue;
    const place = index.placeOf(summary);
    if (served.files.exists(place.path)) yield { summary, place };
  }
}
