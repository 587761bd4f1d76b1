import { formatHeartbeat } from '../queue/crew-file.js';
import { tokenOf } from '../queue/entry-name.js';
import type { HeldItems } from '../queue/held-items.js';
import type { Clock } from '../system/clock.js';
import type { Life } from './life.js';
import type { OwnPod } from './own-pod.js';
import type { PodEntries } from './pod-entries.js';
import type { Roster } from './roster.js';
import type { Starter } from './starter.js';

/** One more than the ten looks without change that make a crew stale. */
const beatsPerLease = 11;

/** What a heartbeat needs of its crew. */
export interface HeartbeatCrew {
  readonly life: Life;
  readonly pod: OwnPod;
  readonly roster: Roster;
  readonly entries: PodEntries;
  readonly items: HeldItems;
  readonly starter: Pick<Starter, 'beat'>;
  readonly clock: Clock;
  /** Seconds. */
  readonly lease: number;
  /** Milliseconds between two looks at items that no job of the crew holds. */
  readonly tendIdleItems: number;
}

/** What shows that a crew lives, and what it does; with it goes what has to be done as regularly. */
export class Heartbeat {
  readonly #crew: HeartbeatCrew;
  #beats = 0;
  /** Monotonic milliseconds. */
  #last = 0;
  #tendedAt = 0;
  /** What the roster's `changes` were that it tells of. */
  #told = 0;

  constructor(crew: HeartbeatCrew) {
    this.#crew = crew;
  }

  /** Milliseconds between two beats. */
  get interval(): number {
    return (this.#crew.lease * 1000) / beatsPerLease;
  }

  /** Whether it tells of jobs that have ended, or not of some that run: people look at it. */
  get isOld(): boolean {
    return this.#told !== this.#crew.roster.changes;
  }

  /** Whether the crew has slept through beats. */
  get isLate(): boolean {
    const { clock, lease } = this.#crew;
    return clock.monotonic() - this.#last > (lease * 1000) / 3;
  }

  beat(): void {
    const { life, pod, roster, entries, starter, clock, lease } = this.#crew;
    if (life.isVoid) return;
    this.#beats += 1;
    this.#told = roster.changes;
    this.#last = clock.monotonic();
    const running: Record<string, string> = {};
    for (const [worker, { entry }] of roster.in('busy')) running[worker] = entry;
    if (pod.beat(this.#content(running)) === 'fenced') {
      life.fence();
      return;
    }
    // Only now: the guardian hears of beats that others can see, and kills for us if there are none.
    starter.beat((lease * 2) / 3);
    const names = Object.values(running);
    this.#tendItems(names);
    entries.keepStarted(names);
  }

  #content(running: Readonly<Record<string, string>>): string {
    const { phase, secondsLeft } = this.#crew.life;
    return formatHeartbeat({
      beat: this.#beats,
      ...(secondsLeft === Infinity ? {} : { left: Math.floor(secondsLeft) }),
      ...(phase === 'leaving' ? { leaving: true } : {}),
      running,
    });
  }

  #tendItems(running: readonly string[]): void {
    const { entries, items } = this.#crew;
    if (this.#last - this.#tendedAt <= this.#tendInterval()) return;
    this.#tendedAt = this.#last;
    items.tend(new Set([...running, ...entries.names()].map(tokenOf)));
  }

  /** Milliseconds. Locks of items in use are kept fresh; that there are others is rare. */
  #tendInterval(): number {
    const { roster, lease, tendIdleItems } = this.#crew;
    for (const [, { job }] of roster.in('busy'))
      if (job.needs.resources.length > 0) return (lease * 1000) / 15;
    return tendIdleItems;
  }
}
