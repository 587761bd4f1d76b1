import { capacityOf } from '../job/capacity.js';
import { FjrError } from '../job/fjr-error.js';
import type { Slice, SshWorkers } from '../job/fan-out.js';
import type { Job } from '../job/job.js';
import type { Outcome } from '../job/outcome.js';
import { naturalKey } from '../job/natural-order.js';
import { jobFileLimit } from '../job/read-job.js';
import { announceWorker } from '../queue/announce-worker.js';
import { beat } from '../queue/beat.js';
import { clearCancelMark } from '../queue/cancel-job.js';
import { claimWorker } from '../queue/claim-worker.js';
import { type CrewFile, formatHeartbeat } from '../queue/crew-file.js';
import { isIgnored, parseEntryName, tokenOf } from '../queue/entry-name.js';
import { fenceCrew } from '../queue/fence-crew.js';
import { type FinishTo, finishJob } from '../queue/finish-job.js';
import { type JournalLine, formatJournalLine } from '../queue/journal.js';
import { layToRest } from '../queue/lay-to-rest.js';
import { type CrewId, type Layout, type LogStream, badgeName, classifyPodFile } from '../queue/layout.js';
import type { HintLine } from '../queue/hint.js';
import type { Pace } from '../queue/pace.js';
import { perform } from '../queue/perform.js';
import { raisePod } from '../queue/raise-pod.js';
import { recallJob } from '../queue/recall-job.js';
import { startJob } from '../queue/start-job.js';
import { targetOf } from '../queue/target-of.js';
import { type Steps, append, appendLater, list, unlink } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files, Inspected } from '../system/files.js';
import type { Doorbells } from '../system/watcher.js';
import { DispatchersHeard } from './dispatchers-heard.js';
import { HeldItems } from '../queue/held-items.js';
import { after, every } from './timers.js';
import { Launcher } from './launcher.js';
import { mayBeOfAKillAll, outcomeOf } from './outcome-of.js';
import { hasChanged, readEntry } from './read-entry.js';
import { type Busy, type Ending, type Place, Roster } from './roster.js';
import { Scratch } from './scratch.js';
import type { SliceRun } from './slice-run.js';
import { SliceWork } from './slice-work.js';
import { SshHosts } from './ssh-hosts.js';
import { type Ended, type Starter, type StarterEvents, killGrace } from './starter.js';

/** What a crew tells those who watch it. */
export type CrewEvent =
  | { readonly kind: 'born'; readonly crew: CrewId; readonly workers: number }
  | {
      readonly kind: 'found' | 'finished';
      readonly crew: CrewId;
      readonly worker: number;
      readonly entry: string;
    }
  | { readonly kind: 'fenced' | 'left'; readonly crew: CrewId }
  | { readonly kind: 'trouble'; readonly crew: CrewId; readonly error: unknown };

export interface CrewSystem {
  readonly files: Files;
  readonly clock: Clock;
  readonly doorbells: Doorbells;
  readonly makeStarter: (events: StarterEvents) => Starter;
  readonly signalName: (number: number) => string;
  readonly findProgram: (name: string, directory: string, path: string | undefined) => string | undefined;
  readonly home: string;
  readonly directory: string;
  /** How the GPUs are called that the crew may give out, where somebody gave it only some; else they are numbered. */
  readonly gpuNames: readonly string[];
  /** How fjr is called. */
  readonly fjr: readonly string[];
  /** How what runs jobs of specs is called. */
  readonly specRunner: readonly string[];
  /** The path of container.sh. */
  readonly containerScript: string;
  /** Undefined: it works for no hosts. */
  readonly ssh: SshPlaces | undefined;
  /** A directory on the host's own disk, for the crew alone; undefined: the project lies there, or there is none. */
  readonly ownDisk: string | undefined;
  readonly pace: Pace;
  /** Undefined where hints cannot work, or are not needed. */
  readonly hints: HintLine | undefined;
}

/** Where is what it takes to reach hosts. */
export interface SshPlaces {
  /** The path of ssh-task.sh. */
  readonly script: string;
  /** A directory of the crew's own, with a short path. */
  readonly directory: string;
}

export interface CrewOptions {
  readonly layout: Layout;
  readonly project: string;
  readonly id: CrewId;
  /** `crew.json`, but for what only the running crew knows. */
  readonly describe: (starterPid: number) => CrewFile;
  readonly report: (event: CrewEvent) => void;
  /** Monotonic milliseconds at which its time is over, as that of a batch system's job; Infinity for most. */
  readonly endsAt: number;
  /** Seconds without work after which it leaves. */
  readonly idleExit: number;
  /** Least niceness of its jobs. */
  readonly nice: number;
  /** Its workers' hosts; undefined: they work here. */
  readonly hosts: SshWorkers | undefined;
  /** Of entries that have a place of their own; left out: none has. */
  readonly placeOf?: (entry: string) => Place | undefined;
}

/** `stranded`: without a starter, and not yet able to give back what it holds. */
type Phase = 'working' | 'draining' | 'leaving' | 'stranded' | 'fenced' | 'gone';

