import type { Files } from '../system/files.js';
import { isIgnored, parseEntryName } from './entry-name.js';
import { fanOutOf, fanOutSuffix } from './fan-out-paths.js';
import { type CrewId, type Layout, classifyPodFile, parsePodName } from './layout.js';
import { perform } from './perform.js';
import { list } from './steps.js';

export type JobState = 'waiting' | 'assigned' | 'running' | 'done' | 'failed';

/** Where one submission of a job is at the moment. */
export interface Place {
  readonly state: JobState;
  /** Its file's name there. */
  readonly entry: string;
  readonly path: string;
  readonly crew: CrewId | undefined;
}

/** Whether it waits or runs: it has not ended. */
export function isLive({ state }: Pick<Place, 'state'>): boolean {
  return state !== 'done' && state !== 'failed';
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
