import { remove } from 'fs-extra/esm';
import { basename, dirname } from 'node:path';
import { looksLikeDecodeJob } from '../job/decode/decode-job.js';
import { idOfSpecJobName, looksLikeSpecJob } from '../job/spec/spec-job.js';
import { parseEntryName } from '../queue/entry-name.js';
import { perform } from '../queue/perform.js';
import { type Place, allPlaces } from '../queue/places.js';
import { dropPool } from '../queue/pool.js';
import { list, read, rename } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import { putAside } from '../server/remove-drafts.js';
import { ServerPaths } from '../server/server-paths.js';
import type { Files } from '../system/files.js';
import type { Project } from './project.js';

/** Whether a job came through a server. */
export function isServed(files: Files, { entry, path }: Place): boolean {
  // Both kinds are called NAME-NUMBER.json.
  if (idOfSpecJobName(parseEntryName(entry).job) === undefined) return false;
  const inspected = files.inspect(path, 64);
  if (inspected.kind !== 'file') return false;
  return looksLikeSpecJob(inspected.head) || looksLikeDecodeJob(inspected.head);
}

/**
 * What executions of jobs of specs left: directories, pages of artifacts, records of what is in a store. Of those whose
 * job goes, and old ones of which there is no job: an execution that did not count, or a removal that was cut short.
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
  const { artifacts, stored } = new ServerPaths(layout);
  for (const name of perform(files, list(artifacts)) ?? []) {
    const path = `${artifacts}/${name}`;
    if (isGarbage(entryOfPage(files, path), path)) yield path;
  }
  for (const name of perform(files, list(stored)) ?? []) {
    const path = `${stored}/${name}`;
    if (isGarbage(name.replace(/\.json$/, ''), path)) yield path;
  }
  for (const entry of perform(files, list(layout.workDirectories)) ?? []) {
    const path = layout.work(entry);
    if (isGarbage(entry, path)) yield path;
  }
}

/**
 * Removes what is garbage. A pool goes only if nobody has taken an item of it meanwhile. Of what lies in a store this only says that it is to go: a server that has the store sees to it,
 * now or one day.
 */
export async function removeGarbage({ layout }: Project, files: Files, path: string): Promise<void> {
  const paths = new ServerPaths(layout);
  if (dirname(path) === layout.resources) {
    perform(files, dropPool(layout, basename(path)));
    return;
  }
  if (dirname(path) !== paths.stored) {
    const aside = paths.isDraft(path) ? perform(files, putAside(paths, path)) : path;
    if (aside !== undefined) await remove(aside);
    return;
  }
  files.ensureDirectory(paths.unwanted);
  perform(files, rename(path, paths.unwantedOf(newToken())));
}

function entryOfPage(files: Files, path: string): string {
  const content = perform(files, read(path));
  const page = JSON.parse(Buffer.from(content ?? 'null').toString('utf8')) as { entry?: string } | null;
  return page?.entry ?? '';
}
