import { type Cancelled, cancelPlace } from '../queue/cancel-place.js';
import { parseEntryName } from '../queue/entry-name.js';
import { type Place, allPlaces, isLive } from '../queue/places.js';
import { clock, filesFor, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { findJob } from './find-job.js';
import type { Project } from './project.js';
import { printable, say, sayJson } from './say.js';

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
  const results = places.map((place) => {
    const by = { writer: `user-${thisHost().name}`, time: clock.timestamp() };
    return { place, result: cancelPlace(files, project.layout, place, by) };
  });
  if (json) sayJson({ cancelled: results.map(({ place, result }) => ({ entry: place.entry, result })) });
  else for (const { place, result } of results) say(describe(place, result));
  return results.some(({ result }) => result === 'over') ? exitCode.someFailed : exitCode.fine;
}

function describe(place: Place, result: Cancelled): string {
  const { entry, state } = place;
  const job = printable(parseEntryName(entry).job);
  switch (result) {
    case 'withdrawn':
      return `${job}: withdrawn (fjr retry ${job} brings it back)`;
    case 'stopping':
      return `${job}: its crew was asked to stop it`;
    case 'over':
      return `${job}: nothing to cancel, it is ${isLive(place) ? 'elsewhere by now' : state}`;
  }
}
