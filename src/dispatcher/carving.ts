import { type Badge, badgeName } from '../queue/layout.js';
import type { Clock } from '../system/clock.js';
import type { Backlog } from './backlog.js';
import type { Crews } from './crews.js';
import type { Report } from './dispatcher-event.js';
import type { FanOuts, WaitingGang } from './fan-outs.js';
import { gangRoom } from './gang-room.js';
import type { Intake } from './intake.js';
import { type Rivals, gangGoesFirst, mayBeCarved } from './precedence.js';
import type { Roster } from './roster.js';

/** Milliseconds that a gang waits before people are told. */
const toldAfter = 2000;

export interface CarvingParts {
  readonly system: { readonly clock: Clock };
  readonly intake: Intake;
  readonly backlog: Backlog;
  readonly crews: Crews;
  readonly roster: Roster;
  readonly fanOuts: FanOuts;
  readonly report: Report;
}

/** Decides which fan-out jobs are to have idle workers, and has their slices put into the queue. */
export class Carving {
  readonly #parts: CarvingParts;
  #keepsWorkers = false;

  constructor(parts: CarvingParts) {
    this.#parts = parts;
  }

  /** Whether whoever is idle is kept for a gang, which goes before all that waits. */
  get keepsWorkers(): boolean {
    return this.#keepsWorkers;
  }

  /**
   * Carves for idle workers for whom nothing waits that goes before. `inVain`: they were offered what waits, and none of it
   * is for them.
   */
  carveFor(idle: readonly Badge[], inVain: boolean): void {
    const { backlog, crews, fanOuts } = this.#parts;
    this.#keepsWorkers = false;
    if (fanOuts.size === 0) return;
    const rivals = { top: backlog.top, waiting: backlog.size, idle: idle.length, inVain };
    const gang = this.#gather(idle.slice(fanOuts.unread), rivals);
    // Those that it was gathered for are given its slices in the next turn.
    this.#keepsWorkers = gang === 'gathered' || (gang !== undefined && gangGoesFirst(gang, rivals));
    if (gang !== undefined) return;
    const isHere = (badge: string): boolean => crews.hasWorker(badge);
    const staff = { workers: crews.workers, idle: idle.map(badgeName), isHere };
    for (const slice of fanOuts.carve(staff, (priority) => mayBeCarved(priority, rivals)))
      this.#carved(slice);
  }

  /**
   * Gathers the first gang whose places can all be filled. Returns the first that is to wait for more workers: no other goes
   * before it then, since small ones would keep it waiting for ever.
   */
  #gather(idle: readonly Badge[], rivals: Rivals): WaitingGang | 'gathered' | undefined {
    const { system, crews, fanOuts } = this.#parts;
    for (const gang of fanOuts.waitingGangs()) {
      if (!mayBeCarved(gang.priority, rivals) && !gangGoesFirst(gang, rivals)) continue;
      const fit = gangRoom(gang.places, crews.offers(idle).offers, system.clock.monotonic());
      if (fit === gang.places.length) {
        for (const slice of fanOuts.gather(gang.name)) this.#carved(slice);
        return 'gathered';
      }
      if (this.#couldEverGo(gang, fit)) return gang;
    }
    return undefined;
  }

  /** Whether a gang could have as many workers as it needs if all were idle. `fit`: how many it could have now. */
  #couldEverGo({ name, places, waited }: WaitingGang, fit: number): boolean {
    const { system, crews, report } = this.#parts;
    const most = gangRoom(places, crews.allOffers(), system.clock.monotonic());
    // That workers are just about to come, or to be idle, is nothing to tell.
    if (waited > toldAfter) report({ kind: 'gang', name, places: places.length, fit, most });
    return most >= places.length;
  }

  #carved(slice: string): void {
    const { intake, roster } = this.#parts;
    intake.ring(slice, 'rename');
    roster.ring();
  }
}