/** Milliseconds within which a shutdown's or batch system's signals reach all processes. */
const killAllSpread = 500;
/** Milliseconds after a start in which a call that was given up may still be carried out. */
const strayTime = 180_000;
/** One more than the ten looks without change that make a crew stale. */
const beatsPerLease = 11;
/** Milliseconds that a claimed worker waits for its entry before it is announced again. */
const claimPatience = 3000;
/** Milliseconds that a task which is tried again waits for a worker of this crew on which it has not failed. */
const otherPatience = 1000;
/** Milliseconds after which a running job gets log files of its own; half of it until the heartbeat tells of it. */
const exposeAfter = 1000;
/** How often a crew that leaves tries to bury its pod … */
const burials = 5;
/** … and milliseconds between two tries: whoever comes by may bury it, too. */
const buryAgain = 1000;
/** A crew whose time is nearly over takes nothing new in its last seconds … */
const lastSeconds = 60;
/** … or in this share of its life, if that is less. */
const lastShare = 0.1;

/** One life of a crew, from birth to burial. A crew that is fenced ends; its owner starts another under a new id. */
export class Crew {
  readonly #system: CrewSystem;
  readonly #options: CrewOptions;
  readonly #layout: Layout;
  readonly #id: CrewId;
  readonly #starter: Starter;
  readonly #file: CrewFile;
  readonly #scratch: Scratch;
  readonly #items: HeldItems;
  readonly #launcher: Launcher;
  readonly #slices: SliceWork;
  readonly #hosts: SshHosts | undefined;
  readonly #roster: Roster;
  /** Entries that the doorbell need not ring for again. */
  readonly #seen = new Set<string>();
  /** Entries in the pod that no worker was free for, as far as is known. */
  readonly #waiting = new Map<string, { readonly job: Job; readonly inspected: Inspected }>();
  /** Entries that wait for another worker than those that are free, and monotonic milliseconds since when. */
  readonly #patientSince = new Map<string, number>();
  readonly #dispatchers: DispatchersHeard;
  readonly #stopWatching: (() => void)[] = [];
  #phase: Phase = 'working';
  #beats = 0;
  /** It tells of jobs that have ended, or not of some that run: people look at it. */
  #heartbeatIsOld = false;
  #lastBeat = 0;
  #tendedAt = 0;
  /** Monotonic milliseconds at which it last had work. */
  #busyAt: number;
  #sweepPlanned = false;
  #flushPlanned = false;
  #sweptAt = 0;
  /** Monotonic milliseconds of the last start: after it there may be entries that were started unknowingly. */
  #startedAt = -Infinity;
  #resolveEnd: (how: 'left' | 'fenced') => void = () => undefined;
  /** How this life ended. */
  readonly ended: Promise<'left' | 'fenced'>;

