import { decodeJobName } from '../../job/decode/decode-job.js';
import type { LiveIndex } from '../feed/live-index.js';
import type { RemoteCrews } from './remote-crews.js';
import type { Stage } from './stage.js';

/** How DECODE's jobs stand, for workers: what waits may be seen by all of them, what one has or had by that one alone. */
export class JobStatus {
  readonly #index: LiveIndex;
  readonly #crews: RemoteCrews;

  constructor({ index }: { readonly index: LiveIndex }, crews: RemoteCrews) {
    this.#index = index;
    this.#crews = crews;
  }

  async of(worker: string, id: string): Promise<Stage | undefined> {
    const held = this.#crews.find(worker, id);
    if (held !== undefined) return held.crew.stageOf(held);
    if (!/^[1-9]\d{0,14}$/.test(id)) return undefined;
    const name = decodeJobName(Number(id));
    let job = this.#index.find(name);
    if (job === undefined || job.state === 'assigned' || job.state === 'running') {
      await this.#index.refresh();
      job = this.#index.find(name);
    }
    if (job?.state === 'waiting') return 'queued';
    if (job?.host !== worker) return undefined;
    if (job.state === 'done') return 'finished';
    return job.state === 'failed' ? 'error' : undefined;
  }
}
