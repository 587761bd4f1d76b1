import { FjrError } from '../job/fjr-error.js';
import { parseEntryName } from '../queue/entry-name.js';
import { allPlaces } from '../queue/places.js';
import { hasOwnHosts, retryPlace } from '../queue/retry-place.js';
import { filesFor, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
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
        .filter((place) => place.state === 'failed' && !hasOwnHosts(files, place))
        .map(({ entry }) => entry)
    : jobs.map((job) => failedEntry(project, job));
  const writer = `user-${thisHost().name}`;
  const queued = entries.filter((entry) => retryPlace(files, project.layout, entry, writer) === 'queued');
  if (queued.length > 0) await tellDispatcher(project, []);
  if (json) sayJson({ retried: queued });
  else if (allFailed)
    say(`${plural(queued.length, 'failed job')} back in the queue of project "${project.name}".`);
  else for (const entry of queued) say(`${printable(parseEntryName(entry).job)}: back in the queue`);
  return exitCode.fine;
}

function failedEntry(project: Project, job: string): string {
  const places = findJob(project, filesFor(project), job);
  const failed = places.find(({ state }) => state === 'failed');
  if (failed !== undefined && hasOwnHosts(filesFor(project), failed))
    throw new FjrError('usage', `"${job}" worked on hosts of its own, which no crew reaches`, {
      hint: `fjr run --resume ${job} FILE goes on with it, with the file that it was made from`,
    });
  if (failed !== undefined) return failed.entry;
  throw new FjrError('no-such-job', `job "${job}" has not failed: it is ${places[0].state}`, {
    hint: 'only failed jobs are retried; to run one again, submit it again',
  });
}