  constructor(system: CrewSystem, options: CrewOptions) {
    this.#system = system;
    this.#options = options;
    this.#layout = options.layout;
    this.#id = options.id;
    this.ended = new Promise((resolve) => (this.#resolveEnd = resolve));
    this.#starter = system.makeStarter({
      onEnded: (worker, ended) => {
        this.#guard(() => {
          if (this.#hosts?.onEnded(worker, ended) !== true) this.#settleEnd(worker, ended);
        });
      },
      onClosed: (worker) => {
        this.#guard(() => {
          this.#endSlice(worker);
        });
      },
      onGone: () => {
        this.#starterGone();
      },
    });
    this.#file = options.describe(this.#starter.pid);
    this.#roster = new Roster(this.#file.workers, () => capacityOf(this.#file, this.#timeLeft()));
    this.#busyAt = system.clock.monotonic();
    this.#scratch = new Scratch(system.files, this.#layout, this.#id, system.ownDisk);
    this.#items = new HeldItems(system.files, this.#layout, this.#id);
    const { files, clock, home, directory, gpuNames, signalName, findProgram } = system;
    const { project, nice } = options;
    const { fjr, specRunner, containerScript } = system;
    const launching = {
      ...{ crew: this.#id, layout: this.#layout, project, nice, home, directory, gpuNames },
      ...{ fjr, specRunner, containerScript },
    };
    this.#launcher = new Launcher(launching, files, this.#items, this.#scratch);
    this.#hosts = this.#makeHosts();
    this.#slices = new SliceWork({
      id: this.#id,
      layout: this.#layout,
      files,
      clock,
      starter: this.#starter,
      launcher: this.#launcher,
      scratch: this.#scratch,
      items: this.#items,
      hosts: this.#hosts,
      pace: system.pace,
      signalName,
      findProgram,
      isLeaving: () => this.#phase === 'leaving',
      trouble: (error) => {
        options.report({ kind: 'trouble', crew: this.#id, error });
      },
    });
    this.#dispatchers = new DispatchersHeard(system.hints, system.clock, {
      entries: (names) => {
        this.#hearOfEntries(names);
      },
    });
  }

  /** Birth: from here on dispatchers may assign. */
  start(): void {
    const { workers } = this.#file;
    const birth = raisePod(this.#layout, this.#id, `${JSON.stringify(this.#file, undefined, 2)}\n`, workers);
    if (this.#perform(birth) === 'fenced') {
      this.#becomeFenced();
      return;
    }
    this.#note({ event: 'born', time: this.#system.clock.timestamp(), crew: this.#id });
    this.#options.report({ kind: 'born', crew: this.#id, workers });
    this.#watch();
    this.#watchTheEnd();
    this.#beat();
    this.#hosts?.start();
    this.#sweep();
  }

  /** The hosts of its workers, none of whom is to take anything before its host has answered. */
  #makeHosts(): SshHosts | undefined {
    const { files, ssh } = this.#system;
    const { hosts } = this.#options;
    if (hosts === undefined || ssh === undefined) return undefined;
    for (const worker of this.#roster.numbers()) this.#roster.set(worker, { state: 'away' });
    const scratch = (slot: number, stream: LogStream): string => this.#scratch.path(slot, stream);
    const note = (host: string, workers: readonly number[], away?: string): void => {
      const time = this.#system.clock.timestamp();
      this.#guard(() => {
        this.#note({ event: 'host', time, host, workers, ...(away === undefined ? {} : { away }) });
      });
    };
    return new SshHosts(
      hosts,
      { starter: this.#starter, files, scratch, ...ssh },
      {
        back: note,
        away: note,
        reached: (workers) => {
          for (const worker of workers)
            if (this.#roster.get(worker)?.state === 'away') this.#roster.set(worker, { state: 'idle' });
          this.#planSweep();
        },
        none: () => {
          this.leave();
        },
      },
    );
  }

  /** A connection was lost: none of its host's workers is to take anything until it answers. */
  #sendAway(lost: number): void {
    for (const worker of this.#hosts?.lost(lost) ?? []) {
      const { state } = this.#roster.get(worker) ?? {};
      if (state === 'busy' || state === 'ending') continue;
      const badge = { crew: this.#id, worker };
      if (state === 'announced' && this.#perform(claimWorker(this.#layout, badge)) === 'pod-gone') {
        this.#becomeFenced();
        return;
      }
      this.#roster.set(worker, { state: 'away' });
    }
  }

  /** It has nothing to do. */
  #release(worker: number): void {
    this.#roster.set(worker, { state: this.#hosts?.isAway(worker) === true ? 'away' : 'idle' });
  }

  /** Stops its jobs, gives back what it holds and goes. */
  leave(): void {
    if (this.#phase !== 'working' && this.#phase !== 'draining') return;
    this.#phase = 'leaving';
    // Before anything of it ends: ranks elsewhere may fail for that.
    this.#guard(() => {
      this.#beat();
    });
    for (const [worker, busy] of this.#roster.in('busy')) this.#stop(worker, busy, killGrace);
    this.#guard(() => {
      this.#goIfDone();
    });
  }

  /** Takes nothing new, lets what runs end, and goes. */
  drain(): void {
    if (this.#phase !== 'working') return;
    this.#phase = 'draining';
    for (const [, { slice }] of this.#roster.in('busy')) slice?.drain();
    this.#planSweep();
  }

  /** Seconds. */
  #timeLeft(): number {
    return (this.#options.endsAt - this.#system.clock.monotonic()) / 1000;
  }

  /** A crew with an end stops taking work in time, and is gone before it is cut off. */
  #watchTheEnd(): void {
    const left = this.#timeLeft();
    if (left === Infinity) return;
    const margin = Math.min(lastSeconds, left * lastShare);
    this.#stopWatching.push(
      after((left - margin) * 1000, () => {
        this.drain();
      }),
      after(left * 1000, () => {
        this.leave();
      }),
    );
  }

  #leaveIfIdle(entries: number): void {
    const now = this.#system.clock.monotonic();
    if (entries > 0 || !this.#roster.isQuiet) this.#busyAt = now;
    else if (now - this.#busyAt > this.#options.idleExit * 1000) this.leave();
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#system.files, steps);
  }

  #note(line: JournalLine): void {
    this.#perform(append(this.#layout.journalOf(this.#id), formatJournalLine(line)));
  }

  /** A filesystem that fails for a while must not end the crew: what was not done is done at the next sweep. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.report({ kind: 'trouble', crew: this.#id, error });
      if (!(error instanceof FjrError)) throw error;
    }
  }

  #watch(): void {
    const { lease } = this.#file;
    const { pace } = this.#system;
    this.#stopWatching.push(
      this.#system.doorbells.hang(this.#layout.pod(this.#id).directory, (name) => {
        this.#ring(name);
      }),
      every(pace.sweepPod, () => {
        this.#guard(() => {
          if (this.#isSweepDue()) this.#sweep();
        });
      }),
      every(pace.lookForStrays, () => {
        this.#guard(() => {
          this.#giveBackStray();
        });
      }),
      every(pace.lookAtGangs, () => {
        this.#guard(() => {
          const busy = [...this.#roster.in('busy')];
          this.#slices.lookAtGangs(busy.flatMap(([, { slice }]) => slice ?? []));
        });
      }),
      every(exposeAfter / 2, () => {
        this.#guard(() => {
          this.#exposeLongRunning();
          if (this.#heartbeatIsOld) this.#beat();
        });
      }),
      every((lease * 1000) / beatsPerLease, () => {
        this.#guard(() => {
          this.#beat();
        });
      }),
    );
  }

  #ring(name: string | undefined): void {
    if (name !== undefined) {
      const { kind } = classifyPodFile(name);
      if (kind === 'badge' || kind === 'furniture' || this.#seen.has(name)) return;
    }
    this.#planSweep();
  }

  /** The doorbell and hints make most sweeps unnecessary. */
  #isSweepDue(): boolean {
    const { clock, pace } = this.#system;
    const hinted = this.#dispatchers.isHinted && this.#phase === 'working';
    const interval = hinted ? pace.sweepPodHinted : pace.sweepPod;
    return clock.monotonic() - this.#sweptAt >= interval * 0.9;
  }

  /** A name that nobody ever asked for is found at once, whatever the filesystem remembers of the directory. */
  #hearOfEntries(names: readonly string[]): void {
    if (this.#phase !== 'working') return;
    if (names.length === 0) this.#planSweep();
    for (const name of names) {
      const file = classifyPodFile(name);
      if (file.kind === 'badge' && file.badge.crew === this.#id) this.#seeBadge(file.badge.worker);
      if (file.kind !== 'entry' || isIgnored(name)) continue;
      this.#guard(() => {
        this.#tryStart(name);
      });
    }
  }

  #planSweep(): void {
    if (this.#sweepPlanned) return;
    this.#sweepPlanned = true;
    setImmediate(() => {
      this.#sweepPlanned = false;
      this.#guard(() => {
        this.#sweep();
      });
    });
  }

  #beat(): void {
    if (this.#phase === 'fenced' || this.#phase === 'gone') return;
    this.#beats += 1;
    this.#heartbeatIsOld = false;
    const now = this.#system.clock.monotonic();
    this.#lastBeat = now;
    const running: Record<string, string> = {};
    for (const [worker, { entry }] of this.#roster.in('busy')) running[worker] = entry;
    const left = Math.floor(this.#timeLeft());
    const content = formatHeartbeat({
      beat: this.#beats,
      ...(left === Infinity ? {} : { left }),
      ...(this.#phase === 'leaving' ? { leaving: true } : {}),
      running,
    });
    if (this.#perform(beat(this.#layout, this.#id, content)) === 'fenced') {
      this.#becomeFenced();
      return;
    }
    // Only now: the guardian hears of beats that others can see, and kills for us if there are none.
    this.#starter.beat((this.#file.lease * 2) / 3);
    if (now - this.#tendedAt > this.#tendInterval()) {
      this.#tendedAt = now;
      this.#items.tend(new Set([...Object.values(running), ...this.#waiting.keys()].map(tokenOf)));
    }
    this.#seen.clear();
    for (const entry of Object.values(running)) this.#seen.add(entry);
  }

  /** Milliseconds. Locks of items in use are kept fresh; that there are others is rare. */
  #tendInterval(): number {
    for (const [, { job }] of this.#roster.in('busy'))
      if (job.needs.resources.length > 0) return (this.#file.lease * 1000) / 15;
    return this.#system.pace.tendIdleItems;
  }

  /** Looks at the pod as it is, and does what there is to do: start entries, announce workers, obey cancel marks. */
  #sweep(): void {
    if (this.#phase === 'fenced' || this.#phase === 'gone') return;
    // After a long sleep the beat comes first: the guardian starts nothing for a crew that does not beat.
    if (this.#system.clock.monotonic() - this.#lastBeat > (this.#file.lease * 1000) / 3) this.#beat();
    for (const [worker, ending] of this.#roster.in('ending'))
      this.#guard(() => {
        this.#commit(worker, ending);
      });
    const names = this.#perform(list(this.#layout.pod(this.#id).directory));
    this.#sweptAt = this.#system.clock.monotonic();
    if (names === undefined) {
      this.#becomeFenced();
      return;
    }
    const entries: string[] = [];
    for (const name of names) {
      const file = classifyPodFile(name);
      if (file.kind === 'badge') this.#seeBadge(file.badge.worker);
      else if (file.kind === 'cancel') this.#cancel(file.token);
      else if (file.kind === 'entry' && !isIgnored(name)) entries.push(name);
    }
    if (this.#waiting.size > 0) {
      const present = new Set(entries);
      for (const entry of this.#waiting.keys()) if (!present.has(entry)) this.#waiting.delete(entry);
    }
    const learned = entries.length > 1 ? entries.filter((entry) => this.#learn(entry)) : [];
    for (const entry of entries.length > 1 ? this.#mostUrgentFirst() : entries)
      this.#guard(() => {
        this.#tryStart(entry, learned.includes(entry));
      });
    if (this.#phase === 'draining')
      for (const entry of entries)
        this.#guard(() => {
          this.#perform(recallJob(this.#layout, this.#id, entry));
        });
    for (const entry of this.#patientSince.keys())
      if (!entries.includes(entry)) this.#patientSince.delete(entry);
    if (this.#phase === 'draining') this.#withdrawOffers();
    this.#announceIdle();
    this.#leaveIfIdle(entries.length);
    this.#goIfDone();
  }

  /** Entries in `running/` that no worker knows: their start was done, and the filesystem said that it failed. */
  #giveBackStray(): void {
    if (this.#phase === 'fenced' || this.#phase === 'gone') return;
    if (this.#system.clock.monotonic() - this.#startedAt > strayTime) return;
    const known = new Set<string>();
    for (const [, { entry }] of this.#roster.in('busy')) known.add(entry);
    for (const [, { entry }] of this.#roster.in('ending')) known.add(entry);
    for (const entry of this.#perform(list(this.#layout.pod(this.#id).running)) ?? []) {
      if (known.has(entry)) continue;
      const outcome = { kind: 'spawn-error', reason: 'it was never started' } as const;
      const line = { time: this.#system.clock.timestamp(), entry, worker: 0, outcome, ms: 0, printed: [] };
      this.#perform(finishJob(this.#layout, this.#id, { to: 'queue', raise: undefined }, line));
    }
  }

  #seeBadge(worker: number): void {
    if (this.#roster.get(worker)?.state === 'announced')
      this.#roster.set(worker, { state: 'claimed', since: this.#system.clock.monotonic() });
  }

  /** Nobody shall give work to a crew that is about to go. */
  #withdrawOffers(): void {
    for (const [worker] of this.#roster.in('announced'))
      if (this.#perform(claimWorker(this.#layout, { crew: this.#id, worker })) !== 'pod-gone')
        this.#roster.set(worker, { state: 'idle' });
  }

  #announceIdle(): void {
    if (this.#phase !== 'working') return;
    const now = this.#system.clock.monotonic();
    for (const [worker] of this.#roster.in('idle')) if (!this.#announce(worker)) return;
    for (const [worker, { since }] of this.#roster.in('claimed'))
      if (now - since > claimPatience && !this.#announce(worker)) return;
  }

  #announce(worker: number): boolean {
    if (this.#perform(announceWorker(this.#layout, { crew: this.#id, worker })) === 'fenced') {
      this.#becomeFenced();
      return false;
    }
    this.#roster.set(worker, { state: 'announced' });
    this.#dispatchers.tell('idle');
    return true;
  }

  /**
   * A worker that may start something. First one that a dispatcher has claimed: it was claimed for this. Then an idle
   * one, and last an announced one, which is claimed back. If its items are kept by one, it is that one; and another than
   * those on which it failed, where there is one.
   */
  #freeWorker(entry: string, slice: Slice | undefined, keeper: number | undefined): number | undefined {
    const { avoid = [] } = slice ?? {};
    const isOther = (worker: number): boolean => !avoid.includes(badgeName({ crew: this.#id, worker }));
    const free = [...this.#roster.free()].filter((one) => keeper === undefined || one === keeper);
    const other = free.find(isOther);
    if (other === undefined && free.length > 0 && keeper === undefined && this.#mayWait(entry, isOther))
      return undefined;
    const worker = other ?? free[0];
    if (worker === undefined || this.#roster.get(worker)?.state !== 'announced') return worker;
    if (this.#perform(claimWorker(this.#layout, { crew: this.#id, worker })) !== 'pod-gone') return worker;
    this.#becomeFenced();
    return undefined;
  }

  /** The worker that it was meant for may have got another entry, and be free in a moment. */
  #mayWait(entry: string, isOther: (worker: number) => boolean): boolean {
    if (![...this.#roster.numbers()].some(isOther)) return false;
    const now = this.#system.clock.monotonic();
    const since = this.#patientSince.get(entry) ?? now;
    if (since === now)
      after(otherPatience, () => {
        this.#planSweep();
      });
    this.#patientSince.set(entry, since);
    return now - since < otherPatience * 0.9;
  }

  /** `isNew`: it is not known yet whether it can ever be placed here. */
  #tryStart(entry: string, isNew = false): void {
    if (this.#phase !== 'working') return;
    const waiting = this.#waiting.get(entry);
    if (waiting !== undefined) {
      if (isNew || this.#roster.hasFree) this.#tryToPlace(entry, waiting.job, waiting.inspected);
      return;
    }
    const found = this.#read(entry);
    if (found !== undefined) this.#tryToPlace(entry, found.job, found.inspected);
  }

  /** Of several that have come at once the most urgent is to go first: all are read before one starts. */
  #learn(entry: string): boolean {
    if (this.#phase !== 'working' || this.#waiting.has(entry)) return false;
    this.#guard(() => {
      const found = this.#read(entry);
      if (found !== undefined) this.#waiting.set(entry, found);
    });
    return this.#waiting.has(entry);
  }

  /** Undefined: it is gone, or no job, and was refused. */
  #read(entry: string): { readonly job: Job; readonly inspected: Inspected } | undefined {
    const inspected = this.#system.files.inspect(this.#layout.pod(this.#id).entry(entry), jobFileLimit);
    const found = readEntry(inspected);
    if (found.kind === 'refused') this.#refuse(entry, found.reason);
    return found.kind === 'job' ? { job: found.job, inspected } : undefined;
  }

  #tryToPlace(entry: string, job: Job, inspected: Inspected): void {
    this.#waiting.delete(entry);
    const { needs, command } = job;
    const isFurnished = this.#options.placeOf?.(entry) !== undefined;
    if (!this.#roster.couldFit(needs) || (!isFurnished && !this.#items.holds(entry, needs.resources))) {
      // It was assigned on outdated knowledge.
      this.#perform(recallJob(this.#layout, this.#id, entry));
      return;
    }
    const slice = command.kind === 'slice' ? command.slice : undefined;
    const keeper = slice?.kept === undefined ? undefined : this.#items.keeperOf(entry, slice.of, slice.kept);
    if (slice?.kept !== undefined && (keeper === undefined || !this.#roster.isFree(keeper))) {
      // Its items are another worker's, who must not have to wait for them, or its worker got something else to do.
      this.#perform(recallJob(this.#layout, this.#id, entry));
      return;
    }
    const worker = this.#roster.fits(needs) ? this.#freeWorker(entry, slice, keeper) : undefined;
    if (worker === undefined) {
      this.#waiting.set(entry, { job, inspected });
      return;
    }
    this.#patientSince.delete(entry);
    if (this.#begin(entry)) this.#launch(worker, entry, job, inspected);
  }

  /** A worker became free: what waits for one starts at once, and if nothing does there may be news in the pod. */
  #continue(): void {
    for (const entry of this.#mostUrgentFirst()) {
      if (!this.#roster.hasFree) break;
      this.#guard(() => {
        this.#tryStart(entry);
      });
    }
    if (this.#roster.first('idle') !== undefined) this.#planSweep();
  }

  /** What came later may have to go before what was given ahead of time. */
  #mostUrgentFirst(): string[] {
    if (this.#waiting.size < 2) return [...this.#waiting.keys()];
    return [...this.#waiting]
      .map(([entry, { job }]) => ({
        entry,
        priority: job.priority,
        key: naturalKey(parseEntryName(entry).job),
      }))
      .sort((a, b) => b.priority - a.priority || (a.key < b.key ? -1 : 1))
      .map(({ entry }) => entry);
  }

  #begin(entry: string): boolean {
    this.#seen.add(entry);
    this.#startedAt = this.#system.clock.monotonic();
    const started = this.#perform(startJob(this.#layout, this.#id, entry));
    if (started === 'fenced') this.#becomeFenced();
    return started === 'started';
  }

  /** No worker is needed to find out that an entry is no job. */
  #refuse(entry: string, reason: string): void {
    if (!this.#begin(entry)) return;
    const time = this.#system.clock.timestamp();
    const line = {
      time,
      entry,
      worker: 0,
      outcome: { kind: 'rejected', reason },
      ms: 0,
      printed: [],
    } as const;
    this.#perform(finishJob(this.#layout, this.#id, { to: 'failed' }, line));
  }

  #launch(worker: number, entry: string, job: Job, before: Inspected): void {
    this.#heartbeatIsOld = true;
    const place = this.#options.placeOf?.(entry);
    const busy = this.#roster.begin(worker, entry, job, this.#system.clock.monotonic(), place);
    try {
      this.#tryToLaunch(worker, busy, before);
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      // The filesystem's fault and not the job's: it is given back uncounted.
      this.#options.report({ kind: 'trouble', crew: this.#id, error });
      this.#end(
        worker,
        busy,
        { to: 'queue', raise: undefined },
        { kind: 'spawn-error', reason: error.message },
      );
    }
  }

  #tryToLaunch(worker: number, busy: Busy, before: Inspected): void {
    const { entry, job } = busy;
    const jobFile = this.#layout.pod(this.#id).runningEntry(entry);
    if (job.command.kind === 'slice') {
      // It was whole from the beginning.
      this.#startSlice(worker, busy, jobFile);
      return;
    }
    if (hasChanged(before, this.#system.files.inspect(jobFile, 0))) {
      // Somebody still writes it: back into the queue, where it settles.
      this.#end(
        worker,
        busy,
        { to: 'queue', raise: undefined },
        { kind: 'rejected', reason: 'still being written' },
      );
      return;
    }
    const launch = this.#launcher.prepare(worker, busy, jobFile);
    const started = { event: 'start', time: this.#system.clock.timestamp(), entry, worker } as const;
    this.#perform(appendLater(this.#layout.journalOf(this.#id), formatJournalLine(started)));
    this.#options.report({ kind: 'found', crew: this.#id, worker, entry });
    const fault = job.logfile === undefined ? undefined : this.#launcher.makeLogfile(job.logfile, launch.cwd);
    if (fault === undefined) this.#starter.run(worker, launch);
    else this.#finish(worker, { kind: 'failed', reason: fault });
  }

  #stop(worker: number, { slice }: Busy, grace: number): void {
    if (slice === undefined) this.#starter.stop(worker, grace);
    else slice.stop(grace);
  }

  /** The tasks of a slice run on its worker, one after another. */
  #startSlice(worker: number, busy: Busy, jobFile: string): void {
    const run = this.#slices.prepare(worker, busy, jobFile);
    if (run === undefined) {
      // Its fan-out job is gone, or cancelled: its tasks are nobody's.
      this.#perform(unlink(jobFile));
      this.#roster.end(worker, busy, { to: 'queue', raise: undefined }, { kind: 'cancelled' }, 0);
      this.#committed(worker);
      return;
    }
    busy.slice = run;
    this.#options.report({ kind: 'found', crew: this.#id, worker, entry: busy.entry });
    if (run.gang === undefined) run.pump();
    else this.#slices.lookAtGangs([run]);
  }

  /** The same for a task; those that end behind it wait with it, since ends come in order. */
  #settleTask(worker: number, run: SliceRun, ended: Ended): void {
    const mustWait = this.#phase !== 'leaving' && mayBeOfAKillAll(ended);
    if (run.held.length === 0 && !mustWait) {
      this.#endTask(worker, run, ended);
      return;
    }
    run.held.push(ended);
    if (run.held.length > 1) return;
    after(killAllSpread, () => {
      this.#guard(() => {
        if (this.#phase === 'gone') return;
        for (const held of run.held.splice(0)) this.#endTask(worker, run, held);
      });
    });
  }

  #endTask(worker: number, run: SliceRun, ended: Ended): void {
    run.onEnded(ended);
    if (run.isLost) this.#sendAway(worker);
    if (!run.isOver && !this.#flushPlanned) {
      this.#flushPlanned = true;
      setImmediate(() => {
        this.#flushPlanned = false;
        this.#guard(() => {
          for (const [, { slice }] of this.#roster.in('busy')) slice?.flush();
        });
      });
    }
  }

  /** Nothing is left of what a slice's tasks started. */
  #endSlice(worker: number): void {
    const busy = this.#roster.get(worker);
    if (busy?.state !== 'busy' || busy.slice === undefined) return;
    if (this.#phase !== 'fenced')
      this.#options.report({ kind: 'finished', crew: this.#id, worker, entry: busy.entry });
    this.#end(worker, busy, { to: 'done' }, { kind: 'exit', code: 0 });
  }

  #exposeLongRunning(): void {
    const now = this.#system.clock.monotonic();
    for (const [worker, busy] of this.#roster.in('busy')) {
      busy.slice?.exposeAfter(exposeAfter);
      if (busy.slice !== undefined || busy.exposed || now - busy.startedAt < exposeAfter) continue;
      this.#scratch.expose(worker, busy.entry);
      busy.exposed = true;
    }
  }

  #cancel(token: string): void {
    for (const [worker, busy] of this.#roster.in('busy')) {
      if (tokenOf(busy.entry) !== token) continue;
      busy.cancelled = true;
      this.#stop(worker, busy, killGrace);
    }
    this.#perform(clearCancelMark(this.#layout, this.#id, token));
  }

  /** A signal may have been meant for all of us: whoever is told to leave a moment later gives the job back. */
  #settleEnd(worker: number, ended: Ended): void {
    const at = this.#system.clock.monotonic();
    const busy = this.#roster.get(worker);
    if (busy?.state === 'busy' && busy.slice !== undefined) {
      this.#settleTask(worker, busy.slice, ended);
      return;
    }
    if (this.#phase === 'leaving' || !mayBeOfAKillAll(ended)) this.#finish(worker, ended, at);
    else
      after(killAllSpread, () => {
        this.#guard(() => {
          if (this.#phase !== 'gone') this.#finish(worker, ended, at);
        });
      });
  }

  /** The process is gone: what it came to is decided, and committed. */
  #finish(worker: number, ended: Ended, at = this.#system.clock.monotonic()): void {
    const busy = this.#roster.get(worker);
    if (busy?.state !== 'busy') return;
    const { entry, job, cancelled } = busy;
    const { signalName } = this.#system;
    const givenBack = this.#phase === 'leaving';
    const outcome = outcomeOf(ended, {
      crew: this.#id,
      timeout: job.timeout,
      cancelled,
      givenBack,
      signalName,
    });
    if (this.#phase !== 'fenced' && outcome !== 'given-back')
      this.#options.report({ kind: 'finished', crew: this.#id, worker, entry });
    if (outcome === 'given-back')
      this.#end(worker, busy, { to: 'queue', raise: undefined }, { kind: 'lost', crew: this.#id }, at);
    else this.#end(worker, busy, targetOf(entry, outcome, job.retries), outcome, at);
  }

  #end(
    worker: number,
    busy: Busy,
    target: FinishTo,
    outcome: Outcome,
    at = this.#system.clock.monotonic(),
  ): void {
    const ms = Math.round(at - busy.startedAt);
    this.#commit(worker, this.#roster.end(worker, busy, target, outcome, ms));
  }

  /** May be called again for an ending that the filesystem did not let through. */
  #commit(worker: number, ending: Ending): void {
    const { entry, target, outcome, ms } = ending;
    if (ending.slice !== undefined) {
      if (this.#phase !== 'fenced' && this.#slices.commit(worker, ending, ending.slice) === 'fenced')
        this.#becomeFenced();
      this.#committed(worker);
      return;
    }
    ending.printed ??= this.#scratch.keep(worker, entry, ending.exposed);
    if (this.#phase !== 'fenced') {
      // Its processes are dead: from here on somebody else may hold its items.
      if (ending.needs.resources.length > 0) this.#items.release(entry);
      const line = {
        time: this.#system.clock.timestamp(),
        entry,
        worker,
        outcome,
        ms,
        printed: ending.printed,
      };
      const { printed } = ending;
      const finished = this.#perform(finishJob(this.#layout, this.#id, target, line));
      // From here on the outcome stands: nothing that fails may bring the ending back.
      this.#release(worker);
      if (finished === 'committed' && target.to !== 'queue')
        this.#guard(() => {
          this.#scratch.accept(entry, printed);
        });
      if (finished === 'fenced') this.#becomeFenced();
    }
    this.#committed(worker);
  }

  #committed(worker: number): void {
    this.#release(worker);
    this.#heartbeatIsOld = true;
    this.#dispatchers.tell('ended');
    if (this.#phase === 'working') this.#continue();
    else this.#goIfDone();
  }

  #starterGone(): void {
    if (this.#phase === 'gone') return;
    // Its jobs are reported. Without it this crew can start nothing: give the rest back, and begin anew.
    this.#options.report({
      kind: 'trouble',
      crew: this.#id,
      error: new FjrError('starter', 'the process that starts jobs died', { hint: 'the crew starts afresh' }),
    });
    if (this.#phase !== 'fenced') this.#phase = 'stranded';
    this.#guard(() => {
      this.#goIfDone();
    });
  }

  /** A dispatcher took our pod: nothing we hold is ours any more. The jobs die, and then this life is over. */
  #becomeFenced(): void {
    if (this.#phase === 'fenced' || this.#phase === 'gone') return;
    this.#phase = 'fenced';
    for (const [worker, busy] of this.#roster.in('busy')) this.#stop(worker, busy, 0);
    // What the filesystem did not let through is void, even if what it printed cannot be kept.
    for (const [worker, ending] of [...this.#roster.in('ending')]) {
      this.#guard(() => {
        this.#commit(worker, ending);
      });
      this.#roster.set(worker, { state: 'idle' });
    }
    this.#options.report({ kind: 'fenced', crew: this.#id });
    this.#goIfDone();
  }

  #goIfDone(): void {
    // Nothing runs without a starter; endings that could not be committed go back with the rest.
    if (this.#phase === 'stranded') {
      this.#depart('fenced');
      return;
    }
    if (this.#phase === 'working' || this.#phase === 'gone' || !this.#roster.isQuiet) return;
    if (this.#phase === 'fenced') this.#over('fenced');
    else this.#depart('left');
  }

  /** Fences itself and gives everything back, as a dispatcher would. */
  #depart(how: 'left' | 'fenced'): void {
    const time = this.#system.clock.timestamp();
    this.#note({ event: 'left', time, crew: this.#id });
    this.#perform(fenceCrew(this.#layout, this.#id));
    this.#stand();
    this.#layToRest(how, time, burials);
  }

  /** Something may still land in the pod, by the hand of who does not know yet: it has some seconds for that. */
  #layToRest(how: 'left' | 'fenced', time: string, tries: number): void {
    if (this.#isBuried(time) || tries <= 1) this.#over(how);
    else
      after(buryAgain, () => {
        this.#layToRest(how, time, tries - 1);
      });
  }

  #isBuried(time: string): boolean {
    const returning = { writer: this.#id, time, countLost: false, releaseItems: true };
    try {
      const { buried } = this.#perform(layToRest(this.#layout, this.#id, returning));
      for (const worker of this.#roster.numbers())
        this.#perform(unlink(this.#layout.announced({ crew: this.#id, worker })));
      return buried;
    } catch (error) {
      this.#options.report({ kind: 'trouble', crew: this.#id, error });
      if (!(error instanceof FjrError)) throw error;
      return false;
    }
  }

  /** From here on it does nothing but to go. */
  #stand(): void {
    this.#phase = 'gone';
    for (const stop of this.#stopWatching.splice(0)) stop();
    this.#hosts?.stop();
  }

  #over(how: 'left' | 'fenced'): void {
    this.#stand();
    void this.#system.hints?.close();
    this.#starter.close();
    this.#resolveEnd(how);
    if (how === 'left') this.#options.report({ kind: 'left', crew: this.#id });
    this.#guard(() => {
      this.#scratch.clear();
    });
  }
}
