import { decodeJobName } from '../../job/decode/decode-job.js';
import { describeOutcome } from '../../job/outcome.js';
import type { JobSummary } from '../feed/job-index.js';
import type { LiveIndex } from '../feed/live-index.js';
import { LastWords } from './last-words.js';
import { type RemoteCrews, isNumber } from './remote-crews.js';
import type { Stage } from './stage.js';

/** How jobs stand, for workers: what waits may be seen by all of them, what one has or had by that one alone. */
export class JobStatus {
  readonly #index: LiveIndex;
  readonly #crews: RemoteCrews;
  readonly #lastWords = new LastWords();

  constructor({ index }: { readonly index: LiveIndex }, crews: RemoteCrews) {
    this.#index = index;
    this.#crews = crews;
  }

  async of(worker: string, id: string): Promise<Stage | undefined> {
    const held = this.#crews.find(worker, id);
    if (held !== undefined) return held.crew.stageOf(held);
    const job = await this.#lookUp(id);
    if (job === undefined) return undefined;
    return job.state === 'waiting' && isNumber(id) ? 'queued' : endOf(job, worker);
  }

  /** A worker has said how it ends for it, and was heard. */
  noteLast(worker: string, id: string, stage: Stage): void {
    if (lastStages.has(stage)) this.#lastWords.note(worker, id, stage);
  }

  /**
   * Whether a worker has said so before: it was not answered, and says it again. Another server may have heard it, or this one
   * before it was started anew: then the journals tell of what the worker has ended.
   */
  async hasHeard(worker: string, id: string, stage: Stage): Promise<boolean> {
    if (!lastStages.has(stage)) return false;
    if (this.#lastWords.has(worker, id, stage)) return true;
    const job = stage === 'queued' ? undefined : await this.#lookUp(id);
    return job !== undefined && job.outcome !== cancelled && endOf(job, worker) === stage;
  }

  /** By its number, or by its entry's name. */
  async #lookUp(id: string): Promise<JobSummary | undefined> {
    const name = isNumber(id) ? decodeJobName(Number(id)) : id;
    const job = this.#index.find(name);
    if (job !== undefined && job.state !== 'assigned' && job.state !== 'running') return job;
    // Nobody makes the server look around by asking for what there never was.
    if (job === undefined && !this.#crews.mayBeKnown(id)) return undefined;
    await this.#index.refresh();
    return this.#index.find(name);
  }
}

/** After these a worker has nothing more to do with a job. */
const lastStages: ReadonlySet<Stage> = new Set(['finished', 'error', 'queued']);

const cancelled = describeOutcome({ kind: 'cancelled' });

/** How a job has ended that a worker had last. */
function endOf({ state, host }: JobSummary, worker: string): Stage | undefined {
  if (host !== worker) return undefined;
  if (state === 'done') return 'finished';
  return state === 'failed' ? 'error' : undefined;
}
