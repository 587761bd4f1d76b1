import { Heap } from '../../src/dispatcher/heap.js';
import { Stopwatch } from './stopwatch.js';

interface Moment {
  readonly at: number;
  /** Of what comes at one moment that comes first which was made first. */
  readonly order: number;
  readonly actor: Actor;
}

interface Entry extends Moment {
  /** Undefined: it was taken off. */
  action: (() => void) | undefined;
}

function isBefore(a: Moment, b: Moment): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}

/** What has one thread: it does one thing after another, and each takes its time. */
export class Actor {
  /** Where it is in time, in milliseconds; ahead of the agenda's while it waits for its calls. */
  now = 0;
  isRunning = false;
  /** What has happened to it meanwhile. */
  readonly inbox: Entry[] = [];
  isExpected = false;
  /** It was killed: whatever it was about to do, it does not. */
  isGone = false;
  /** It was stopped, and goes on at this time. */
  standsUntil = 0;
  /** How long its own code has kept the processor busy that simulates it. */
  readonly stopwatch = new Stopwatch();
  /**
   * Whether the world goes on while it waits for a call. Else all that it does in one turn is done at once, and only takes
   * its time: good enough for those whose turns are short, and needed where there are thousands.
   */
  readonly isWatched: boolean;

  constructor(isWatched = false) {
    this.isWatched = isWatched;
  }
}

/** The time that was to be looked at is over. */
export class Over extends Error {}

/** Ends what an actor was doing when it was killed. */
class Killed extends Error {}

function endIfGone({ isGone }: Actor): void {
  if (isGone) throw new Killed();
}

/** Virtual time: what is to happen, in order. All times in milliseconds. */
export class Agenda {
  readonly #entries = new Heap<Entry>(isBefore);
  /** When those who were busy turn to what has happened meanwhile. */
  readonly #turns = new Heap<Moment>(isBefore);
  readonly #end: number;
  #order = 0;
  /** Whose turn it is. */
  current: Actor | undefined;
  now = 0;
  /** Those in the midst of a turn. Each waits for a call while those after it have theirs, and for them to end. */
  readonly running: Actor[] = [];

  constructor(end: number) {
    this.#end = end;
  }

  /** Returns how to take it off again. */
  at(time: number, actor: Actor, action: () => void): () => void {
    const entry: Entry = { at: time, order: this.#order++, actor, action };
    this.#entries.push(entry);
    return () => {
      entry.action = undefined;
    };
  }

  /** Until the end, or until nothing is left to happen. */
  run(): void {
    try {
      this.#runUntil(this.#end);
    } catch (error) {
      if (!(error instanceof Over)) throw error;
    }
  }

  /** Whoever's turn it is does nothing else until then. */
  wait(actor: Actor, until: number): void {
    // What it still does on its way out is not done.
    endIfGone(actor);
    actor.now = until;
    if (!actor.isWatched) return;
    const { current } = this;
    actor.stopwatch.pause();
    this.#runUntil(Math.min(until, this.#end));
    while (actor.standsUntil > this.now && this.now < this.#end)
      this.#runUntil(Math.min(actor.standsUntil, this.#end));
    // Others whose turn came meanwhile may have taken longer.
    actor.now = Math.max(until, this.now);
    actor.stopwatch.go();
    this.current = current;
    if (until >= this.#end) throw new Over();
    endIfGone(actor);
  }

  /** Lets somebody do something now, outside of all order. */
  let<T>(actor: Actor, action: () => T): T {
    const { current } = this;
    this.current = actor;
    actor.isRunning = true;
    this.running.push(actor);
    actor.now = Math.max(actor.now, this.now);
    if (actor.isWatched) actor.stopwatch.go();
    try {
      return action();
    } finally {
      actor.stopwatch.pause();
      actor.isRunning = false;
      this.running.pop();
      this.current = current;
      if (actor.inbox.length > 0) this.#expect(actor);
    }
  }

  #runUntil(time: number): void {
    for (;;) {
      const entry = this.#entries.first;
      const turn = this.#turns.first;
      const isTurn = turn !== undefined && (entry === undefined || isBefore(turn, entry));
      const next = isTurn ? turn : entry;
      if (next === undefined || next.at >= time) break;
      this.now = Math.max(this.now, next.at);
      if (isTurn) {
        this.#turns.pop();
        this.#turn(turn);
      } else {
        this.#entries.pop();
        if (entry?.action !== undefined) this.#happen(entry);
      }
    }
    this.now = Math.max(this.now, time);
  }

  #happen(entry: Entry): void {
    const { actor } = entry;
    if (actor.isRunning || actor.isExpected || this.#isBusy(actor)) {
      actor.inbox.push(entry);
      if (!actor.isRunning) this.#expect(actor);
    } else this.#let(actor, () => entry.action?.());
  }

  #isBusy({ now, standsUntil }: Actor): boolean {
    return Math.max(now, standsUntil) > this.now;
  }

  /** Unless it is killed before, or on the way. */
  #let(actor: Actor, action: () => void): void {
    if (actor.isGone) return;
    try {
      this.let(actor, action);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  /** It turns to what has happened meanwhile as soon as it can: all of that in one turn of its event loop. */
  #expect(actor: Actor): void {
    if (actor.isExpected) return;
    actor.isExpected = true;
    const at = Math.max(this.now, actor.now, actor.standsUntil);
    this.#turns.push({ at, order: this.#order++, actor });
  }

  #turn({ actor }: Moment): void {
    actor.isExpected = false;
    if (this.#isBusy(actor)) {
      this.#expect(actor);
      return;
    }
    this.#let(actor, () => {
      for (const { action } of actor.inbox.splice(0)) action?.();
    });
  }
}
