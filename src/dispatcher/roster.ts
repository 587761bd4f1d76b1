import type { Needs } from '../job/job.js';
import type { Badge, CrewId } from '../queue/layout.js';
import type { Pace } from '../queue/pace.js';
import type { Clock } from '../system/clock.js';
import type { CrewHints } from './crew-hints.js';
import type { Crews } from './crews.js';
import type { Slot } from './plan.js';
import type { Turns } from './turns.js';
import type { WorkAhead } from './work-ahead.js';

/** Milliseconds between two hellos to a crew. */
const greetInterval = 8000;

export interface RosterParts {
  readonly system: { readonly clock: Clock; readonly pace: Pace };
  readonly turns: Turns;
  readonly crews: Crews;
  readonly ahead: WorkAhead;
  readonly hints: CrewHints;
}

/** Who works here: the crews that are alive, and how many of their workers are idle, as far as anybody has looked. */
export class Roster {
  readonly #parts: RosterParts;
  #live: readonly CrewId[] = [];
  #idle = 0;
  #lookedAt = -Infinity;
  #hasRung = true;
  #nextGreeting = 0;

  constructor(parts: RosterParts) {
    this.#parts = parts;
  }

  get live(): readonly CrewId[] {
    return this.#live;
  }

  /** Workers that were idle when somebody looked, but for those that were given something since. */
  get idle(): number {
    return this.#idle;
  }

  /** Workers may have become idle, or idle ones are wanted: the next turn looks for them. */
  ring(): void {
    this.#hasRung = true;
    this.#parts.turns.soon();
  }

  /** Something waits. Somebody was idle when we looked last: it must not wait for the next look. */
  want(): void {
    if (this.#idle > 0) this.#hasRung = true;
  }

  /** Whether it has rung since the last look. */
  get hasRung(): boolean {
    return this.#hasRung;
  }

  /** Nobody needs to look, though it rang. */
  hush(): void {
    this.#hasRung = false;
  }

  mayHaveIdle(): boolean {
    const { clock, pace } = this.#parts.system;
    return this.#hasRung || clock.monotonic() - this.#lookedAt > pace.lookForIdle;
  }

  lookForIdle(): Badge[] {
    const { system, crews } = this.#parts;
    this.#hasRung = false;
    this.#lookedAt = system.clock.monotonic();
    const badges = crews.idle();
    this.#idle = badges.length;
    this.#meetNewcomers(badges);
    return badges;
  }

  /** A worker was given an entry. */
  engage(worker: Slot, entry: string, needs: Needs): void {
    const { crews, ahead, hints } = this.#parts;
    crews.charge(worker.crew, entry, needs);
    ahead.assigned(worker.crew, entry);
    hints.entry(worker.crew, entry, worker);
    if (worker.ahead !== true) this.#idle -= 1;
  }

  /** These are all who live. */
  renew(live: readonly CrewId[], now: number): void {
    const { crews, hints } = this.#parts;
    this.#live = live;
    const alive = new Set(live);
    for (const crew of [...crews.known()]) if (!alive.has(crew)) this.forget(crew);
    const greet = now >= this.#nextGreeting;
    if (greet) this.#nextGreeting = now + greetInterval;
    for (const crew of alive) {
      const isNew = !crews.has(crew);
      const file = crews.learn(crew)?.file;
      if (file !== undefined && (isNew || greet)) hints.greet(crew, file);
    }
  }

  forget(crew: CrewId): void {
    const { crews, ahead, hints } = this.#parts;
    crews.forget(crew);
    ahead.forget(crew);
    hints.forget(crew);
  }

  /** Whoever has been hired since the last look around is listened to from now on. */
  #meetNewcomers(badges: readonly Badge[]): void {
    const { crews, hints } = this.#parts;
    for (const { crew } of badges) {
      if (crews.has(crew)) continue;
      const file = crews.learn(crew)?.file;
      if (file === undefined) continue;
      this.#live = [...this.#live, crew];
      hints.greet(crew, file);
    }
  }
}
