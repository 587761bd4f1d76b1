import { type CrewId, parsePodName } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { list } from '../../queue/steps.js';
import type { Served } from '../served.js';

/** Milliseconds: two changes of a directory that are farther apart have different times, on any local filesystem. */
const coarsest = 2000;

/** Which pods there are: always as it is, and listed only if something has changed since, where that can be told. */
export class PodList {
  readonly #served: Served;
  #known: { readonly crews: readonly CrewId[]; readonly changed: number } | undefined;

  constructor(served: Served) {
    this.#served = served;
  }

  read(): readonly CrewId[] {
    const { files, layout, isShared, clock } = this.#served;
    // What a file server said of a directory's time may be old.
    const changed = isShared ? undefined : files.changedAt(layout.jobpods);
    if (changed !== undefined && changed === this.#known?.changed) return this.#known.crews;
    const now = clock.wall();
    const crews = (perform(files, list(layout.jobpods)) ?? []).flatMap((name) => {
      const pod = parsePodName(name);
      return pod?.kind === 'live' ? [pod.crew] : [];
    });
    // What changes within a moment after the last change may not change the time.
    this.#known = changed !== undefined && changed < now - coarsest ? { crews, changed } : undefined;
    return crews;
  }
}
