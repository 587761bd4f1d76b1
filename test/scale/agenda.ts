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
    actor.now = until;
    if (!actor.isWatched) return;
    const { current } = this;
    actor.stopwatch.pause();
    this.#runUntil(Math.min(until, this.#end));
    actor.stopwatch.go();
    this.current = current;
    if (until >= this.#end) throw new Over();
  }

  /** Lets somebody do something now, outside of all order. */
  let<T>(actor: Actor, action: () => T): T {
    const { current } = this;
    this.current = actor;
    actor.isRunning = true;
    actor.now = Math.max(actor.now, this.now);
    if (actor.isWatched) actor.stopwatch.go();
    try {
      return action();
    } finally {
      actor.stopwatch.pause();
      actor.isRunning = false;
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
    if (actor.isRunning || actor.isExpected || actor.now > this.now) {
      actor.inbox.push(entry);
      if (!actor.isRunning) this.#expect(actor);
    } else this.let(actor, () => entry.action?.());
  }

  /** It turns to what has happened meanwhile as soon as it can: all of that in one turn of its event loop. */
  #expect(actor: Actor): void {
    if (actor.isExpected) return;
    actor.isExpected = true;
    this.#turns.push({ at: Math.max(this.now, actor.now), order: this.#order++, actor });
  }

  #turn({ actor }: Moment): void {
    actor.isExpected = false;
    this.let(actor, () => {
      for (const { action } of actor.inbox.splice(0)) action?.();
    });
  }
}
