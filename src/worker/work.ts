import { FjrError } from '../job/fjr-error.js';
import { tokenOf } from '../queue/entry-name.js';
import type { Inspected } from '../system/files.js';
import type { Clock } from '../system/clock.js';
import type { CrewEvents } from './crew-events.js';
import type { Endings } from './endings.js';
import type { Launcher } from './launcher.js';
import type { OwnPod } from './own-pod.js';
import type { Found } from './pod-entries.js';
import { hasChanged } from './read-entry.js';
import type { Busy, Place, Roster } from './roster.js';
import type { Scratch } from './scratch.js';
import type { SliceRun } from './slice-run.js';
import type { SliceWork } from './slice-work.js';
import { type Starter, killGrace } from './starter.js';

/** Milliseconds after which a running job gets log files of its own; half of it until the heartbeat tells of it. */
export const exposeAfter = 1000;

/** What work needs of its crew. */
export interface WorkCrew {
  readonly pod: OwnPod;
  readonly roster: Roster;
  readonly starter: Starter;
  readonly launcher: Launcher;
  readonly scratch: Scratch;
  readonly slices: SliceWork;
  readonly endings: Endings;
  readonly events: CrewEvents;
  readonly clock: Clock;
}

/** What runs on a crew's workers, until its process ends. */
export class Work {
  readonly #crew: WorkCrew;

  constructor(crew: WorkCrew) {
    this.#crew = crew;
  }

  /** A worker begins an entry that has just been started. */
  begin(worker: number, entry: string, { job, inspected }: Found, place: Place | undefined): void {
    const { roster, endings, events, clock } = this.#crew;
    const busy = roster.begin(worker, entry, job, clock.monotonic(), place);
    try {
      if (job.command.kind === 'slice') this.#startSlice(worker, busy);
      else this.#startJob(worker, busy, inspected);
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      events.trouble(error);
      // The filesystem's fault and not the job's. What has ended already is committed by the next sweep.
      if (roster.get(worker) === busy)
        endings.giveBack(worker, busy, { kind: 'spawn-error', reason: error.message });
    }
  }

  #startJob(worker: number, busy: Busy, before: Inspected): void {
    const { pod, starter, launcher, endings, events } = this.#crew;
    const { entry, job } = busy;
    if (hasChanged(before, pod.inspectRunning(entry))) {
      // Somebody still writes it: back into the queue, where it settles.
      endings.giveBack(worker, busy, { kind: 'rejected', reason: 'still being written' });
      return;
    }
    const launch = launcher.prepare(worker, busy, pod.runningFile(entry));
    pod.noteStart(entry, worker);
    events.found(worker, entry);
    const fault = job.logfile === undefined ? undefined : launcher.makeLogfile(job.logfile, launch.cwd);
    if (fault === undefined) starter.run(worker, launch);
    else endings.fail(worker, fault);
  }

  /** The tasks of a slice run on its worker, one after another. Its file was whole from the beginning. */
  #startSlice(worker: number, busy: Busy): void {
    const { pod, slices, endings, events } = this.#crew;
    const run = slices.prepare(worker, busy, pod.runningFile(busy.entry));
    if (run === undefined) {
      // Its fan-out job is gone, or cancelled.
      endings.drop(worker, busy);
      return;
    }
    busy.slice = run;
    events.found(worker, busy.entry);
    if (run.gang === undefined) run.pump();
    else slices.lookAtGangs([run]);
  }

  /** `grace`: seconds. */
  stop(grace: number): void {
    for (const [worker, busy] of this.#crew.roster.in('busy')) this.#stop(worker, busy, grace);
  }

  /** Begins no more tasks. */
  drain(): void {
    for (const slice of this.#slices()) slice.drain();
  }

  /** A user wishes the end of the entry with this token. */
  cancel(token: string): void {
    const { pod, roster } = this.#crew;
    for (const [worker, busy] of roster.in('busy')) {
      if (tokenOf(busy.entry) !== token) continue;
      busy.cancelled = true;
      this.#stop(worker, busy, killGrace);
    }
    pod.clearCancelMark(token);
  }

  /** Gives log files of their own to those that run long. */
  expose(): void {
    const { roster, scratch, clock } = this.#crew;
    const now = clock.monotonic();
    for (const [worker, busy] of roster.in('busy')) {
      busy.slice?.exposeAfter(exposeAfter);
      if (busy.slice !== undefined || busy.exposed || now - busy.startedAt < exposeAfter) continue;
      scratch.expose(worker, busy.entry);
      busy.exposed = true;
    }
  }

  lookAtGangs(): void {
    this.#crew.slices.lookAtGangs(this.#slices());
  }

  #stop(worker: number, { slice }: Busy, grace: number): void {
    if (slice === undefined) this.#crew.starter.stop(worker, grace);
    else slice.stop(grace);
  }

  /** Those that run. */
  #slices(): SliceRun[] {
    return [...this.#crew.roster.in('busy')].flatMap(([, { slice }]) => slice ?? []);
  }
}
