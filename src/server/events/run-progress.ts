import { FanOutPaths, type FanOutProgress } from '../../queue/fan-out-paths.js';
import { perform } from '../../queue/perform.js';
import { read } from '../../queue/steps.js';
import type { LiveIndex } from '../feed/live-index.js';
import type { Served } from '../served.js';

/** Runs that are looked at; of more than so many at once nobody could follow the news. */
const mostRuns = 100;

export interface RunNews extends FanOutProgress {
  readonly id: string;
  readonly name: string;
}

/** How far runs are, as their dispatcher writes it down. */
export class RunProgress {
  readonly #served: Served;
  readonly #index: LiveIndex;
  #known = new Map<string, string>();

  constructor(served: Served, index: LiveIndex) {
    this.#served = served;
    this.#index = index;
  }

  /** Of each whose numbers have changed. */
  *news(): Generator<RunNews> {
    const known = new Map<string, string>();
    for (const { id, name } of this.#index.page({ kinds: ['run'], states: ['waiting'], limit: mostRuns })
      .jobs) {
      const bytes = perform(
        this.#served.files,
        read(new FanOutPaths(this.#served.layout.queued(id)).progress),
      );
      const text = Buffer.from(bytes ?? '').toString('utf8');
      const progress = parseProgress(bytes);
      if (progress === undefined) continue;
      known.set(id, text);
      if (this.#known.get(id) !== text) yield { id, name, ...progress };
    }
    this.#known = known;
  }
}

/** Undefined: there is none yet, or it is being rewritten just now. */
export function parseProgress(bytes: Uint8Array | undefined): FanOutProgress | undefined {
  try {
    const { tasks, done, failed } = JSON.parse(Buffer.from(bytes ?? '').toString('utf8')) as FanOutProgress;
    return { tasks, done, failed };
  } catch {
    return undefined;
  }
}
