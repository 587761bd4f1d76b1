import { capacityOf } from '../job/capacity.js';
import { FjrError } from '../job/fjr-error.js';
import type { CrewFile } from '../queue/crew-file.js';
import { isIgnored } from '../queue/entry-name.js';
import { HeldItems } from '../queue/held-items.js';
import { classifyPodFile } from '../queue/layout.js';
import { bury } from './burial.js';
import { CrewEvents } from './crew-events.js';
import type { CrewOptions, CrewSystem } from './crew-setup.js';
import { DispatchersHeard } from './dispatchers-heard.js';
import { Endings } from './endings.js';
import { Heartbeat } from './heartbeat.js';
import { Launcher } from './launcher.js';
import { Life } from './life.js';
import { Offers } from './offers.js';
import { OwnPod } from './own-pod.js';
import { Placing } from './placing.js';
import { PodEntries } from './pod-entries.js';
import { Roster } from './roster.js';
import { Scratch } from './scratch.js';
import { SliceWork } from './slice-work.js';
import { SshHosts } from './ssh-hosts.js';
import { type Starter, killGrace } from './starter.js';
import { after, every } from './timers.js';
import { Work, exposeAfter } from './work.js';

/** A crew whose time is nearly over takes nothing new in its last seconds … */
const lastSeconds = 60;
/** … or in this share of its life, if that is less. */
const lastShare = 0.1;

/**
 * One life of a crew, from birth to burial. A crew that is fenced ends; its owner starts another under a new id.
 *
 * It hears and looks. What there is to do its parts do, each of which knows only those above it:
 *
 * ```
 *   Life         what it is about: to work, to leave, to be gone
 *   OwnPod       what it does on disk
 *   Roster       its workers, and what their jobs use
 *   PodEntries   what waits in the pod
 *   Offers       which free workers dispatchers may claim
 *   Endings      what has ended is committed
 *   Work         what runs
 *   Placing      what waits comes to a worker
 *   Heartbeat    it shows that it lives
 * ```
 */
export class Crew {
  readonly #system: CrewSystem;
  readonly #options: CrewOptions;
  readonly #file: CrewFile;
  readonly #life: Life;
  readonly #events: CrewEvents;
  readonly #pod: OwnPod;
  readonly #roster: Roster;
  readonly #entries = new PodEntries();
  readonly #starter: Starter;
  readonly #scratch: Scratch;
  readonly #hosts: SshHosts | undefined;
  readonly #dispatchers: DispatchersHeard;
  readonly #offers: Offers;
  readonly #endings: Endings;
  readonly #work: Work;
  readonly #placing: Placing;
  readonly #heartbeat: Heartbeat;
  readonly #stopWatching: (() => void)[] = [];
  #sweepPlanned = false;
  /** Monotonic milliseconds. */
  #sweptAt = 0;
  /** Monotonic milliseconds at which it last had work. */
  #busyAt: number;
  #resolveEnd: (how: 'left' | 'fenced') => void = () => undefined;
  /** How this life ended. */
  readonly ended: Promise<'left' | 'fenced'>;

