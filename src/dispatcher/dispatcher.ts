import type { CrewId, Layout } from '../queue/layout.js';
import type { HintLine } from '../queue/hint.js';
import type { Pace } from '../queue/pace.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Host } from '../system/host.js';
import type { Doorbells } from '../system/watcher.js';
import { Admission } from './admission.js';
import { Applier } from './apply.js';
import { Backlog } from './backlog.js';
import { Carving } from './carving.js';
import { CrewHints, type Heard } from './crew-hints.js';
import { Crews } from './crews.js';
import type { Counts, Report } from './dispatcher-event.js';
import { FanOuts } from './fan-outs.js';
import { Intake } from './intake.js';
import { entriesOfAllPods } from './live-slices.js';
import { Pairing } from './pairing.js';
import { Pools } from './pools.js';
import { type News, Progress } from './progress.js';
import { type ReapEvent, Reaper } from './reaper.js';
import { Roster } from './roster.js';
import { Sweeps } from './sweeps.js';
import { Turns } from './turns.js';
import type { Order } from './waiting-job.js';
import { Whereabouts } from './whereabouts.js';
import { WorkAhead } from './work-ahead.js';

export interface DispatcherSystem {
  readonly files: Files;
  readonly clock: Clock;
  readonly host: Host;
  readonly doorbells: Doorbells;
  readonly random: () => number;
  readonly uid: number;
  readonly pace: Pace;
  /** Whether this dispatcher has the lock, and is not beside another. */
  readonly ownsLock: () => boolean;
  /** Undefined where hints cannot work, or are not needed. */
  readonly hints: HintLine | undefined;
}

export interface DispatcherOptions {
  readonly layout: Layout;
  /** Names this dispatcher's journal. */
  readonly id: string;
  readonly order: Order;
  /** Seconds between two sweeps of the queue, which find what no doorbell told. */
  readonly interval: number;
  /** End when the queue is empty and everything has finished. */
  readonly endWhenDone: boolean;
  readonly report: Report;
}

/** Milliseconds: a lease of ten seconds wants a look in each of them, and two seconds without one are a gap. */
const shortestLookAround = 500;

/**
 * Pairs jobs with workers, looks after crews that died, and counts what has ended.
 *
 * ```
 *   jobqueue/ ── intake ── admission ──▶ backlog ──┐
 *       ▲                                          ├── pairing ──▶ jobpods/
 *       └── carving ◀── fan-outs    workerqueue/ ──┘
 * ```
 *
 * Doorbells, hints and timers ask for a turn; whatever happens in between is seen in the next. In every turn files are read
 * that are new in the queue, and what waits is given to who is idle. Every now and then the dispatcher looks around as
 * well: at the dead, at what waits for other jobs, and at what nobody has told it of.
 */
export class Dispatcher {
  readonly #system: DispatcherSystem;
  readonly #options: DispatcherOptions;
  readonly #turns: Turns;
  // What is in the queue, and what of it waits for workers.
  readonly #intake: Intake;
  readonly #sweeps: Sweeps;
  readonly #admission: Admission;
  readonly #backlog = new Backlog();
  // Who works.
  readonly #reaper: Reaper;
  readonly #crews: Crews;
  readonly #hints: CrewHints;
  readonly #roster: Roster;
  // Who is given what.
  readonly #fanOuts: FanOuts;
  readonly #carving: Carving;
  readonly #ahead: WorkAhead;
  readonly #applier: Applier;
  readonly #pairing: Pairing;
  // What became of it.
  readonly #whereabouts: Whereabouts;
  readonly #progress: Progress;
  readonly #doorbells: (() => void)[] = [];
  /** Nothing waited when the numbers were last told: the first job to come is news. */
  #wasQuiet = true;
  /** Nothing that waits was for those who are idle. */
  #idleInVain = false;
  #nextLookAround = 0;
  #nextJournals = 0;
  /** Crews that said that their journals have grown. */
  readonly #journalsRang = new Set<CrewId>();
  #resolve: (how: 'done' | 'stopped') => void = () => undefined;
  /** `done`: nothing is left to do. */
  readonly ended: Promise<'done' | 'stopped'>;

