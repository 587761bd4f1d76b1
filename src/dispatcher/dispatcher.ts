import { FjrError } from '../job/fjr-error.js';
import type { Outcome } from '../job/outcome.js';
import { fitsBeside, noUsage } from '../job/capacity.js';
import type { Place } from '../job/gang.js';
import { type Needs, takesOneWorker } from '../job/job.js';
import { recallJob } from '../queue/recall-job.js';
import {
  type Badge,
  type CrewId,
  type Layout,
  type Verdict,
  badgeName,
  parseBadge,
} from '../queue/layout.js';
import { failuresOf, parseEntryName } from '../queue/entry-name.js';
import type { HintLine } from '../queue/hint.js';
import type { Pace } from '../queue/pace.js';
import { perform } from '../queue/perform.js';
import { rejectJob } from '../queue/reject-job.js';
import { list, type Steps, unlink } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Host } from '../system/host.js';
import type { Doorbells } from '../system/watcher.js';
import { Applier } from './apply.js';
import { Backlog } from './backlog.js';
import { CrewHints } from './crew-hints.js';
import { Crews } from './crews.js';
import { patience } from './fan-out-run.js';
import { FanOuts, type WaitingGang } from './fan-outs.js';
import { hostsThatTried } from './hosts-that-tried.js';
import { type Arrival, Intake } from './intake.js';
import { untilNextListing } from './listing-pace.js';
import { entriesOfAllPods, findSlices } from './live-slices.js';
import { newestOutcomes } from './outcomes.js';
import { type Assignment, type Group, type Offer, type Waiting, planAssignments } from './plan.js';
import { Pools } from './pools.js';
import { type Ending, type HostLine, Progress } from './progress.js';
import { type ReapEvent, Reaper } from './reaper.js';
import { Waitlist } from './waitlist.js';
import { WorkAhead } from './work-ahead.js';

/** Jobs that are looked at behind those that are too young for a worker that wants older ones. */
const mostTooYoung = 100;
/** Which job goes first among those of equal priority. */
export type Order = 'natural' | 'oldest' | 'newest' | 'random';

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

/** The numbers that people watch. */
export interface Counts {
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  readonly waiting: number;
  readonly running: number;
  readonly idle: number;
  readonly workers: number;
}

export type DispatcherEvent =
  | { readonly kind: 'counts'; readonly counts: Counts }
  | {
      readonly kind: 'rejected';
      readonly name: string;
      readonly reason: string;
      readonly hint: string | undefined;
    }
  | { readonly kind: 'held'; readonly name: string; readonly on: string }
  /** The pool has fewer items than it needs, or there is no such pool. */
  | { readonly kind: 'poor'; readonly name: string; readonly pool: string; readonly count: number }
  /** A gang waits: of its places so many could be filled now, and so many if all workers were idle. */
  | {
      readonly kind: 'gang';
      readonly name: string;
      readonly places: number;
      readonly fit: number;
      readonly most: number;
    }
  /** No crew there is could run it. */
  | { readonly kind: 'unfit'; readonly name: string; readonly needs: Needs }
  | { readonly kind: 'ending'; readonly ending: Ending }
  | { readonly kind: 'host'; readonly line: HostLine }
  | { readonly kind: 'reaped'; readonly reaped: Exclude<ReapEvent, { kind: 'trouble' }> }
  | { readonly kind: 'trouble'; readonly error: unknown };

export interface DispatcherOptions {
  readonly layout: Layout;
  /** Names this dispatcher's journal. */
  readonly id: string;
  readonly order: Order;
  /** Seconds between two sweeps of the queue, which find what no doorbell told. */
  readonly interval: number;
  /** End when the queue is empty and everything has finished. */
  readonly endWhenDone: boolean;
  readonly report: (event: DispatcherEvent) => void;
}

/** Milliseconds: a lease of ten seconds wants a look in each of them, and two seconds without one are a gap. */
const shortestLookAround = 500;
/** Milliseconds after which a gang goes before others of its priority: small ones would keep it waiting for ever. */
const gangPatience = 30_000;
/** Milliseconds that a gang waits before people are told. */
const toldAfter = 2000;
/** Milliseconds between two hellos to a crew. */
const greetInterval = 8000;
/** Milliseconds that may be spent on looking through a queue that was just found before any of it is given out. */
const lookThroughBudget = 500;
/** Assigned jobs that are remembered before their pods are asked which are still there. */
const assignedLimit = 10_000;

