import { jobFileLimit } from '../job/read-job.js';
import { JobFileError } from '../job/settings.js';
import {
  type SpecJob,
  idOfSpecJobName,
  looksLikeSpecJob,
  parseSpecJob,
  specJobName,
} from '../job/spec/spec-job.js';
import { parseEntryName } from '../queue/entry-name.js';
import { type Place, allPlaces } from '../queue/places.js';
import { JournalTimes } from './journal-times.js';
import type { Served } from './served.js';

/** A job that came through a server, and how it stands. Times are ISO 8601. */
export interface ServedJob {
  readonly job: SpecJob;
  readonly place: Place;
  readonly started: string | undefined;
  readonly ended: string | undefined;
}

/** Times that a job is looked for before it is taken for gone: it may move while places are listed. */
const looks = 3;

/**
 * Finds jobs by their numbers. Where each was last seen is remembered, and holds while it is still there; else all places
 * are listed anew. So an answer costs one look at a file, and now and then a listing of the project.
 */
export class ServedJobs {
  readonly #served: Served;
  readonly #times: JournalTimes;
  #places = new Map<number, Place[]>();

  constructor(served: Served) {
    this.#served = served;
    this.#times = new JournalTimes(served.files, served.layout);
  }

  find(id: number): ServedJob | undefined {
    for (let look = 0; look < looks; look++) {
      for (const place of this.#newestFirst(this.#places.get(id) ?? [])) {
        const found = this.#read(place, id);
        if (found !== undefined) return found;
      }
      this.#listPlaces();
    }
    return undefined;
  }

  /** The highest number that a job in the project has. */
  highest(): number {
    this.#listPlaces();
    let highest = 0;
    for (const id of this.#places.keys()) highest = Math.max(highest, id);
    return highest;
  }

  #listPlaces(): void {
    const { files, layout } = this.#served;
    const places = new Map<number, Place[]>();
    for (const place of allPlaces(files, layout)) {
      const id = idOfSpecJobName(parseEntryName(place.entry).job);
      if (id === undefined) continue;
      const others = places.get(id);
      if (others === undefined) places.set(id, [place]);
      else others.push(place);
    }
    this.#places = places;
  }

  /** What waits or runs first; of outcomes the newest, should somebody have put the job there again. */
  #newestFirst(places: readonly Place[]): readonly Place[] {
    if (places.length < 2) return places;
    const at = (place: Place): number =>
      isLive(place) ? Infinity : (this.#served.files.movedAt(place.path) ?? 0);
    return [...places].sort((a, b) => (at(a) < at(b) ? 1 : -1));
  }

  /** Undefined: it is not there any more, or it is not that job. */
  #read(place: Place, id: number): ServedJob | undefined {
    const { files } = this.#served;
    const inspected = files.inspect(place.path, jobFileLimit);
    if (inspected.kind !== 'file' || !looksLikeSpecJob(inspected.head)) return undefined;
    let job: SpecJob;
    try {
      job = parseSpecJob(inspected.head);
    } catch (error) {
      if (error instanceof JobFileError) return undefined;
      throw error;
    }
    if (job.id !== id || specJobName(job.jobspec, id) !== parseEntryName(place.entry).job) return undefined;
    const { started, ended } = this.#times.of(place.entry);
    return {
      job,
      place,
      started: place.state === 'waiting' || place.state === 'assigned' ? undefined : started,
      ended: isLive(place) ? undefined : (ended ?? this.#movedAt(place)),
    };
  }

  /** Journals of crews that are long gone may have been removed. */
  #movedAt({ path }: Place): string | undefined {
    const at = this.#served.files.movedAt(path);
    return at === undefined ? undefined : new Date(at).toISOString();
  }
}

function isLive({ state }: Place): boolean {
  return state !== 'done' && state !== 'failed';
}
