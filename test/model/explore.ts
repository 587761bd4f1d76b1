import { Overwritten } from './memory-files.js';
import {
  type Habits,
  type Setup,
  type World,
  eventsOf,
  faultAtRest,
  faultNow,
  newWorld,
  settleDown,
} from './world.js';

export interface Explored {
  /** Different worlds seen. */
  readonly worlds: number;
  /** Events tried. */
  readonly events: number;
  /** The first fault found, and the history that leads to it. */
  readonly fault: { readonly what: string; readonly history: readonly string[] } | undefined;
  /** Whether every history within the budget was followed to its end. */
  readonly complete: boolean;
}

/** A world that can be copied as JSON, and what may happen in it. `budget`: how often it may go wrong. */
export interface Model<W extends { budget: unknown }> {
  first(): W;
  eventsOf(world: W): readonly Happening<W>[];
  /** What must hold at every instant, and when everybody has done all there is to do. Return what is wrong. */
  faultNow(world: W): string | undefined;
  faultAtRest(world: W): string | undefined;
  /** See `settleDown` of world.ts. */
  settleDown(world: W, known: (world: W) => boolean): boolean;
}

/** One thing that may happen next. */
export interface Happening<W> {
  readonly label: string;
  readonly happen: (world: W) => void;
}

interface Visit {
  /** Emptied once its followers are known: only the labels of a history are kept. */
  world: string;
  readonly label: string;
  readonly before: Visit | undefined;
}

export interface Search {
  /** Finds the shortest history that leads to a fault, where there is one. */
  readonly breadthFirst?: boolean;
  /** Labels of events that come first, whatever else may happen. */
  readonly after?: readonly string[];
}

/**
 * Follows every interleaving of filesystem calls within a budget of bad luck, depth first. Worlds seen before are not
 * followed again. From each world everybody then goes on in good order: at the end everything must be in its place.
 */
export function exploreModel<W extends { budget: unknown }>(
  model: Model<W>,
  most: number,
  search: Search = {},
): Explored {
  const seen = new Set<string>();
  const fine = new Set<string>();
  const first = JSON.stringify(afterwards(model, search.after ?? []));
  const stack: Visit[] = [{ world: first, label: 'start', before: undefined }];
  seen.add(digest(first));
  let events = 0;
  while (stack.length > 0) {
    const visit = search.breadthFirst === true ? stack.shift() : stack.pop();
    if (visit === undefined) break;
    if (seen.size > most) return { worlds: seen.size, events, fault: undefined, complete: false };
    const here = visit.world;
    visit.world = '';
    const rest = restFault(here, model, fine);
    if (rest !== undefined)
      return { worlds: seen.size, events, complete: false, fault: { what: rest, history: historyOf(visit) } };
    for (const event of model.eventsOf(JSON.parse(here) as W)) {
      events += 1;
      const next = JSON.parse(here) as W;
      const fault =
        tryEvent(() => {
          event.happen(next);
        }) ?? model.faultNow(next);
      const world = JSON.stringify(next);
      const reached = { world, label: event.label, before: visit };
      if (fault !== undefined)
        return {
          worlds: seen.size,
          events,
          complete: false,
          fault: { what: fault, history: historyOf(reached) },
        };
      const key = digest(world);
      if (seen.has(key)) continue;
      seen.add(key);
      stack.push(reached);
    }
  }
  return { worlds: seen.size, events, fault: undefined, complete: true };
}

/** The same for jobs. */
export function explore(setup: Setup, habits: Habits, most: number, search: Search = {}): Explored {
  const model: Model<World> = {
    first: () => newWorld(setup, habits),
    eventsOf: (world) => eventsOf(world, habits),
    faultNow,
    faultAtRest,
    settleDown: (world, known) => settleDown(world, habits, 40, known),
  };
  return exploreModel(model, most, search);
}

function afterwards<W extends { budget: unknown }>(model: Model<W>, labels: readonly string[]): W {
  const world = model.first();
  for (const label of labels) {
    const event = model.eventsOf(world).find((candidate) => candidate.label.trim() === label);
    if (event === undefined)
      throw new Error(
        `"${label}" cannot happen; what can: ${model
          .eventsOf(world)
          .map((one) => one.label)
          .join(', ')}`,
      );
    event.happen(world);
  }
  return world;
}

function tryEvent(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof Overwritten) return error.message;
    throw error;
  }
}

/** What is wrong once everybody has gone on from here without further bad luck. */
function restFault<W extends { budget: unknown }>(
  text: string,
  model: Model<W>,
  fine: Set<string>,
): string | undefined {
  const world = JSON.parse(text) as W;
  const passed: string[] = [];
  const settling = { known: false };
  const fault = tryEvent(() => {
    settling.known = model.settleDown(world, (now) => {
      const { budget: _, ...rest } = now;
      const key = digest(JSON.stringify(rest));
      if (fine.has(key)) return true;
      passed.push(key);
      return false;
    });
  });
  const what = fault ?? (settling.known ? undefined : (model.faultNow(world) ?? model.faultAtRest(world)));
  if (what === undefined) for (const key of passed) fine.add(key);
  return what;
}

function historyOf(visit: Visit): string[] {
  const history: string[] = [];
  for (let at: Visit | undefined = visit; at !== undefined; at = at.before) history.unshift(at.label);
  return history;
}

/** 2 × 32 bits of FNV-like hashing: among a million worlds a collision has a chance below 1 in 10 million. */
function digest(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return `${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}`;
}