/** Pairs jobs with workers, looks after crews that died, and counts what has ended. */
export class Dispatcher {
  readonly #system: DispatcherSystem;
  readonly #options: DispatcherOptions;
  readonly #layout: Layout;
  readonly #intake: Intake;
  readonly #backlog = new Backlog();
  readonly #crews: Crews;
  readonly #pools: Pools;
  readonly #reaper: Reaper;
  readonly #progress: Progress;
  readonly #applier: Applier;
  readonly #hints: CrewHints;
  readonly #ahead: WorkAhead;
  readonly #fanOuts: FanOuts;
  readonly #waitlist = new Waitlist();
  readonly #reportedUnfit = new WeakSet<Needs>();
  /** Job name → crew, of what was assigned and may still be there. */
  readonly #assigned = new Map<string, CrewId>();
  readonly #timers: (() => void)[] = [];
  #wakeUp: NodeJS.Timeout | undefined;
  #passPlanned = false;
  /** Nothing waited when the numbers were last told: the first job to come is news. */
  #progressQuiet = true;
  #workersRang = true;
  #idleLookedAt = -Infinity;
  #idleCount = 0;
  /** Nothing that waits was for them. */
  #idleInVain = false;
  /** For a gang. */
  #keepsWorkers = false;
  #nextListing = 0;
  #looksThroughUntil = -Infinity;
  #nextJournals = 0;
  #nextLookAround = 0;
  #nextGreeting = 0;
  /** Crews that said that their journals have grown. */
  readonly #journalsRang = new Set<CrewId>();
  #liveCrews: readonly CrewId[] = [];
  #outcomesStale = true;
  #outcomes: ReadonlyMap<string, Verdict> = new Map();
  #outcomesAsked: ReadonlySet<string> = new Set();
  #stopped = false;
  #resolve: (how: 'done' | 'stopped') => void = () => undefined;
  /** `done`: nothing is left to do. */
  readonly ended: Promise<'done' | 'stopped'>;

