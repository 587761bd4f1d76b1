import { shorten } from '../../job/shorten.js';
import { isIgnored } from '../../queue/entry-name.js';
import type { Place } from '../../queue/places.js';
import type { JobSummary } from '../feed/job-index.js';
import type { Desk } from '../jobmgr-routes.js';
import { Problem } from './problem.js';

export interface FoundJob {
  readonly summary: JobSummary;
  /** Where its file stood a moment ago. */
  readonly place: Place;
}

/**
 * The job of this id or name, as it stands on disk. The index says where; if its file is not there the index is made to
 * look, and, if a file of this name is where it could be, at everything. Throws Problem: there is none.
 */
export async function findJob(desk: Pick<Desk, 'served' | 'index'>, wanted: string): Promise<FoundJob> {
  const { index } = desk;
  const found = isFileName(wanted) ? lookUp(desk, wanted) : undefined;
  if (found !== undefined) return found;
  if (isFileName(wanted))
    // Twice: it may have been on its way from one directory to another when they were looked at.
    for (const look of ['refresh', 'refresh', 'sweep', 'sweep'] as const) {
      // Nobody has everything looked at by asking for what does not exist.
      if (look === 'sweep' && index.find(wanted) === undefined && !standsSomewhere(desk, wanted)) break;
      await index[look]();
      const late = lookUp(desk, wanted);
      if (late !== undefined) return late;
    }
  throw new Problem(404, { code: 'unknown_job', detail: `there is no job "${shorten(wanted)}"` });
}

function lookUp({ served, index }: Pick<Desk, 'served' | 'index'>, wanted: string): FoundJob | undefined {
  const summary = index.find(wanted);
  if (summary === undefined) return undefined;
  const place = index.placeOf(summary);
  return served.files.exists(place.path) ? { summary, place } : undefined;
}

/** What could be a job's file, and not a path to anything else. */
function isFileName(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= 255 && !/[/\0]/.test(text) && !isIgnored(text);
}

function standsSomewhere({ served: { files, layout } }: Pick<Desk, 'served'>, name: string): boolean {
  const paths = [layout.queued(name), layout.finished('done', name), layout.finished('failed', name)];
  return paths.some((path) => files.exists(path));
}
