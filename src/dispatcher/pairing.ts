import { takesOneWorker } from '../job/job.js';
import { parseEntryName } from '../queue/entry-name.js';
import type { Badge, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { recallJob } from '../queue/recall-job.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Applier } from './apply.js';
import type { Backlog } from './backlog.js';
import type { FanOuts } from './fan-outs.js';
import { Misfits, type MisfitsParts } from './misfits.js';
import { type Assignment, type Group, type Offer, type Waiting, planAssignments } from './plan.js';
import type { Roster } from './roster.js';
import type { Sweeps } from './sweeps.js';
import type { Turns } from './turns.js';
import type { Whereabouts } from './whereabouts.js';
import type { WorkAhead } from './work-ahead.js';

/** Jobs that are looked at behind those that are too young for a worker that wants older ones. */
const mostTooYoung = 100;

export interface PairingParts extends MisfitsParts {
  readonly system: { readonly files: Files; readonly clock: Clock };
  readonly layout: Layout;
  readonly turns: Turns;
  readonly backlog: Backlog;
  readonly sweeps: Sweeps;
  readonly roster: Roster;
  readonly applier: Applier;
  readonly ahead: WorkAhead;
  readonly fanOuts: FanOuts;
  readonly whereabouts: Whereabouts;
}

/** Gives workers what waits in the backlog: plans who gets what (plan.ts), and carries it out. */
export class Pairing {
  readonly #parts: PairingParts;
  readonly #misfits: Misfits;

  constructor(parts: PairingParts) {
    this.#parts = parts;
    this.#misfits = new Misfits(parts);
  }

  giveToIdle(badges: readonly Badge[]): void {
    const { backlog, crews, applier, fanOuts } = this.#parts;
    // Workers for whom something was carved just now have it in one of the next turns.
    const { offers, orphans } = crews.offers(badges.slice(fanOuts.unread));
    for (const orphan of orphans) applier.clear(orphan);
    // Some of them may be too young for those who ask.
    const isPatient = offers.some(({ capacity }) => (capacity.remote?.patience ?? 0) > 0);
    const heads = backlog.takeHeads(badges.length + (isPatient ? mostTooYoung : 0));
    this.#assign(heads, offers);
    this.#misfits.tell(heads);
  }

  /** Busy crews are given their next jobs before they ask. */
  giveAhead(): void {
    const { backlog, ahead, roster, fanOuts } = this.#parts;
    const offers = ahead.offers(roster.live);
    const room = offers.reduce((sum, { idle }) => sum + idle.length, 0);
    if (room === 0) return;
    // Tasks that are not carved yet would find workers taken by what should come behind them.
    this.#assign(backlog.takeHeads(room, fanOuts.readyPriority, takesOneWorker), offers);
  }

  /** What others were given and have not started goes back into the queue, for those who are idle. */
  takeBackFor(idle: readonly Badge[]): void {
    const { system, layout, turns, ahead, roster, whereabouts, sweeps } = this.#parts;
    for (const { crew, entry } of ahead.recalls(roster.live, idle, system.clock.monotonic()))
      turns.guard(() => {
        if (perform(system.files, recallJob(layout, crew, entry)) === 'gone') return;
        ahead.ended(entry);
        whereabouts.recalled(parseEntryName(entry).job);
        sweeps.demand();
        turns.soon();
      });
  }

  /** Plans and carries out. What is not assigned goes back into the backlog. */
  #assign(heads: readonly Group[], offers: readonly Offer[]): void {
    const { system, turns, intake, backlog, roster, pools } = this.#parts;
    const gone = new Set<Waiting>();
    try {
      for (const { jobs } of heads) for (const job of jobs) if (!intake.has(job.name)) gone.add(job);
      const groups = heads.map(({ needs, jobs }) => ({ needs, jobs: jobs.filter((job) => !gone.has(job)) }));
      // Names that are gone may have kept others from being looked at.
      if (gone.size > 0) roster.ring();
      const free = pools.free(groups.map(({ needs }) => needs));
      const plan = planAssignments(groups, offers, free, system.clock.monotonic());
      for (const assignment of plan)
        turns.guard(() => {
          // One that fails holds up no other.
          if (this.#apply(assignment)) gone.add(assignment.job);
        });
    } finally {
      // Whatever happened on the way: what was not assigned waits on.
      for (const { needs, jobs } of heads)
        for (const job of jobs) if (!gone.has(job)) backlog.add(job, needs);
    }
  }

  /** Returns whether the job has left the backlog. */
  #apply(assignment: Assignment): boolean {
    const { job, needs, badge, items } = assignment;
    const { intake, roster, applier, fanOuts, whereabouts } = this.#parts;
    const keepers = fanOuts.keptBy(job.name);
    const kept = keepers?.keep(badge, items);
    if (keepers !== undefined && kept === undefined) return false;
    const applied = applier.apply(assignment);
    if (applied.kind !== 'assigned') keepers?.release(kept ?? []);
    switch (applied.kind) {
      case 'assigned':
        intake.depart(job.name);
        whereabouts.assigned(parseEntryName(job.name).job);
        roster.engage(badge, applied.entry, needs);
        return true;
      case 'job-gone':
        intake.forget(job.name);
        roster.ring();
        return true;
      case 'pod-gone':
        roster.forget(badge.crew);
        return false;
      case 'worker-taken':
      case 'item-taken':
        return false;
    }
  }
}