  constructor(system: DispatcherSystem, options: DispatcherOptions) {
    this.#system = system;
    this.#options = options;
    this.#layout = options.layout;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    this.#intake = new Intake(system, this.#layout, {
      arrived: (arrival) => {
        this.#arrive(arrival);
      },
      fanOutArrived: (name) => {
        this.#addFanOut(name);
      },
      trouble: (error) => {
        options.report({ kind: 'trouble', error });
      },
      rejected: (name, reason, hint) => {
        this.#rejectFile(name, reason, hint);
      },
    });
    this.#fanOuts = new FanOuts(
      system,
      this.#layout,
      options.id,
      this.#intake,
      (crew) => this.#crews.learn(crew) !== undefined,
    );
    this.#crews = new Crews(system.files, this.#layout, (crew) => this.#reaper.timeLeft(crew));
    this.#applier = new Applier(system.files, this.#layout);
    this.#pools = new Pools(system.files, system.clock, this.#layout);
    this.#hints = new CrewHints(system.hints, {
      idle: () => {
        this.#workersRang = true;
        this.#planPass();
      },
      ended: (crew) => {
        this.#journalRang(crew);
      },
      queued: (names) => {
        if (names.length === 0) this.#nextListing = 0;
        for (const name of names) this.#intake.ring(name, 'rename');
        this.#planPass();
      },
    });
    const { pace } = system;
    this.#ahead = new WorkAhead({ backlog: this.#backlog, crews: this.#crews, pools: this.#pools, pace });
    this.#progress = new Progress(system, this.#layout, options.id, {
      ending: (ending) => {
        this.#outcomesStale = true;
        this.#ahead.ended(ending.entry, ending.event === 'finish' ? ending.ms : undefined);
        options.report({ kind: 'ending', ending });
      },
      host: (line) => {
        options.report({ kind: 'host', line });
      },
      slice: (crew, entry) => {
        this.#ahead.ended(entry);
        // What fails here is found at the next look around; the other lines must be read all the same.
        this.#guard(() => {
          this.#fanOuts.hear(crew, entry);
          this.#concluded(this.#fanOuts.concludeComplete());
        });
      },
    });
    this.#reaper = new Reaper(system, this.#layout, options.id, (reaped) => {
      this.#reaped(reaped);
    });
  }

  start(): void {
    const { doorbells, pace } = this.#system;
    this.#timers.push(
      doorbells.hang(this.#layout.jobqueue, (name, event) => {
        if (name === undefined) this.#nextListing = 0;
        if (name === undefined || this.#intake.ring(name, event)) this.#planPass();
      }),
      doorbells.hang(this.#layout.workerqueue, (name) => {
        if (name !== undefined && this.#applier.isOwn(name)) return;
        this.#workersRang = true;
        this.#planPass();
      }),
      this.#every(Math.min(pace.lookAround, shortestLookAround), () => {
        if (this.#system.clock.monotonic() >= this.#nextLookAround) this.#lookAround();
      }),
      this.#every(pace.lookAtGangs, () => {
        this.#lookAtGangs();
      }),
      this.#every(pace.readJournals, () => {
        this.#progress.read(this.#liveCrews);
        this.#dispatchAhead();
        this.#hints.flush();
      }),
      this.#every(Math.min(this.#options.interval * 1000, pace.lookForIdle), () => {
        this.#pass();
      }),
    );
    this.#guard(() => {
      this.#lookAround();
      for (const crew of this.#liveCrews) this.#crews.learn(crew);
      this.#rememberPods();
    });
    this.#planPass();
  }

  /** Ends, and leaves everything as it is: jobs go on, the next dispatcher takes over. */
  stop(): void {
    // What has ended by now is told.
    this.#guard(() => {
      this.#progress.conclude(this.#liveCrews);
    });
    this.#end('stopped');
  }

  /** The numbers as they are now. */
  counts(): Counts {
    const { done, failed, retried } = this.#progress;
    const workers = this.#crews.workers;
    const tasks = this.#fanOuts.counts();
    const running = Math.max(0, workers - this.#idleCount);
    const jobs = this.#intake.size - this.#fanOuts.size - this.#fanOuts.queued;
    return {
      done: done + tasks.done,
      failed: failed + tasks.failed,
      retried,
      // Of tasks it is known which have ended, and not which have begun.
      waiting: jobs + Math.max(0, tasks.left - running),
      running,
      idle: this.#idleCount,
      workers,
    };
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#system.files, steps);
  }

  #every(milliseconds: number, action: () => void): () => void {
    const timer = setInterval(() => {
      this.#guard(action);
    }, milliseconds);
    return () => {
      clearInterval(timer);
    };
  }

  /** Whatever a failing filesystem left undone is done at the next pass. */
  #guard(action: () => void): void {
    if (this.#stopped) return;
    try {
      action();
    } catch (error) {
      this.#options.report({ kind: 'trouble', error });
      if (!(error instanceof FjrError)) throw error;
    }
  }

  #planPass(): void {
    if (this.#passPlanned || this.#stopped) return;
    this.#passPlanned = true;
    setImmediate(() => {
      this.#passPlanned = false;
      this.#guard(() => {
        this.#pass();
      });
    });
  }

  /** What happens each time something may have changed: read what came, and pair it with who is idle. */
  #pass(): void {
    this.#listWhenDue();
    const next = this.#intake.read();
    const hasWork = this.#backlog.size > 0 || this.#fanOuts.isReady;
    if (hasWork && !this.#looksThrough() && this.#mayHaveIdle()) this.#dispatch();
    if (next === 0) this.#planPass();
    else if (next !== undefined) this.#wakeIn(next);
    if (this.#options.endWhenDone && this.#intake.size === 0 && this.#workersRang) this.#endIfDone();
  }

  #wakeIn(milliseconds: number): void {
    clearTimeout(this.#wakeUp);
    this.#wakeUp = setTimeout(() => {
      this.#planPass();
    }, milliseconds);
  }

  /** The sweep behind the doorbell. Its cost grows with the queue, so it takes a bounded share of the time. */
  #listWhenDue(): void {
    const start = this.#system.clock.monotonic();
    if (start < this.#nextListing) return;
    this.#intake.list();
    const end = this.#system.clock.monotonic();
    this.#nextListing = end + untilNextListing(this.#options.interval * 1000, end - start);
    if (this.#backlog.size === 0) this.#looksThroughUntil = end + lookThroughBudget;
  }

  /**
   * Of many jobs that are found at once the first to be read need not be the first to go. Only where nothing was waiting
   * before: otherwise workers would stand idle beside work that is known.
   */
  #looksThrough(): boolean {
    if (this.#intake.isBehind && this.#system.clock.monotonic() < this.#looksThroughUntil) return true;
    this.#looksThroughUntil = -Infinity;
    return false;
  }

  #mayHaveIdle(): boolean {
    const { clock, pace } = this.#system;
    return this.#workersRang || clock.monotonic() - this.#idleLookedAt > pace.lookForIdle;
  }

  #lookForIdle(): Badge[] {
    this.#workersRang = false;
    this.#idleLookedAt = this.#system.clock.monotonic();
    const badges = this.#crews.idle();
    this.#idleCount = badges.length;
    this.#meetNewcomers(badges);
    return badges;
  }

  /** Whoever has been hired since the last look around is listened to from now on. */
  #meetNewcomers(badges: readonly Badge[]): void {
    for (const { crew } of badges) {
      if (this.#crews.has(crew)) continue;
      const file = this.#crews.learn(crew)?.file;
      if (file === undefined) continue;
      this.#liveCrews = [...this.#liveCrews, crew];
      this.#hints.greet(crew, file);
    }
  }

  #dispatch(): void {
    const badges = [...this.#applier.spare, ...this.#lookForIdle()];
    // Busy workers, too, may be meant for a gang.
    if (badges.length > 0 || this.#fanOuts.hasWaitingGang) {
      if (this.#progressQuiet) this.#reportCounts();
      this.#guard(() => {
        this.#carve(badges);
      });
      if (this.#keepsWorkers) return;
    }
    if (badges.length > 0) {
      // Workers for whom something was carved just now have it in one of the next turns.
      const { offers, orphans } = this.#crews.offers(badges.slice(this.#fanOuts.unread));
      for (const orphan of orphans) this.#applier.clear(orphan);
      // Some of them may be too young for those who ask.
      const isPatient = offers.some(({ capacity }) => (capacity.remote?.patience ?? 0) > 0);
      const heads = this.#backlog.takeHeads(badges.length + (isPatient ? mostTooYoung : 0));
      this.#assign(heads, offers);
      this.#reportUnfit(heads);
    }
    // As far as the backlog is concerned, whoever is still idle stays so.
    this.#idleInVain = this.#idleCount > 0;
    this.#dispatchAhead();
    this.#hints.flush();
  }

  /**
   * Carves slices of fan-out jobs for idle workers for whom nothing waits that goes before. If a gang that goes before all
   * that waits needs more workers than are idle, they are kept for it.
   */
  #carve(idle: readonly Badge[]): void {
    this.#keepsWorkers = false;
    if (this.#fanOuts.size === 0) return;
    const leaders = this.#backlog.leaders();
    const isFirst = (priority: number): boolean => leaders.every(({ job }) => job.priority < priority);
    const mayGo = (priority: number): boolean =>
      this.#backlog.size < idle.length || this.#idleInVain || isFirst(priority);
    const carved = (name: string): void => {
      this.#intake.ring(name, 'rename');
      this.#lookAgain();
    };
    const free = idle.slice(this.#fanOuts.unread);
    const goesFirst = ({ priority, waited }: Pick<WaitingGang, 'priority' | 'waited'>): boolean =>
      leaders.every(
        ({ job }) => job.priority < priority || (job.priority === priority && waited > gangPatience),
      );
    const gang = this.#fanOuts.gather(
      (waiting) => mayGo(waiting.priority) || goesFirst(waiting),
      (places) => this.#roomIn(places, this.#crews.offers(free).offers),
      (waiting) => this.#isKeptFor(waiting),
      carved,
    );
    // Those that it was gathered for are given its slices in the next turn.
    this.#keepsWorkers = gang === 'gathered' || (gang !== undefined && goesFirst(gang));
    if (gang !== undefined) return;
    const staff = {
      workers: this.#crews.workers,
      idle: idle.map(badgeName),
      isHere: (badge: string) => this.#crews.has(parseBadge(badge)?.crew ?? ('' as CrewId)),
    };
    this.#fanOuts.refill(staff, mayGo, carved);
  }

  /** How many of these places these workers could fill together. */
  #roomIn(places: readonly Place[], offers: readonly Offer[]): number {
    const groups = places.map(({ type: { needs } }, key) => ({
      needs,
      jobs: [{ name: String(key), priority: 0, key }],
    }));
    return planAssignments(groups, offers, new Map(), this.#system.clock.monotonic()).length;
  }

  /** Whether workers are to wait with a gang: if it could ever have as many as it needs. */
  #isKeptFor({ name, places, fit, waited }: WaitingGang): boolean {
    const most = this.#roomIn(places, this.#crews.allOffers());
    // That workers are just about to come, or to be idle, is nothing to tell.
    if (waited > toldAfter) this.#options.report({ kind: 'gang', name, places: places.length, fit, most });
    return most >= places.length;
  }

  /** Slices of a gang go when all of them have reached their workers. */
  #lookAtGangs(): void {
    if (!this.#fanOuts.isGathering) return;
    const hosts = new Map<string, string>();
    for (const crew of this.#liveCrews) {
      const file = this.#crews.learn(crew)?.file;
      if (file === undefined) continue;
      const host = file.remote?.address ?? file.host;
      for (const entry of this.#perform(list(this.#layout.pod(crew).running)) ?? [])
        hosts.set(parseEntryName(entry).job, host);
    }
    this.#fanOuts.lookAtGangs(hosts);
  }

  /** Busy crews are given their next jobs before they ask. */
  #dispatchAhead(): void {
    // A rank that stands behind another job would hold up its whole gang.
    if (this.#fanOuts.isGathering || this.#keepsWorkers || this.#looksThrough()) return;
    const offers = this.#ahead.offers(this.#liveCrews);
    const room = offers.reduce((sum, { idle }) => sum + idle.length, 0);
    if (room === 0) return;
    // Tasks that are not carved yet would find workers taken by what should come behind them.
    const least = this.#fanOuts.readyPriority;
    const heads = this.#backlog.takeHeads(room, takesOneWorker);
    for (const { needs, jobs } of heads)
      for (const job of jobs) if (job.priority < least) this.#backlog.add(job, needs);
    const urgent = heads.map(({ needs, jobs }) => ({
      needs,
      jobs: jobs.filter(({ priority }) => priority >= least),
    }));
    this.#assign(urgent, offers);
  }

  /** Plans and carries out. What is not assigned goes back into the backlog. */
  #assign(heads: readonly Group[], offers: readonly Offer[]): void {
    const gone = new Set<Waiting>();
    try {
      for (const { jobs } of heads) for (const job of jobs) if (!this.#intake.has(job.name)) gone.add(job);
      const groups = heads.map(({ needs, jobs }) => ({ needs, jobs: jobs.filter((job) => !gone.has(job)) }));
      // Names that are gone may have kept others from being looked at.
      if (gone.size > 0) this.#lookAgain();
      const free = this.#pools.free(groups.map(({ needs }) => needs));
      const plan = planAssignments(groups, offers, free, this.#system.clock.monotonic());
      for (const assignment of plan)
        this.#guard(() => {
          // One that fails holds up no other.
          if (this.#apply(assignment)) gone.add(assignment.job);
        });
    } finally {
      // Whatever happened on the way: what was not assigned waits on.
      for (const { needs, jobs } of heads)
        for (const job of jobs) if (!gone.has(job)) this.#backlog.add(job, needs);
    }
  }

  #lookAgain(): void {
    this.#workersRang = true;
    this.#planPass();
  }

  /** Returns whether the job has left the backlog. */
  #apply(assignment: Assignment): boolean {
    const { job, needs, badge, items } = assignment;
    const keepers = this.#fanOuts.keptBy(job.name);
    const kept = keepers?.keep(badge, items);
    if (keepers !== undefined && kept === undefined) return false;
    const applied = this.#applier.apply(assignment);
    if (applied.kind !== 'assigned') keepers?.release(kept ?? []);
    switch (applied.kind) {
      case 'assigned':
        this.#intake.depart(job.name);
        this.#assigned.set(parseEntryName(job.name).job, badge.crew);
        this.#crews.charge(badge.crew, applied.entry, needs);
        this.#ahead.assigned(badge.crew, applied.entry);
        this.#hints.entry(badge.crew, applied.entry, badge);
        if (badge.ahead !== true) this.#idleCount -= 1;
        return true;
      case 'job-gone':
        this.#intake.forget(job.name);
        this.#lookAgain();
        return true;
      case 'pod-gone':
        this.#forgetCrew(badge.crew);
        return false;
      case 'worker-taken':
      case 'item-taken':
        return false;
    }
  }

  /** Jobs that idle workers were not enough for: if no crew could ever run them, somebody should know. */
  #reportUnfit(left: readonly Group[]): void {
    for (const { needs, jobs } of left) {
      const job = jobs.find(({ name }) => this.#intake.has(name));
      if (job === undefined || jobs.some(({ name }) => !this.#intake.has(name))) continue;
      const capacities = this.#crews.capacities();
      if (capacities.length === 0 || this.#reportedUnfit.has(needs)) continue;
      const poor = needs.resources.find(({ pool, count }) => this.#pools.sizeOf(pool) < count);
      if (poor !== undefined) {
        this.#reportedUnfit.add(needs);
        this.#options.report({ kind: 'poor', name: job.name, ...poor });
        continue;
      }
      if (capacities.some((capacity) => fitsBeside(needs, noUsage, capacity))) continue;
      this.#reportedUnfit.add(needs);
      this.#options.report({ kind: 'unfit', name: job.name, needs });
    }
  }

  #addFanOut(name: string): void {
    try {
      this.#fanOuts.add(name);
      this.#lookAgain();
    } catch (error) {
      if (!(error instanceof FjrError) || error.code !== 'not-a-fan-out') throw error;
      this.#rejectFile(name, error.message, error.hint);
    }
  }

  /** Fan-out jobs that are over have left the queue. */
  #concluded(names: readonly string[]): void {
    for (const name of names) this.#intake.depart(name);
    if (names.length === 0) return;
    // Somebody may wait for the word.
    this.#progress.read([this.#options.id], true);
    this.#lookAgain();
  }

  /** Whether fan-out jobs that seem to be over are, and what else cannot be known before one has looked for slices. */
  #settleFanOuts(): void {
    this.#fanOuts.refresh();
    this.#concluded(this.#fanOuts.concludeComplete());
    this.#dropCancelled();
    const asked = this.#fanOuts.unsettled();
    if (asked.size === 0) return;
    const slices = findSlices(this.#system.files, this.#layout, this.#crews);
    const haveLived = (crew: CrewId, since: number): boolean => this.#reaper.hasLivedSince(crew, since);
    this.#concluded(this.#fanOuts.settle(asked, slices, haveLived));
  }

  /** Slices of cancelled jobs, for which there may never be a crew. */
  #dropCancelled(): void {
    if (this.#fanOuts.queued === 0) return;
    for (const name of this.#perform(list(this.#layout.jobqueue)) ?? []) {
      if (!this.#fanOuts.isCancelled(name)) continue;
      this.#perform(unlink(this.#layout.queued(name)));
      this.#intake.depart(name);
    }
  }

  #arrive(arrival: Arrival): void {
    if (arrival.job.command.kind === 'slice') this.#fanOuts.arrived(arrival.name);
    if (arrival.job.command.kind === 'slice' && this.#fanOuts.isOrphan(arrival.name)) {
      this.#intake.depart(arrival.name);
      this.#perform(unlink(this.#layout.queued(arrival.name)));
      return;
    }
    if (arrival.job.after.length > 0 || this.#isLive(arrival)) this.#waitlist.hold(arrival);
    else this.#admit(arrival);
  }

  #admit(arrival: Arrival): void {
    this.#backlog.add(this.#waiting(arrival), arrival.job.needs);
    // Somebody was idle when we looked last: it must not wait for the next look.
    if (this.#idleCount > 0) this.#workersRang = true;
  }

  #waiting(arrival: Arrival): Waiting {
    const { name, job } = arrival;
    const { command } = job;
    // There is room for all slices of a gang, if nobody comes between them.
    const isOfGang = command.kind === 'slice' && command.slice.gang !== undefined;
    const priority = isOfGang ? Infinity : job.priority;
    const waiting = { name, priority, key: this.#key(arrival) };
    if (command.kind !== 'slice')
      return job.needs.portable === true ? this.#portable(arrival, waiting) : waiting;
    const { avoid = [] } = command.slice;
    const kept = this.#fanOuts.keptBy(name);
    const until = this.#system.clock.monotonic() + patience;
    return {
      ...waiting,
      ...(avoid.length === 0 ? {} : { avoid: { badges: new Set(avoid), until } }),
      ...(kept === undefined ? {} : { kept }),
    };
  }

  /** A job that hosts may have which share nothing with the project. */
  #portable({ entry, job, since, mtimeMs }: Arrival, waiting: Waiting): Waiting {
    if (!job.elsewhere || failuresOf(entry.counts) === 0) return { ...waiting, since };
    const never = hostsThatTried(this.#system.files, this.#layout, entry.job, mtimeMs);
    return { ...waiting, since, never };
  }

  #key({ key, mtimeMs }: Arrival): string | number {
    switch (this.#options.order) {
      case 'natural':
        return key;
      case 'oldest':
        return mtimeMs;
      case 'newest':
        return -mtimeMs;
      case 'random':
        return this.#system.random();
    }
  }

  /** A second job of a name that is live waits for the first. */
  #isLive({ entry }: Arrival): boolean {
    return (
      entry.token === undefined && (this.#assigned.has(entry.job) || this.#intake.hasReturned(entry.job))
    );
  }

  #rejectFile(name: string, reason: string, hint: string | undefined): void {
    this.#reject(name, { kind: 'rejected', reason, ...(hint === undefined ? {} : { hint }) });
    this.#options.report({ kind: 'rejected', name, reason, hint });
  }

  #reject(name: string, outcome: Outcome): void {
    this.#intake.depart(name);
    const verdict = { writer: this.#options.id, time: this.#system.clock.timestamp(), outcome };
    try {
      this.#perform(rejectJob(this.#layout, name, newToken(), verdict));
    } catch (error) {
      if (!isForbidden(error)) throw error;
      // Say, a directory of somebody else: it must not be tried again and again, nor hold up the end.
      this.#intake.leaveAlone(name);
      this.#options.report({ kind: 'trouble', error });
    }
    this.#outcomesStale = true;
  }

  /** Every now and then: the dead, the held, the pools of spare workers, and who could do with work of others. */
  #lookAround(): void {
    const now = this.#system.clock.monotonic();
    this.#liveCrews = this.#reaper.pass();
    // A little early is on time: the timer comes no closer.
    this.#nextLookAround = now + 0.9 * Math.min(this.#system.pace.lookAround, this.#reaper.lookEvery());
    this.#learnCrews(now);
    if (now >= this.#nextJournals) {
      this.#nextJournals = now + this.#system.pace.lookForJournals;
      this.#progress.lookForJournals(this.#liveCrews);
    }
    this.#applier.forgetSpare();
    const idle = this.#lookForIdle();
    // Left by somebody who died between burying a pod and removing its badges.
    for (const orphan of this.#crews.offers(idle).orphans) this.#applier.clear(orphan);
    if (this.#waitlist.size > 0 || this.#assigned.size > assignedLimit) this.#rememberPods();
    if (this.#waitlist.size > 0) {
      // The pods first, then the queue: what was given back in between is found there.
      this.#intake.list();
      this.#judgeHeld();
    }
    // The pass would not look by itself so soon after we did.
    if (this.#backlog.size > 0 && idle.length > 0) this.#lookAgain();
    const inVain = this.#backlog.size === 0 || this.#idleInVain;
    if (inVain) this.#recallFor(idle);
    this.#guard(() => {
      if (this.#fanOuts.size > 0) this.#settleFanOuts();
      this.#fanOuts.dropLeftPools();
    });
    if (this.#options.endWhenDone && this.#intake.size === 0) this.#endIfDone();
    this.#reportCounts();
  }

  #learnCrews(now: number): void {
    const live = new Set(this.#liveCrews);
    for (const crew of [...this.#crews.known()]) if (!live.has(crew)) this.#forgetCrew(crew);
    const greet = now >= this.#nextGreeting;
    if (greet) this.#nextGreeting = now + greetInterval;
    for (const crew of live) {
      const isNew = !this.#crews.has(crew);
      const file = this.#crews.learn(crew)?.file;
      if (file !== undefined && (isNew || greet)) this.#hints.greet(crew, file);
    }
  }

  #forgetCrew(crew: CrewId): void {
    this.#crews.forget(crew);
    this.#ahead.forget(crew);
    this.#hints.forget(crew);
  }

  /** A crew says that something of its own has ended. */
  #journalRang(crew: CrewId): void {
    if (this.#journalsRang.size === 0)
      setImmediate(() => {
        const rang = [...this.#journalsRang];
        this.#journalsRang.clear();
        this.#guard(() => {
          this.#progress.read(rang, true);
          if (this.#intake.size === 0) this.#workersRang = true;
          this.#planPass();
        });
      });
    this.#journalsRang.add(crew);
  }

  /** What others were given and have not started goes to those who are idle. */
  #recallFor(idle: readonly Badge[]): void {
    for (const { crew, entry } of this.#ahead.recalls(this.#liveCrews, idle, this.#system.clock.monotonic()))
      this.#guard(() => {
        if (this.#perform(recallJob(this.#layout, crew, entry)) === 'gone') return;
        this.#ahead.ended(entry);
        this.#assigned.delete(parseEntryName(entry).job);
        this.#nextListing = 0;
        this.#planPass();
      });
  }

  #reportCounts(): void {
    this.#progressQuiet = this.#intake.size === 0;
    this.#options.report({ kind: 'counts', counts: this.counts() });
  }

  /** Asks all pods what they hold. What is in none of them has finished, or was given back. */
  #rememberPods(): void {
    this.#assigned.clear();
    for (const crew of this.#liveCrews) {
      const entries = this.#crews.entries(crew);
      if (entries === undefined) continue;
      this.#ahead.correct(crew, entries);
      for (const entry of [...entries.assigned, ...entries.running])
        this.#assigned.set(parseEntryName(entry).job, crew);
    }
  }

  #judgeHeld(): void {
    const { go, fail, waitForUnknown } = this.#waitlist.judge({
      isThere: ({ name }) => this.#intake.has(name),
      isTwin: (arrival) => this.#isLive(arrival),
      isLive: (job) => this.#intake.has(job) || this.#intake.hasReturned(job) || this.#assigned.has(job),
      outcomes: (jobs) => this.#outcomesOf(jobs),
    });
    for (const arrival of go) this.#admit(arrival);
    if (go.length > 0) this.#planPass();
    for (const { arrival, reason } of fail) {
      this.#reject(arrival.name, { kind: 'dependency', reason });
      this.#options.report({ kind: 'rejected', name: arrival.name, reason, hint: undefined });
    }
    for (const { arrival, on } of waitForUnknown)
      this.#options.report({ kind: 'held', name: arrival.name, on });
  }

  /** `done` and `failed` may be long: they are listed again only when something has ended. */
  #outcomesOf(wanted: ReadonlySet<string>): ReadonlyMap<string, Verdict> {
    if (this.#outcomesStale || [...wanted].some((job) => !this.#outcomesAsked.has(job))) {
      this.#outcomes = newestOutcomes(this.#system.files, this.#layout, wanted);
      this.#outcomesAsked = wanted;
    }
    this.#outcomesStale = false;
    return this.#outcomes;
  }

  #reaped(reaped: ReapEvent): void {
    if (reaped.kind === 'trouble') {
      this.#options.report({ kind: 'trouble', error: reaped.error });
      return;
    }
    this.#options.report({ kind: 'reaped', reaped });
    this.#nextListing = 0;
    if (reaped.kind !== 'buried') return;
    this.#forgetCrew(reaped.crew);
    for (const badge of this.#crews.idle()) if (badge.crew === reaped.crew) this.#applier.clear(badge);
  }

  /**
   * Nothing is left when the queue is empty, then every pod, and then the queue again: an entry that goes back moves
   * from a pod to the queue, so one look at each could miss it.
   */
  #endIfDone(): void {
    this.#workersRang = false;
    if (this.#intake.list() > 0 || !this.#podsAreEmpty() || this.#intake.list() > 0) return;
    this.#progress.conclude(this.#liveCrews);
    this.#guard(() => {
      this.#fanOuts.dropLeftPools();
    });
    this.#end('done');
  }

  #podsAreEmpty(): boolean {
    for (const { assigned, running } of entriesOfAllPods(this.#system.files, this.#layout, this.#crews))
      if (assigned.length + running.length > 0) return false;
    return true;
  }

  #end(how: 'done' | 'stopped'): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const stop of this.#timers) stop();
    clearTimeout(this.#wakeUp);
    this.#resolve(how);
  }
}

/** Whether trying again would end the same way. */
function isForbidden(error: unknown): boolean {
  const cause = error instanceof FjrError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return ['EACCES', 'EPERM', 'EBUSY'].includes(cause?.code ?? '');
}
