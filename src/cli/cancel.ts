import { isFanOut } from './fan-outs.js';
import { cancelFanOut, cancelSlices } from '../queue/cancel-fan-out.js';
import { markCancelled } from '../queue/cancel-job.js';
import { parseEntryName, tokenOf } from '../queue/entry-name.js';
import { perform } from '../queue/perform.js';
import { type Place, allPlaces } from '../queue/places.js';
import { recallJob } from '../queue/recall-job.js';
import { rejectJob } from '../queue/reject-job.js';
import { newToken } from '../queue/token.js';
import type { Files } from '../system/files.js';
import { clock, filesFor, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { findJob } from './find-job.js';
import type { Project } from './project.js';
import { printable, say, sayJson } from './say.js';

type Cancelled = 'withdrawn' | 'stopping' | 'over';

/** `fjr cancel`: what waits goes to `failed` as cancelled, from where it can be retried; what runs is stopped. */
export function cancelCommand(
  project: Project,
  jobs: readonly string[],
  all: boolean,
  json: boolean,
): ExitCode {
  const files = filesFor(project);
  const places = all
    ? [...allPlaces(files, project.layout)].filter(isLive)
    : jobs.flatMap((job) =>
        findJob(project, files, job).filter((place, index) => isLive(place) || index === 0),
      );
  const results = places.map((place) => ({ place, result: cancel(project, files, place) }));
  if (json) sayJson({ cancelled: results.map(({ place, result }) => ({ entry: place.entry, result })) });
  else for (const { place, result } of results) say(describe(place, result));
  return results.some(({ result }) => result === 'over') ? exitCode.someFailed : exitCode.fine;
}

function isLive({ state }: Place): boolean {
  return state !== 'done' && state !== 'failed';
}

function cancel(project: Project, files: Files, place: Place): Cancelled {
  if (isLive(place) && isFanOut(files, place)) return cancelRun(project, files, place);
  const { layout } = project;
  const { state, entry, crew } = place;
  if (state === 'assigned' && crew !== undefined) perform(files, recallJob(layout, crew, entry));
  if (state === 'waiting' || state === 'assigned') {
    const verdict = {
      writer: `user-${thisHost().name}`,
      time: clock.timestamp(),
      outcome: { kind: 'cancelled' },
    } as const;
    if (perform(files, rejectJob(layout, entry, newToken(), verdict)) === 'rejected') return 'withdrawn';
  }
  // It has started meanwhile, or had already.
  const token = tokenOf(entry);
  if (crew === undefined || token === undefined) return 'over';
  return perform(files, markCancelled(layout, crew, token)) === 'marked' ? 'stopping' : 'over';
}

/** No more tasks are begun, and those that run are stopped; then its dispatcher ends it. */
function cancelRun({ layout }: Project, files: Files, { entry }: Place): Cancelled {
  perform(files, cancelFanOut(layout, entry));
  perform(files, cancelSlices(layout, entry));
  return 'stopping';
}

function describe({ entry, state }: Place, result: Cancelled): string {
  const job = printable(parseEntryName(entry).job);
  switch (result) {
    case 'withdrawn':
      return `${job}: withdrawn (fjr retry ${job} brings it back)`;
    case 'stopping':
      return `${job}: its crew was asked to stop it`;
    case 'over':
      return `${job}: nothing to cancel, it is ${state === 'done' || state === 'failed' ? state : 'elsewhere by now'}`;
  }
}
