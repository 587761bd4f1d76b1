import { FjrError } from '../job/fjr-error.js';
import { parseEntryName } from '../queue/entry-name.js';
import { FanOutBook, readFanOut } from '../queue/fan-out-book.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { type Place, allPlaces } from '../queue/places.js';
import { retryFailed } from '../queue/retry-failed.js';
import { append, unlink } from '../queue/steps.js';
import { formatTaskLine } from '../queue/task-line.js';
import { newToken } from '../queue/token.js';
import type { Files } from '../system/files.js';
import { filesFor, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { isFanOut } from './fan-outs.js';
import { findJob } from './find-job.js';
import { tellDispatcher } from './hint-line.js';
import type { Project } from './project.js';
import { plural, printable, say, sayJson } from './say.js';

/** `fjr retry`: failed jobs go back into the queue. */
export async function retryCommand(
  project: Project,
  jobs: readonly string[],
  allFailed: boolean,
  json: boolean,
): Promise<ExitCode> {
  const files = filesFor(project);
  const entries = allFailed
    ? [...allPlaces(files, project.layout)]
        .filter((place) => place.state === 'failed' && !hasHosts(files, place))
        .map(({ entry }) => entry)
    : jobs.map((job) => failedEntry(project, job));
  for (const entry of entries) forgiveTasks(files, project, entry);
  const queued = entries.filter(
    (entry) => perform(files, retryFailed(project.layout, entry, newToken())) === 'queued',
  );
  if (queued.length > 0) await tellDispatcher(project, []);
  if (json) sayJson({ retried: queued });
  else if (allFailed)
    say(`${plural(queued.length, 'failed job')} back in the queue of project "${project.name}".`);
  else for (const entry of queued) say(`${printable(parseEntryName(entry).job)}: back in the queue`);
  return exitCode.fine;
}

/** Whether a fan-out job needs the crew that was made for it. */
function hasHosts(files: Files, place: Place): boolean {
  return isFanOut(files, place) && readFanOut(files, new FanOutPaths(place.path)).ssh !== undefined;
}

/** Of a fan-out job only what failed or was never done is tried again, with all its tries before it. */
function forgiveTasks(files: Files, { layout }: Project, entry: string): void {
  const path = layout.finished('failed', entry);
  if (!isFanOut(files, { entry, path })) return;
  const paths = new FanOutPaths(path);
  const { tally, fanOut } = readBook(files, paths);
  let lines = '';
  for (let task = 0; task < fanOut.tasks; task++)
    if (tally.stateOf(task) === 'failed') lines += formatTaskLine({ task, forgive: tally.blameOf(task) });
  if (lines !== '') perform(files, append(paths.outcomesOf(`user-${thisHost().name}`), lines));
  perform(files, unlink(paths.cancelMark));
}

function readBook(files: Files, paths: FanOutPaths): FanOutBook {
  const book = new FanOutBook(files, paths);
  book.refresh();
  return book;
}

function failedEntry(project: Project, job: string): string {
  const places = findJob(project, filesFor(project), job);
  const failed = places.find(({ state }) => state === 'failed');
  if (failed !== undefined && hasHosts(filesFor(project), failed))
    throw new FjrError('usage', `"${job}" worked on hosts of its own, which no crew reaches`, {
      hint: `fjr run --resume ${job} FILE goes on with it, with the file that it was made from`,
    });
  if (failed !== undefined) return failed.entry;
  throw new FjrError('no-such-job', `job "${job}" has not failed: it is ${places[0].state}`, {
    hint: 'only failed jobs are retried; to run one again, submit it again',
  });
}
