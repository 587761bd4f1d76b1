import { FjrError } from '../job/fjr-error.js';
import { compareNatural } from '../job/natural-order.js';
import { isIgnored, parseEntryName } from '../queue/entry-name.js';
import { fanOutOf, fanOutSuffix } from '../queue/fan-out-paths.js';
import { type CrewId, type Layout, classifyPodFile, parsePodName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Project } from './project.js';

export type JobState = 'waiting' | 'assigned' | 'running' | 'done' | 'failed';

/** Where one submission of a job is at the moment. */
export interface Place {
  readonly state: JobState;
  /** Its file's name there. */
  readonly entry: string;
  readonly path: string;
  readonly crew: CrewId | undefined;
}

/** Every place of a project in which a job can be. */
export function* allPlaces(files: Files, layout: Layout): Iterable<Place> {
  const names = (directory: string): readonly string[] =>
    (perform(files, list(directory)) ?? []).filter((name) => !isIgnored(name) && !isSlice(name));
  for (const entry of names(layout.jobqueue)) yield place('waiting', entry, layout.queued(entry));
  for (const name of perform(files, list(layout.jobpods)) ?? []) {
    const pod = parsePodName(name);
    if (pod === undefined || pod.kind === 'unborn') continue;
    const paths = pod.kind === 'live' ? layout.pod(pod.crew) : layout.fencedPod(pod.crew);
    for (const entry of names(paths.directory))
      if (classifyPodFile(entry).kind === 'entry')
        yield place('assigned', entry, paths.entry(entry), pod.crew);
    for (const entry of names(paths.running))
      yield place('running', entry, paths.runningEntry(entry), pod.crew);
  }
  for (const verdict of ['done', 'failed'] as const)
    for (const entry of names(layout[verdict])) yield place(verdict, entry, layout.finished(verdict, entry));
}

/** Slices are no jobs of their own: what a person means is the fan-out job that they are of. */
function isSlice(name: string): boolean {
  return fanOutOf(parseEntryName(name).job)?.endsWith(fanOutSuffix) === true;
}

function place(state: JobState, entry: string, path: string, crew?: CrewId): Place {
  return { state, entry, path, crew };
}

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
