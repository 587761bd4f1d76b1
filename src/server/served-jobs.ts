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
import type { JobSummary } from './feed/job-index.js';
import type { LiveIndex } from './feed/live-index.js';
import type { Served } from './served.js';

/** A job that came through a server, and how it stands. Times are ISO 8601. */
export interface ServedJob {
  readonly job: SpecJob;
  readonly place: Place;
  readonly started: string | undefined;
  readonly ended: string | undefined;
}

/**
 * Finds jobs by their numbers. The index says where; that counts if the job's file is there. Else the index is made to
 * look, and then at everything: a job may move while directories are listed, so that this is done twice.
 */
export class ServedJobs {
  readonly #served: Served;
  readonly #index: LiveIndex;

  constructor(served: Served, index: LiveIndex) {
    this.#served = served;
    this.#index = index;
  }

  async find(id: number): Promise<ServedJob | undefined> {
    const found = this.#find(id);
    if (found !== undefined) return found;
    for (const look of ['refresh', 'sweep', 'sweep'] as const) {
      await this.#index[look]();
      const late = this.#find(id);
      if (late !== undefined) return late;
    }
    return undefined;
  }

  /** The job whose accepted execution this is, if it has ended. It goes by the index alone, which may be behind. */
  endedAs(entry: string): ServedJob | undefined {
    const summary = this.#index.find(entry);
    if (summary?.id !== entry || summary.ended === undefined) return undefined;
    const id = idOfSpecJobName(summary.name);
    return id === undefined ? undefined : this.#read(summary, id);
  }

  /** The highest number that a job in the project has. Lists all there is. */
  highest(): number {
    let highest = 0;
    for (const { entry } of allPlaces(this.#served.files, this.#served.layout))
      highest = Math.max(highest, idOfSpecJobName(parseEntryName(entry).job) ?? 0);
    return highest;
  }

  #find(id: number): ServedJob | undefined {
    for (const summary of this.#index.numbered(id)) {
      const found = this.#read(summary, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Undefined: it is not there any more, or it is not that job. */
  #read(summary: JobSummary, id: number): ServedJob | undefined {
    const place = this.#index.placeOf(summary);
    const inspected = this.#served.files.inspect(place.path, jobFileLimit);
    if (inspected.kind !== 'file' || !looksLikeSpecJob(inspected.head)) return undefined;
    let job: SpecJob;
    try {
      job = parseSpecJob(inspected.head);
    } catch (error) {
      if (error instanceof JobFileError) return undefined;
      throw error;
    }
    if (job.id !== id || specJobName(job.jobspec, id) !== summary.name) return undefined;
    return { job, place, started: summary.started, ended: summary.ended };
  }
}
