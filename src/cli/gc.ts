import { parseDuration } from '../job/quantities.js';
import { FjrError } from '../job/fjr-error.js';
import { jobFileLimit, readJob } from '../job/read-job.js';
import { JobFileError } from '../job/settings.js';
import { parseEntryName } from '../queue/entry-name.js';
import { parsePodName, probePrefix, trialPrefix } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { JournalReader } from '../queue/journal-reader.js';
import { type Place, allPlaces } from '../queue/places.js';
import { list } from '../queue/steps.js';
import { fanOutDraftPrefix } from '../queue/submit-fan-out.js';
import { isSubmission } from '../server/remove-drafts.js';
import { ServerPaths } from '../server/server-paths.js';
import type { Files } from '../system/files.js';
import { clock, filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { isPoolInUse, ownPoolsOf } from './own-pools.js';
import type { Project } from './project.js';
import { isServed, leftByServed, removeGarbage } from './served-garbage.js';
import { plural, say, sayJson } from './say.js';

/**
 * `fjr gc`: removes what ended long ago: job files in `done` and `failed`, their logs and artifacts, journals of crews that
 * are gone, drafts of submissions that never happened and of what servers keep, and probes of recruiters and doctors that
 * were killed; of any age links to logs that are gone, and pools that runs made for themselves and need no more. Spares what
 * a waiting job comes after, and runs of whose own pools somebody still has an item.
 */
export async function gcCommand(
  project: Project,
  olderThan: string,
  dryRun: boolean,
  json: boolean,
): Promise<ExitCode> {
  const seconds = readAge('--older-than', olderThan);
  const files = filesFor(project);
  const before = clock.wall() - seconds * 1000;
  const old = [...oldOutcomes(project, files, before)].filter(
    (place) => !hasPoolInUse(project, files, place),
  );
  const garbage = [
    ...leftPools(project, files, new Set(old.map(({ entry }) => entry))),
    ...withAllTheyLeft(project, files, old, before),
    ...oldFiles(project, files, before),
  ];
  if (!dryRun) for (const path of garbage) await removeGarbage(project, files, path);
  if (json) sayJson({ removed: dryRun ? 0 : garbage.length, garbage });
  else if (dryRun) for (const path of garbage) say(path);
  else say(`${plural(garbage.length, 'file')} removed.`);
  return exitCode.fine;
}

/** Seconds. */
export function readAge(what: string, text: string): number {
  const seconds = parseDuration(text);
  // `30` might mean days as well as seconds, and what is gone is gone.
  if (seconds === undefined || /^[1-9]\d*$/.test(text.trim()))
    throw new FjrError('usage', `${what} is "${text}"`, { hint: 'expected a duration such as 30d or 12h' });
  return seconds;
}

/** What `fjr serve --keep` removes: jobs that came through a server and ended before, with all that they left. */
export function* oldServed(project: Project, files: Files, before: number): Iterable<string> {
  const { layout } = project;
  const old = [...oldOutcomes(project, files, before)].filter((place) => isServed(files, place));
  const entries = new Set(old.map(({ entry }) => entry));
  const names = new Set(old.map(({ entry }) => parseEntryName(entry).job));
  for (const { entry } of allPlaces(files, layout))
    if (!entries.has(entry)) names.delete(parseEntryName(entry).job);
  for (const name of [...entries, ...names])
    for (const stream of ['out', 'err'] as const) yield layout.log(name, stream);
  yield* withAllTheyLeft(project, files, old, before);
}

/** The jobs come last: if we are killed, who comes next knows by them what else is to go. */
function* withAllTheyLeft(
  project: Project,
  files: Files,
  old: Iterable<Place>,
  before: number,
): Iterable<string> {
  const paths = new Map([...old].map(({ entry, path }) => [entry, path]));
  yield* leftByServed(project, files, (entry) => paths.has(entry), before);
  yield* paths.values();
}

function* oldOutcomes(project: Project, files: Files, before: number): Iterable<Place> {
  const awaited = awaitedJobs(project, files);
  let ends: ReadonlyMap<string, number> | undefined;
  for (const place of allPlaces(files, project.layout)) {
    const { state, entry, path } = place;
    if (state !== 'done' && state !== 'failed') continue;
    if (awaited.has(parseEntryName(entry).job) || (files.movedAt(path) ?? Infinity) >= before) continue;
    // Some filesystems keep the time at which a file was written and not that of its last move: the journals know.
    ends ??= endsOf(project, files);
    if ((ends.get(entry) ?? 0) < before) yield place;
  }
}

/** When each execution ended, by the journals that are left, in milliseconds since 1970. */
function endsOf({ layout }: Project, files: Files): Map<string, number> {
  const reader = new JournalReader(files, layout);
  const ends = new Map<string, number>();
  for (const name of perform(files, list(layout.journal)) ?? [])
    if (name.endsWith('.jsonl'))
      for (const line of reader.readFresh(name))
        if (line.event === 'finish' || line.event === 'verdict') ends.set(line.entry, Date.parse(line.time));
  return ends;
}

/** Jobs that somebody waits for: their outcome still matters. */
function awaitedJobs({ layout }: Project, files: Files): Set<string> {
  const awaited = new Set<string>();
  for (const { state, path } of allPlaces(files, layout)) {
    if (state !== 'waiting') continue;
    const inspected = files.inspect(path, jobFileLimit);
    if (inspected.kind !== 'file') continue;
    try {
      for (const job of readJob(inspected).after) awaited.add(job);
    } catch (error) {
      if (!(error instanceof JobFileError)) throw error;
    }
  }
  return awaited;
}

function hasPoolInUse({ layout }: Project, files: Files, place: Place): boolean {
  return ownPoolsOf(files, layout, place).some((pool) => isPoolInUse(files, layout, pool));
}

/**
 * Pools of runs that are done, and of those that go. Their dispatcher was to drop them, and died, or an item came home
 * after it had ended. A run that failed keeps its pools as long as it can be tried again.
 */
function* leftPools({ layout }: Project, files: Files, goes: ReadonlySet<string>): Iterable<string> {
  for (const place of allPlaces(files, layout)) {
    if (place.state !== 'done' && !(place.state === 'failed' && goes.has(place.entry))) continue;
    for (const pool of ownPoolsOf(files, layout, place))
      if (!isPoolInUse(files, layout, pool)) yield layout.pool(pool);
  }
}

/** What lies beside the jobs: logs of executions that are over, journals and scratch files of crews that are gone. */
function* oldFiles({ layout }: Project, files: Files, before: number): Iterable<string> {
  const isOld = (path: string): boolean => (files.changedAt(path) ?? Infinity) < before;
  // It is as old as what it leads to. That may have gone without it: it leads nowhere now.
  const isOldLog = (path: string): boolean => isOld(path) || isDangling(files, path);
  const crews = new Set<string>();
  for (const name of perform(files, list(layout.jobpods)) ?? []) crews.add(parsePodName(name)?.crew ?? name);
  const live = new Set<string>();
  for (const { state, entry } of allPlaces(files, layout))
    if (state !== 'done' && state !== 'failed') live.add(parseEntryName(entry).job);
  for (const name of perform(files, list(layout.logs)) ?? [])
    if (!isLogOfLive(name, live) && !crews.has(name.slice(1)) && isOldLog(`${layout.logs}/${name}`))
      yield `${layout.logs}/${name}`;
  for (const name of perform(files, list(layout.journal)) ?? [])
    if (!crews.has(name.replace(/\.jsonl$/, '')) && isOld(`${layout.journal}/${name}`))
      yield `${layout.journal}/${name}`;
  for (const name of perform(files, list(layout.jobqueue)) ?? [])
    if ((isSubmission(name) || name.startsWith(fanOutDraftPrefix)) && isOld(layout.queued(name)))
      yield layout.queued(name);
  const paths = new ServerPaths(layout);
  for (const name of perform(files, list(paths.directory)) ?? []) {
    const path = `${paths.directory}/${name}`;
    if (paths.isDraft(path) && isOld(path)) yield path;
  }
  for (const name of perform(files, list(layout.root)) ?? [])
    if ((name.startsWith(probePrefix) || name.startsWith(trialPrefix)) && isOld(`${layout.root}/${name}`))
      yield `${layout.root}/${name}`;
}

function isDangling(files: Files, path: string): boolean {
  return files.changedAt(path) === undefined && files.exists(path);
}

/** A running job may have been silent for long: its logs are spared. */
function isLogOfLive(name: string, live: ReadonlySet<string>): boolean {
  return live.has(parseEntryName(name.replace(/\.(out|err)$/, '')).job);
}
