import { fitsBeside, noUsage } from '../job/capacity.js';
import type { Needs } from '../job/job.js';
import type { Crews } from './crews.js';
import type { Report } from './dispatcher-event.js';
import type { Intake } from './intake.js';
import type { Group } from './plan.js';
import type { Pools } from './pools.js';

export interface MisfitsParts {
  readonly intake: Intake;
  readonly crews: Crews;
  readonly pools: Pools;
  readonly report: Report;
}

/** Jobs that no crew could ever run, or for which there are too few items: somebody should know, and once is enough. */
export class Misfits {
  readonly #parts: MisfitsParts;
  readonly #told = new WeakSet<Needs>();

  constructor(parts: MisfitsParts) {
    this.#parts = parts;
  }

  /** `groups`: for which the idle workers were not enough, if any of their jobs is still there. */
  tell(groups: readonly Group[]): void {
    const { intake, crews } = this.#parts;
    for (const { needs, jobs } of groups) {
      const [first] = jobs;
      if (first === undefined || !jobs.every(({ name }) => intake.has(name))) continue;
      if (crews.capacities().length > 0 && !this.#told.has(needs)) this.#judge(first.name, needs);
    }
  }

  #judge(name: string, needs: Needs): void {
    const { crews, pools, report } = this.#parts;
    const poor = needs.resources.find(({ pool, count }) => pools.sizeOf(pool) < count);
    if (poor === undefined && crews.capacities().some((one) => fitsBeside(needs, noUsage, one))) return;
    this.#told.add(needs);
    report(poor === undefined ? { kind: 'unfit', name, needs } : { kind: 'poor', name, ...poor });
  }
}
