import { FjrError } from '../job/fjr-error.js';
import { compareNatural } from '../job/natural-order.js';
import { parseEntryName } from '../queue/entry-name.js';
import { type Place, allPlaces } from '../queue/places.js';
import type { Files } from '../system/files.js';
import type { Project } from './project.js';

/**
 * The places of a job, live ones first, then the newest outcome. A job is named by its file's name, by that name
 * without its extension, or by the full name of an entry.
 */
export function findJob(project: Project, files: Files, wanted: string): [Place, ...Place[]] {
  const exact: Place[] = [];
  const stems: Place[] = [];
  for (const place of allPlaces(files, project.layout)) {
    const { job } = parseEntryName(place.entry);
    if (place.entry === wanted || job === wanted) exact.push(place);
    else if (job.replace(/(?<=.)\.[^.]*$/s, '') === wanted) stems.push(place);
  }
  const found = exact.length > 0 ? exact : stems;
  const names = new Set(found.map(({ entry }) => parseEntryName(entry).job));
  if (names.size > 1)
    throw new FjrError('usage', `"${wanted}" may be any of ${[...names].sort(compareNatural).join(', ')}`, {
      hint: 'name one of them in full',
    });
  const [first, ...rest] = sortByNews(files, found);
  if (first === undefined)
    throw new FjrError('no-such-job', `there is no job "${wanted}" in project "${project.name}"`, {
      hint: `fjr --project ${project.name} status`,
    });
  return [first, ...rest];
}

function sortByNews(files: Files, places: readonly Place[]): Place[] {
  const isLive = ({ state }: Place): boolean => state !== 'done' && state !== 'failed';
  const dated = places.map((found) => ({
    found,
    at: isLive(found) ? Infinity : (files.movedAt(found.path) ?? 0),
  }));
  return dated.sort((a, b) => (a.at === b.at ? 0 : b.at - a.at)).map(({ found }) => found);
}