  constructor(system: CrewSystem, options: CrewOptions) {
    const { files, clock, pace, signalName, findProgram } = system;
    const { id, layout } = options;
    this.#system = system;
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#resolveEnd = resolve));
    this.#busyAt = clock.monotonic();
    const life = new Life(clock, options.endsAt, () => {
      this.#stopFenced();
    });
    const events = new CrewEvents(id, options.report);
    const pod = new OwnPod(id, layout, files, clock);
    const starter = this.#makeStarter();
    const file = options.describe(starter.pid);
    const roster = new Roster(file.workers, () => capacityOf(file, life.secondsLeft));
    const scratch = new Scratch(files, layout, id, system.ownDisk);
    const items = new HeldItems(files, layout, id);
    const launcher = new Launcher({ ...system, ...options, crew: id }, files, items, scratch);
    const dispatchers = new DispatchersHeard(system.hints, clock, {
      entries: (names) => {
        this.#hearOfEntries(names);
      },
    });
    this.#life = life;
    this.#events = events;
    this.#pod = pod;
    this.#starter = starter;
    this.#file = file;
    this.#roster = roster;
    this.#scratch = scratch;
    this.#dispatchers = dispatchers;
    const hosts = (this.#hosts = this.#makeHosts());
    const offers = (this.#offers = new Offers({ life, pod, roster, clock, dispatchers, hosts }));
    const slices = new SliceWork({
      ...{ id, layout, files, clock, starter, launcher, scratch, items, hosts, pace },
      ...{ signalName, findProgram, life, events },
    });
    const endings = (this.#endings = new Endings({
      ...{ life, pod, roster, offers, items, scratch, slices, events, clock, signalName },
      freed: () => {
        this.#goOn();
      },
    }));
    const work = (this.#work = new Work({
      ...{ pod, roster, starter, launcher, scratch, slices, endings, events, clock },
    }));
    this.#placing = new Placing({
      ...{ life, pod, entries: this.#entries, roster, offers, items, work, events, clock },
      placeOf: options.placeOf,
      lookAgain: () => {
        this.#planSweep();
      },
    });
    this.#heartbeat = new Heartbeat({
      ...{ life, pod, roster, entries: this.#entries, items, starter, clock },
      ...{ lease: file.lease, tendIdleItems: pace.tendIdleItems },
    });
  }

  #makeStarter(): Starter {
    return this.#system.makeStarter({
      onEnded: (worker, ended) => {
        this.#events.guard(() => {
          if (this.#hosts?.onEnded(worker, ended) !== true) this.#endings.onEnded(worker, ended);
        });
      },
      onClosed: (worker) => {
        this.#events.guard(() => {
          this.#endings.onClosed(worker);
        });
      },
      onGone: () => {
        this.#starterGone();
      },
    });
  }

  #makeHosts(): SshHosts | undefined {
    const { files, ssh } = this.#system;
    const { hosts } = this.#options;
    if (hosts === undefined || ssh === undefined) return undefined;
    const note = (host: string, workers: readonly number[], away?: string): void => {
      this.#events.guard(() => {
        this.#pod.noteHost(host, workers, away);
      });
    };
    return new SshHosts(
      hosts,
      {
        ...{ starter: this.#starter, files, ...ssh },
        scratch: (slot, stream) => this.#scratch.path(slot, stream),
      },
      {
        back: note,
        away: note,
        reached: (workers) => {
          this.#offers.reach(workers);
          this.#planSweep();
        },
        none: () => {
          this.leave();
        },
      },
    );
  }

  /** Birth: from here on dispatchers may assign. */
  start(): void {
    if (this.#pod.raise(this.#file) === 'fenced') {
      this.#life.fence();
      return;
    }
    this.#events.born(this.#file.workers);
    this.#watch();
    this.#watchTheEnd();
    this.#heartbeat.beat();
    this.#hosts?.start();
    this.#sweep();
  }

  #watch(): void {
    const { doorbells, pace } = this.#system;
    this.#stopWatching.push(
      doorbells.hang(this.#pod.directory, (name) => {
        this.#ring(name);
      }),
    );
    this.#every(pace.sweepPod, () => {
      if (this.#isSweepDue()) this.#sweep();
    });
    this.#every(pace.lookForStrays, () => {
      this.#placing.giveBackStrays();
    });
    this.#every(pace.lookAtGangs, () => {
      this.#work.lookAtGangs();
    });
    this.#every(exposeAfter / 2, () => {
      this.#work.expose();
      if (this.#heartbeat.isOld) this.#heartbeat.beat();
    });
    this.#every(this.#heartbeat.interval, () => {
      this.#heartbeat.beat();
    });
  }

  #every(milliseconds: number, action: () => void): void {
    this.#stopWatching.push(
      every(milliseconds, () => {
        this.#events.guard(action);
      }),
    );
  }

  /** A crew with an end stops taking work in time, and is gone before it is cut off. */
  #watchTheEnd(): void {
    const left = this.#life.secondsLeft;
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

  #ring(name: string | undefined): void {
    if (name !== undefined) {
      const { kind } = classifyPodFile(name);
      if (kind === 'badge' || kind === 'furniture' || this.#entries.hasStarted(name)) return;
    }
    this.#planSweep();
  }

  /** A name that nobody ever asked for is found at once, whatever the filesystem remembers of the directory. */
  #hearOfEntries(names: readonly string[]): void {
    if (this.#life.phase !== 'working') return;
    if (names.length === 0) this.#planSweep();
    for (const name of names) {
      const file = classifyPodFile(name);
      if (file.kind === 'badge' && file.badge.crew === this.#pod.crew)
        this.#offers.seeBadge(file.badge.worker);
      if (file.kind === 'entry' && !isIgnored(name)) this.#placing.place(name);
    }
  }

  #planSweep(): void {
    if (this.#sweepPlanned) return;
    this.#sweepPlanned = true;
    setImmediate(() => {
      this.#sweepPlanned = false;
      this.#events.guard(() => {
        this.#sweep();
      });
    });
  }

  /** The doorbell and hints make most sweeps unnecessary. */
  #isSweepDue(): boolean {
    const { clock, pace } = this.#system;
    const hinted = this.#dispatchers.isHinted && this.#life.phase === 'working';
    const interval = hinted ? pace.sweepPodHinted : pace.sweepPod;
    return clock.monotonic() - this.#sweptAt >= interval * 0.9;
  }

  /** Looks at the pod as it is, and does what there is to do: start entries, announce workers, obey cancel marks. */
  #sweep(): void {
    if (this.#life.isVoid) return;
    // After a long sleep the beat comes first: the guardian starts nothing for a crew that does not beat.
    if (this.#heartbeat.isLate) this.#heartbeat.beat();
    this.#endings.commitAgain();
    const names = this.#pod.list();
    this.#sweptAt = this.#system.clock.monotonic();
    if (names === undefined) {
      this.#life.fence();
      return;
    }
    const entries: string[] = [];
    for (const name of names) {
      const file = classifyPodFile(name);
      if (file.kind === 'badge') this.#offers.seeBadge(file.badge.worker);
      else if (file.kind === 'cancel') this.#work.cancel(file.token);
      else if (file.kind === 'entry' && !isIgnored(name)) entries.push(name);
    }
    this.#placing.placeAll(entries);
    if (this.#life.phase === 'draining') {
      this.#placing.recall(entries);
      this.#offers.withdraw();
    }
    this.#offers.announce();
    this.#leaveIfIdle(entries.length);
    this.#goIfDone();
  }

  /** A worker became free. If nothing waits for it there may be news in the pod. */
  #goOn(): void {
    this.#dispatchers.tell('ended');
    if (this.#life.phase !== 'working') {
      this.#goIfDone();
      return;
    }
    this.#placing.placeWaiting();
    if (this.#roster.first('idle') !== undefined) this.#planSweep();
  }

  #leaveIfIdle(entries: number): void {
    const now = this.#system.clock.monotonic();
    if (entries > 0 || !this.#roster.isQuiet) this.#busyAt = now;
    else if (now - this.#busyAt > this.#options.idleExit * 1000) this.leave();
  }

  /** Takes nothing new, lets what runs end, and goes. */
  drain(): void {
    if (!this.#life.drain()) return;
    this.#work.drain();
    this.#planSweep();
  }

  /** Stops its jobs, gives back what it holds and goes. */
  leave(): void {
    if (!this.#life.leave()) return;
    // Before anything of it ends: ranks elsewhere may fail for that.
    this.#events.guard(() => {
      this.#heartbeat.beat();
    });
    this.#work.stop(killGrace);
    this.#events.guard(() => {
      this.#goIfDone();
    });
  }

  /** Its jobs are reported. Without it this crew can start nothing: it gives the rest back, and begins anew. */
  #starterGone(): void {
    if (this.#life.phase === 'gone') return;
    this.#events.trouble(
      new FjrError('starter', 'the process that starts jobs died', { hint: 'the crew starts afresh' }),
    );
    this.#life.strand();
    this.#events.guard(() => {
      this.#goIfDone();
    });
  }

  /** A dispatcher took our pod: nothing we hold is ours any more. The jobs die, and then this life is over. */
  #stopFenced(): void {
    this.#work.stop(0);
    this.#endings.giveUp();
    this.#events.fenced();
    this.#goIfDone();
  }

  #goIfDone(): void {
    switch (this.#life.phase) {
      case 'stranded':
        // Nothing runs without a starter; endings that could not be committed go back with the rest.
        this.#depart('fenced');
        return;
      case 'draining':
      case 'leaving':
        if (this.#roster.isQuiet) this.#depart('left');
        return;
      case 'fenced':
        if (this.#roster.isQuiet) this.#over('fenced');
        return;
      case 'working':
      case 'gone':
    }
  }

  /** Fences itself and gives everything back, as a dispatcher would. */
  #depart(how: 'left' | 'fenced'): void {
    const fenced = this.#pod.fence();
    this.#stand();
    bury(this.#pod, this.#roster.numbers(), fenced, this.#events, () => {
      this.#over(how);
    });
  }

  /** From here on it does nothing but to go. */
  #stand(): void {
    this.#life.end();
    for (const stop of this.#stopWatching.splice(0)) stop();
    this.#hosts?.stop();
  }

  #over(how: 'left' | 'fenced'): void {
    this.#stand();
    void this.#system.hints?.close();
    this.#starter.close();
    this.#resolveEnd(how);
    if (how === 'left') this.#events.left();
    this.#events.guard(() => {
      this.#scratch.clear();
    });
  }
}
