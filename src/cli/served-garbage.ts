import { idOfSpecJobName, looksLikeSpecJob } from '../job/spec/spec-job.js';
import { parseEntryName } from '../queue/entry-name.js';
import { perform } from '../queue/perform.js';
import { type Place, allPlaces } from '../queue/places.js';
import { list, read } from '../queue/steps.js';
import { ServerPaths } from '../server/server-paths.js';
import type { Files } from '../system/files.js';
import type { Project } from './project.js';

/** Whether a job came through a server. */
export function isServed(files: Files, { entry, path }: Place): boolean {
  if (idOfSpecJobName(parseEntryName(entry).job) === undefined) return false;
  const inspected = files.inspect(path, 64);
  return inspected.kind === 'file' && looksLikeSpecJob(inspected.head);
}

/**
 * What executions of jobs of specs left: directories and pages of artifacts. Of those whose job goes, and old ones of
 * which there is no job: an execution that did not count, or a removal that was cut short.
 */
export function* leftByServed(
  { layout }: Project,
  files: Files,
  goes: (entry: string) => boolean,
  before: number,
): Iterable<string> {
  const stays = new Set<string>();
  for (const { entry } of allPlaces(files, layout)) if (!goes(entry)) stays.add(entry);
  const isGarbage = (entry: string, path: string): boolean =>
    !stays.has(entry) && (goes(entry) || (files.changedAt(path) ?? Infinity) < before);
  const { artifacts } = new ServerPaths(layout);
  for (const name of perform(files, list(artifacts)) ?? []) {
    const path = `${artifacts}/${name}`;
    if (isGarbage(entryOfPage(files, path), path)) yield path;
  }
  for (const entry of perform(files, list(layout.workDirectories)) ?? []) {
    const path = layout.work(entry);
    if (isGarbage(entry, path)) yield path;
  }
}

function entryOfPage(files: Files, path: string): string {
  const content = perform(files, read(path));
  const page = JSON.parse(Buffer.from(content ?? 'null').toString('utf8')) as { entry?: string } | null;
  return page?.entry ?? '';
}
