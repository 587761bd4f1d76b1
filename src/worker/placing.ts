import type { Slice } from '../job/fan-out.js';
import type { HeldItems } from '../queue/held-items.js';
import { badgeName } from '../queue/layout.js';
import type { Clock } from '../system/clock.js';
import { chooseWorker } from './choose-worker.js';
import type { CrewEvents } from './crew-events.js';
import type { Life } from './life.js';
import type { Offers } from './offers.js';
import type { OwnPod } from './own-pod.js';
import type { Found, PodEntries } from './pod-entries.js';
import { readEntry } from './read-entry.js';
import type { Place, Roster } from './roster.js';
import { after } from './timers.js';
import type { Work } from './work.js';

/** Milliseconds that a task which is tried again waits for a worker of this crew on which it has not failed. */
const otherPatience = 1000;
/** Milliseconds after a start in which a call that was given up may still be carried out. */
const strayTime = 180_000;

/** What placing needs of its crew. */
export interface PlacingCrew {
  readonly life: Life;
  readonly pod: OwnPod;
  readonly entries: PodEntries;
  readonly roster: Roster;
  readonly offers: Offers;
  readonly items: HeldItems;
  readonly work: Work;
  readonly events: CrewEvents;
  readonly clock: Clock;
  /** Of entries that have a place of their own; undefined: none has. */
  readonly placeOf: ((entry: string) => Place | undefined) | undefined;
  /** An entry waits no longer for a better worker: the pod is to be looked at. */
  readonly lookAgain: () => void;
}

/** How the entries in a crew's pod come to its workers: each is started, waits for a worker, or goes back. */
export class Placing {
  readonly #crew: PlacingCrew;
  /** Monotonic milliseconds of the last start: after it there may be entries that were started unknowingly. */
  #startedAt = -Infinity;

  constructor(crew: PlacingCrew) {
    this.#crew = crew;
  }

  /** `present`: all entries that lie in the pod. Of several the most urgent goes first: all are read before one starts. */
  placeAll(present: readonly string[]): void {
    const { entries } = this.#crew;
    entries.keepPresent(present);
    if (present.length < 2) {
      for (const entry of present) this.place(entry);
      return;
    }
    const learned = new Set(present.filter((entry) => this.#learn(entry)));
    for (const entry of entries.mostUrgentFirst()) this.place(entry, learned.has(entry));
  }

  /** Workers became free: what waits for one starts at once. */
  placeWaiting(): void {
    const { entries, roster } = this.#crew;
    for (const entry of entries.mostUrgentFirst()) {
      if (!roster.hasFree) break;
      this.place(entry);
    }
  }

  /** An entry of this name may lie in the pod. `isNew`: it is not known yet whether it can ever be placed here. */
  place(entry: string, isNew = false): void {
    this.#crew.events.guard(() => {
      this.#place(entry, isNew);
    });
  }

  /** What has not started goes back into the queue. */
  recall(present: readonly string[]): void {
    const { pod, events } = this.#crew;
    for (const entry of present)
      events.guard(() => {
        pod.recall(entry);
      });
  }

  /** Entries in `running/` that no worker knows: their start was done, and the filesystem said that it failed. */
  giveBackStrays(): void {
    const { life, pod, roster, clock } = this.#crew;
    if (life.isVoid || clock.monotonic() - this.#startedAt > strayTime) return;
    const known = new Set<string>();
    for (const [, { entry }] of roster.in('busy')) known.add(entry);
    for (const [, { entry }] of roster.in('ending')) known.add(entry);
    const outcome = { kind: 'spawn-error', reason: 'it was never started' } as const;
    for (const entry of pod.listRunning())
      if (!known.has(entry))
        pod.finish({ to: 'queue', raise: undefined }, { entry, worker: 0, outcome, ms: 0, printed: [] });
  }

  #place(entry: string, isNew: boolean): void {
    const { life, entries, roster } = this.#crew;
    if (life.phase !== 'working') return;
    const waiting = entries.waiting(entry);
    if (waiting !== undefined && !isNew && !roster.hasFree) return;
    const found = waiting ?? this.#read(entry);
    if (found !== undefined) this.#tryToPlace(entry, found);
  }

  /** Returns whether it was read, and waits now. */
  #learn(entry: string): boolean {
    const { life, entries, events } = this.#crew;
    if (life.phase !== 'working' || entries.waiting(entry) !== undefined) return false;
    events.guard(() => {
      const found = this.#read(entry);
      if (found !== undefined) entries.wait(entry, found);
    });
    return entries.waiting(entry) !== undefined;
  }

  /** Undefined: it is gone, or no job, and was refused. */
  #read(entry: string): Found | undefined {
    const inspected = this.#crew.pod.inspect(entry);
    const found = readEntry(inspected);
    if (found.kind === 'refused') this.#refuse(entry, found.reason);
    return found.kind === 'job' ? { job: found.job, inspected } : undefined;
  }

  /** No worker is needed to find out that an entry is no job. */
  #refuse(entry: string, reason: string): void {
    if (!this.#start(entry)) return;
    const outcome = { kind: 'rejected', reason } as const;
    this.#crew.pod.finish({ to: 'failed' }, { entry, worker: 0, outcome, ms: 0, printed: [] });
  }

  #tryToPlace(entry: string, found: Found): void {
    const { pod, entries, roster, items, placeOf } = this.#crew;
    const { needs, command } = found.job;
    entries.waitNoMore(entry);
    const place = placeOf?.(entry);
    if (!roster.couldFit(needs) || (place === undefined && !items.holds(entry, needs.resources))) {
      // It was assigned on outdated knowledge.
      pod.recall(entry);
      return;
    }
    const slice = command.kind === 'slice' ? command.slice : undefined;
    const keeper = slice?.kept === undefined ? undefined : items.keeperOf(entry, slice.of, slice.kept);
    if (slice?.kept !== undefined && (keeper === undefined || !roster.isFree(keeper))) {
      // Its items are another worker's, who must not have to wait for them, or its worker got something else to do.
      pod.recall(entry);
      return;
    }
    const worker = roster.fits(needs) ? this.#takeWorker(entry, slice, keeper) : undefined;
    if (worker === undefined) entries.wait(entry, found);
    else if (this.#start(entry)) this.#crew.work.begin(worker, entry, found, place);
  }

  /** Undefined: none is free for it. */
  #takeWorker(entry: string, slice: Slice | undefined, keeper: number | undefined): number | undefined {
    const { pod, roster, offers } = this.#crew;
    const { avoid = [] } = slice ?? {};
    const choice = chooseWorker(roster.free(), roster.numbers(), keeper, (worker) =>
      avoid.includes(badgeName({ crew: pod.crew, worker })),
    );
    if (choice === undefined || (choice.isSecondBest && this.#mayWait(entry))) return undefined;
    return offers.take(choice.worker) ? choice.worker : undefined;
  }

  /** The worker that it was meant for may have got another entry, and be free in a moment. */
  #mayWait(entry: string): boolean {
    const { entries, clock, lookAgain } = this.#crew;
    const now = clock.monotonic();
    const since = entries.patientSince(entry, now);
    if (since === now) after(otherPatience, lookAgain);
    return now - since < otherPatience * 0.9;
  }

  /** Returns whether it is ours to run. */
  #start(entry: string): boolean {
    const { life, pod, entries, clock } = this.#crew;
    entries.start(entry);
    this.#startedAt = clock.monotonic();
    const started = pod.start(entry);
    if (started === 'fenced') life.fence();
    return started === 'started';
  }
}
