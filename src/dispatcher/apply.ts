import { assignJob } from '../queue/assign-job.js';
import { claimWorker } from '../queue/claim-worker.js';
import { type Badge, type CrewId, type Layout, badgeName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { heldItemName, releaseItem, takeItem } from '../queue/pool.js';
import type { Steps } from '../queue/steps.js';
import { type Token, newToken } from '../queue/token.js';
import type { Files } from '../system/files.js';
import type { Assignment, Slot } from './plan.js';

/** What came of an assignment. Somebody may have been faster, or the crew may be gone. */
export type Applied =
  | { readonly kind: 'assigned'; readonly entry: string }
  | { readonly kind: 'job-gone' | 'worker-taken' | 'item-taken' | 'pod-gone' };

/** Carries out what was planned: claims the worker, takes the items, assigns the job. */
export class Applier {
  readonly #files: Files;
  readonly #layout: Layout;
  /** Badges that we claimed: the doorbell rings for those, too. */
  readonly #claimed = new Set<string>();
  /** Claimed, and without a job: somebody else had it. */
  readonly #spare = new Map<string, Badge>();

  constructor(files: Files, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Workers that are claimed and idle. */
  get spare(): Iterable<Badge> {
    return this.#spare.values();
  }

  /** Whether the doorbell rang for our own hand. */
  isOwn(name: string): boolean {
    return this.#claimed.delete(name);
  }

  /** A worker that we claimed and had no job for is announced again by its crew: then it is no longer ours. */
  forgetSpare(): void {
    this.#spare.clear();
    this.#claimed.clear();
  }

  /** Whoever loses a race on the way gives back what it has. */
  apply({ job, badge, items }: Assignment): Applied {
    // A busy worker has no badge to claim: its crew starts the job when it can.
    const claimed = badge.ahead === true ? 'claimed' : this.#claim(badge);
    if (claimed !== 'claimed') return { kind: claimed };
    const token = newToken();
    const held = items.map((item) => ({ ...item, token }));
    if (!held.every((item) => this.#perform(takeItem(this.#layout, badge.crew, item)) === 'taken')) {
      this.#giveBack(badge, items, token);
      return { kind: 'item-taken' };
    }
    const assigned = this.#perform(assignJob(this.#layout, job.name, token, badge.crew));
    if (assigned.kind !== 'assigned') this.#giveBack(badge, items, token);
    return assigned;
  }

  /** An offer whose crew has no pod: claiming it finds out, and removes it. */
  clear(badge: Badge): void {
    this.#perform(claimWorker(this.#layout, badge));
  }

  #claim(badge: Badge): 'claimed' | 'worker-taken' | 'pod-gone' {
    const name = badgeName(badge);
    if (this.#spare.delete(name)) return 'claimed';
    this.#claimed.add(name);
    const claimed = this.#perform(claimWorker(this.#layout, badge));
    return claimed === 'taken' ? 'worker-taken' : claimed;
  }

  #giveBack(badge: Slot, items: Assignment['items'], token: Token): void {
    const crew: CrewId = badge.crew;
    for (const item of items)
      this.#perform(releaseItem(this.#layout, this.#layout.pod(crew), heldItemName({ ...item, token })));
    if (badge.ahead !== true) this.#spare.set(badgeName(badge), badge);
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#files, steps);
  }
}
