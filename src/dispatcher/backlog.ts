import type { Needs } from '../job/job.js';
import { type Group, type Waiting, goesBefore } from './plan.js';
import { Heap } from './heap.js';

interface Kind {
  readonly needs: Needs;
  readonly heap: Heap<Waiting>;
}

/**
 * Jobs that are ready to go, in order, grouped by what they need: to plan for ten workers one looks at ten jobs of
 * each group, whatever the backlog's length.
 */
export class Backlog {
  readonly #kinds = new Map<string, Kind>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(job: Waiting, needs: Needs): void {
    // What some hosts are never to have must not stand before what they may have.
    const signature = `${signatureOf(needs)}${job.never === undefined ? '' : ` ${[...job.never].join()}`}`;
    let kind = this.#kinds.get(signature);
    if (kind === undefined)
      this.#kinds.set(signature, (kind = { needs, heap: new Heap<Waiting>(goesBefore) }));
    kind.heap.push(job);
    this.#size += 1;
  }

  /** The highest priority of all that waits; -Infinity: nothing does. */
  get top(): number {
    let highest = -Infinity;
    for (const { heap } of this.#kinds.values())
      highest = Math.max(highest, heap.first?.priority ?? -Infinity);
    return highest;
  }

  /** The first job of each group, in no order. */
  leaders(): { readonly needs: Needs; readonly job: Waiting }[] {
    return [...this.#kinds.values()].flatMap(({ needs, heap }) =>
      heap.first === undefined ? [] : [{ needs, job: heap.first }],
    );
  }

  /**
   * Takes out the first `most` jobs of each group of which `isWanted`, but for those whose priority is less than `least`.
   * What the plan does not use is put back by `add`.
   */
  takeHeads(most: number, least = -Infinity, isWanted: (needs: Needs) => boolean = () => true): Group[] {
    const groups: Group[] = [];
    for (const [signature, { needs, heap }] of this.#kinds) {
      if (heap.size === 0) this.#kinds.delete(signature);
      if (!isWanted(needs)) continue;
      const jobs: Waiting[] = [];
      for (let job = heap.first; job !== undefined && jobs.length < most; job = heap.first) {
        if (job.priority < least) break;
        jobs.push(job);
        heap.pop();
      }
      this.#size -= jobs.length;
      if (jobs.length > 0) groups.push({ needs, jobs });
    }
    return groups;
  }
}

function signatureOf(needs: Needs): string {
  const { cpus, memory, gpus, resources, labels, seconds } = needs;
  const pools = resources.map(({ pool, count }) => `${pool}*${count}`);
  const plain = [cpus, memory, gpus, pools, labels, seconds].join(' ');
  const { gpu, portable = false, group } = needs;
  return portable || gpu !== undefined || group !== undefined
    ? `${plain} ${JSON.stringify([gpu, portable, group])}`
    : plain;
}