  constructor(system: DispatcherSystem, options: DispatcherOptions) {
    const { files, clock, pace } = system;
    const { layout, id, report } = options;
    this.#system = system;
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    this.#turns = new Turns(
      () => {
        this.#turn();
      },
      (error) => {
        report({ kind: 'trouble', error });
      },
    );
    this.#intake = new Intake(system, layout, (found) => {
      this.#admission.take(found);
    });
    this.#reaper = new Reaper(system, layout, id, (event) => {
      this.#noteReaped(event);
    });
    this.#hints = new CrewHints(system.hints, (heard) => {
      this.#hear(heard);
    });
    this.#progress = new Progress(system, layout, id, (news) => {
      this.#noteNews(news);
    });
    this.#crews = new Crews(files, layout, (crew) => this.#reaper.timeLeft(crew));
    this.#applier = new Applier(files, layout);
    const pools = new Pools(files, clock, layout);
    this.#ahead = new WorkAhead({ backlog: this.#backlog, crews: this.#crews, pools, pace });
    const parts = {
      ...options,
      system,
      pools,
      turns: this.#turns,
      intake: this.#intake,
      backlog: this.#backlog,
      reaper: this.#reaper,
      crews: this.#crews,
      hints: this.#hints,
      ahead: this.#ahead,
      applier: this.#applier,
    };
    const sweeps = (this.#sweeps = new Sweeps(parts, options.interval * 1000));
    const fanOuts = (this.#fanOuts = new FanOuts(parts));
    const roster = (this.#roster = new Roster(parts));
    const whereabouts = (this.#whereabouts = new Whereabouts({ ...parts, roster }));
    const all = { ...parts, sweeps, fanOuts, roster, whereabouts };
    this.#admission = new Admission(all);
    this.#carving = new Carving(all);
    this.#pairing = new Pairing(all);
  }

  start(): void {
    const { doorbells, pace } = this.#system;
    const { layout, interval } = this.#options;
    this.#doorbells.push(
      doorbells.hang(layout.jobqueue, (name, event) => {
        if (name === undefined) this.#sweeps.demand();
        if (name === undefined || this.#intake.ring(name, event)) this.#turns.soon();
      }),
      doorbells.hang(layout.workerqueue, (name) => {
        if (name === undefined || !this.#applier.isOwn(name)) this.#roster.ring();
      }),
    );
    this.#turns.every(Math.min(pace.lookAround, shortestLookAround), () => {
      if (this.#system.clock.monotonic() >= this.#nextLookAround) this.#lookAround();
    });
    this.#turns.every(pace.lookAtGangs, () => {
      this.#fanOuts.lookAtGangs(this.#roster.live);
    });
    this.#turns.every(pace.readJournals, () => {
      this.#progress.read(this.#roster.live);
      this.#giveAhead();
      this.#hints.flush();
    });
    this.#turns.every(Math.min(interval * 1000, pace.lookForIdle), () => {
      this.#turn();
    });
    this.#turns.guard(() => {
      this.#lookAround();
      this.#whereabouts.lookIntoPods();
    });
    this.#turns.soon();
  }

  /** Ends, and leaves everything as it is: jobs go on, the next dispatcher takes over. */
  stop(): void {
    // What has ended by now is told.
    this.#turns.guard(() => {
      this.#progress.conclude(this.#roster.live);
    });
    this.#end('stopped');
  }

  /** The numbers as they are now. */
  counts(): Counts {
    const { done, failed, retried } = this.#progress;
    const { workers } = this.#crews;
    const { idle } = this.#roster;
    const tasks = this.#fanOuts.counts();
    const running = Math.max(0, workers - idle);
    const jobs = this.#intake.size - this.#fanOuts.size - this.#fanOuts.queued;
    return {
      done: done + tasks.done,
      failed: failed + tasks.failed,
      retried,
      // Of tasks it is known which have ended, and not which have begun.
      waiting: jobs + Math.max(0, tasks.left - running),
      running,
      idle,
      workers,
    };
  }

  #reportCounts(): void {
    this.#wasQuiet = this.#intake.size === 0;
    this.#options.report({ kind: 'counts', counts: this.counts() });
  }

  #hear(heard: Heard): void {
    switch (heard.kind) {
      case 'idle':
        this.#roster.ring();
        return;
      case 'ended':
        this.#journalRang(heard.crew);
        return;
      case 'queued':
        if (heard.names.length === 0) this.#sweeps.demand();
        for (const name of heard.names) this.#intake.ring(name, 'rename');
        this.#turns.soon();
    }
  }

  /** Crews that tell at the same time are read together. */
  #journalRang(crew: CrewId): void {
    if (this.#journalsRang.size === 0)
      this.#turns.afterNews(() => {
        const rang = [...this.#journalsRang];
        this.#journalsRang.clear();
        this.#progress.read(rang, true);
        if (this.#intake.size === 0) this.#roster.ring();
        this.#turns.soon();
      });
    this.#journalsRang.add(crew);
  }

  /** What happens each time something may have changed: read what came, and pair it with who is idle. */
  #turn(): void {
    this.#sweeps.sweepIfDue();
    const next = this.#intake.read();
    const somethingWaits = this.#backlog.size > 0 || this.#fanOuts.isReady;
    if (somethingWaits && !this.#sweeps.looksThrough() && this.#roster.mayHaveIdle()) this.#giveOut();
    if (next === 0) this.#turns.soon();
    else if (next !== undefined) this.#turns.after(next);
    if (this.#options.endWhenDone && this.#intake.size === 0 && this.#roster.hasRung) this.#endIfDone();
  }

  #giveOut(): void {
    const badges = [...this.#applier.spare, ...this.#roster.lookForIdle()];
    // Busy workers, too, may be meant for a gang.
    if (badges.length > 0 || this.#fanOuts.hasWaitingGang) {
      if (this.#wasQuiet) this.#reportCounts();
      this.#turns.guard(() => {
        this.#carving.carveFor(badges, this.#idleInVain);
      });
      if (this.#carving.keepsWorkers) return;
    }
    if (badges.length > 0) this.#pairing.giveToIdle(badges);
    // As far as the backlog is concerned, whoever is still idle stays so.
    this.#idleInVain = this.#roster.idle > 0;
    this.#giveAhead();
    this.#hints.flush();
  }

  #giveAhead(): void {
    // A rank that stands behind another job would hold up its whole gang.
    if (this.#fanOuts.isGathering || this.#carving.keepsWorkers || this.#sweeps.looksThrough()) return;
    this.#pairing.giveAhead();
  }

  /** Every now and then: the dead, the held, the pools of spare workers, and who could do with work of others. */
  #lookAround(): void {
    const { clock, pace } = this.#system;
    const now = clock.monotonic();
    const live = this.#reaper.pass();
    // A little early is on time: the timer comes no closer.
    this.#nextLookAround = now + 0.9 * Math.min(pace.lookAround, this.#reaper.lookEvery());
    this.#roster.renew(live, now);
    if (now >= this.#nextJournals) {
      this.#nextJournals = now + pace.lookForJournals;
      this.#progress.lookForJournals(live);
    }
    this.#applier.forgetSpare();
    const idle = this.#roster.lookForIdle();
    // Left by somebody who died between burying a pod and removing its badges.
    for (const orphan of this.#crews.offers(idle).orphans) this.#applier.clear(orphan);
    this.#lookAtHeld();
    // The turn would not look by itself so soon after we did.
    if (this.#backlog.size > 0 && idle.length > 0) this.#roster.ring();
    if (this.#backlog.size === 0 || this.#idleInVain) this.#pairing.takeBackFor(idle);
    this.#turns.guard(() => {
      this.#settleFanOuts();
    });
    if (this.#options.endWhenDone && this.#intake.size === 0) this.#endIfDone();
    this.#reportCounts();
  }

  #lookAtHeld(): void {
    const { hasHeld } = this.#admission;
    if (hasHeld || this.#whereabouts.isLong) this.#whereabouts.lookIntoPods();
    if (!hasHeld) return;
    // The pods first, then the queue: what was given back in between is found there.
    this.#intake.list();
    this.#admission.reconsiderHeld();
  }

  #settleFanOuts(): void {
    if (this.#fanOuts.size > 0) {
      this.#noteConcluded(this.#fanOuts.refresh());
      this.#noteConcluded(this.#fanOuts.settle());
    }
    this.#fanOuts.dropLeftPools();
  }

  /** Fan-out jobs that are over have left the queue. */
  #noteConcluded(names: readonly string[]): void {
    for (const name of names) this.#intake.depart(name);
    if (names.length === 0) return;
    // Somebody may wait for the word.
    this.#progress.read([this.#options.id], true);
    this.#roster.ring();
  }

  #noteNews(news: News): void {
    switch (news.kind) {
      case 'ending': {
        const { ending } = news;
        this.#whereabouts.ended();
        this.#ahead.ended(ending.entry, ending.event === 'finish' ? ending.ms : undefined);
        this.#options.report(news);
        return;
      }
      case 'host':
        this.#options.report(news);
        return;
      case 'slice':
        this.#ahead.ended(news.entry);
        // What fails here is found at the next look around; the other lines must be read all the same.
        this.#turns.guard(() => {
          this.#noteConcluded(this.#fanOuts.hear(news.crew, news.entry));
        });
    }
  }

  #noteReaped(reaped: ReapEvent): void {
    const { report } = this.#options;
    if (reaped.kind === 'trouble') {
      report({ kind: 'trouble', error: reaped.error });
      return;
    }
    report({ kind: 'reaped', reaped });
    this.#sweeps.demand();
    if (reaped.kind !== 'buried') return;
    this.#roster.forget(reaped.crew);
    for (const badge of this.#crews.idle()) if (badge.crew === reaped.crew) this.#applier.clear(badge);
  }

  /**
   * Nothing is left when the queue is empty, then every pod, and then the queue again: an entry that goes back moves
   * from a pod to the queue, so one look at each could miss it.
   */
  #endIfDone(): void {
    this.#roster.hush();
    if (this.#intake.list() > 0 || !this.#podsAreEmpty() || this.#intake.list() > 0) return;
    this.#progress.conclude(this.#roster.live);
    this.#turns.guard(() => {
      this.#fanOuts.dropLeftPools();
    });
    this.#end('done');
  }

  #podsAreEmpty(): boolean {
    const pods = entriesOfAllPods(this.#system.files, this.#options.layout, this.#crews);
    for (const { assigned, running } of pods) if (assigned.length + running.length > 0) return false;
    return true;
  }

  #end(how: 'done' | 'stopped'): void {
    if (this.#turns.hasEnded) return;
    this.#turns.end();
    for (const unhang of this.#doorbells) unhang();
    this.#resolve(how);
  }
}
