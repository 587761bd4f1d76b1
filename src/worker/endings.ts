import type { Outcome } from '../job/outcome.js';
import type { FinishTo } from '../queue/finish-job.js';
import type { HeldItems } from '../queue/held-items.js';
import { targetOf } from '../queue/target-of.js';
import type { Clock } from '../system/clock.js';
import type { CrewEvents } from './crew-events.js';
import type { Life } from './life.js';
import type { Offers } from './offers.js';
import { mayBeOfAKillAll, outcomeOf } from './outcome-of.js';
import type { OwnPod } from './own-pod.js';
import type { Busy, Ending, Roster } from './roster.js';
import type { Scratch } from './scratch.js';
import type { SliceRun } from './slice-run.js';
import type { SliceWork } from './slice-work.js';
import type { Ended } from './starter.js';
import { after } from './timers.js';

/** Milliseconds within which a shutdown's or batch system's signals reach all processes. */
const killAllSpread = 500;

/** What endings need of their crew. */
export interface EndingsCrew {
  readonly life: Life;
  readonly pod: OwnPod;
  readonly roster: Roster;
  readonly offers: Offers;
  readonly items: HeldItems;
  readonly scratch: Scratch;
  readonly slices: SliceWork;
  readonly events: CrewEvents;
  readonly clock: Clock;
  readonly signalName: (number: number) => string;
  /** A worker has nothing to do any more. */
  readonly freed: () => void;
}

/** How what runs on a crew's workers ends: what it came to is decided, and committed. */
export class Endings {
  readonly #crew: EndingsCrew;
  #flushPlanned = false;

  constructor(crew: EndingsCrew) {
    this.#crew = crew;
  }

  /**
   * The starter tells that a process is gone. Its signal may have been meant for all of us: whoever is told to leave a
   * moment later gives the job back.
   */
  onEnded(worker: number, ended: Ended): void {
    const { life, roster, events, clock } = this.#crew;
    const at = clock.monotonic();
    const mustWait = life.phase !== 'leaving' && mayBeOfAKillAll(ended);
    const busy = roster.get(worker);
    if (busy?.state === 'busy' && busy.slice !== undefined)
      this.#settleTask(worker, busy.slice, ended, mustWait);
    else if (!mustWait) this.#finish(worker, ended, at);
    else
      after(killAllSpread, () => {
        events.guard(() => {
          if (life.phase !== 'gone') this.#finish(worker, ended, at);
        });
      });
  }

  /** The starter tells that nothing is left of what a slice's tasks started. */
  onClosed(worker: number): void {
    const { life, roster, events } = this.#crew;
    const busy = roster.get(worker);
    if (busy?.state !== 'busy' || busy.slice === undefined) return;
    if (life.phase !== 'fenced') events.finished(worker, busy.entry);
    this.#end(worker, busy, { to: 'done' }, { kind: 'exit', code: 0 });
  }

  /** Its process could not be started. */
  fail(worker: number, reason: string): void {
    this.#finish(worker, { kind: 'failed', reason });
  }

  /** Others are to do it, and nothing is counted. */
  giveBack(worker: number, busy: Busy, why: Outcome, at?: number): void {
    this.#end(worker, busy, { to: 'queue', raise: undefined }, why, at);
  }

  /** It is nobody's any more. */
  drop(worker: number, busy: Busy): void {
    const { pod, roster } = this.#crew;
    pod.drop(busy.entry);
    roster.end(worker, busy, { to: 'queue', raise: undefined }, { kind: 'cancelled' }, 0);
    this.#free(worker);
  }

  /** Commits again what the filesystem did not let through. */
  commitAgain(): void {
    const { roster, events } = this.#crew;
    for (const [worker, ending] of roster.in('ending'))
      events.guard(() => {
        this.#commit(worker, ending);
      });
  }

  /** The crew is fenced: what the filesystem did not let through is void, even if what it printed cannot be kept. */
  giveUp(): void {
    const { roster, events } = this.#crew;
    for (const [worker, ending] of [...roster.in('ending')]) {
      events.guard(() => {
        this.#commit(worker, ending);
      });
      roster.set(worker, { state: 'idle' });
    }
  }

  /** Tasks that end behind one that waits do so, too, since ends come in order. */
  #settleTask(worker: number, run: SliceRun, ended: Ended, mustWait: boolean): void {
    const { life, events } = this.#crew;
    if (run.held.length === 0 && !mustWait) {
      this.#endTask(worker, run, ended);
      return;
    }
    run.held.push(ended);
    if (run.held.length > 1) return;
    after(killAllSpread, () => {
      events.guard(() => {
        if (life.phase === 'gone') return;
        for (const held of run.held.splice(0)) this.#endTask(worker, run, held);
      });
    });
  }

  #endTask(worker: number, run: SliceRun, ended: Ended): void {
    run.onEnded(ended);
    if (run.isLost) this.#crew.offers.sendAway(worker);
    if (!run.isOver) this.#flushSoon();
  }

  /** The lines of all tasks that end in this turn of the event loop go together. */
  #flushSoon(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    const { roster, events } = this.#crew;
    setImmediate(() => {
      this.#flushPlanned = false;
      events.guard(() => {
        for (const [, { slice }] of roster.in('busy')) slice?.flush();
      });
    });
  }

  #finish(worker: number, ended: Ended, at?: number): void {
    const { life, pod, roster, events, signalName } = this.#crew;
    const busy = roster.get(worker);
    if (busy?.state !== 'busy') return;
    const { entry, job, cancelled } = busy;
    const { crew } = pod;
    const givenBack = life.phase === 'leaving';
    const outcome = outcomeOf(ended, { crew, timeout: job.timeout, cancelled, givenBack, signalName });
    if (life.phase !== 'fenced' && outcome !== 'given-back') events.finished(worker, entry);
    if (outcome === 'given-back') this.giveBack(worker, busy, { kind: 'lost', crew }, at);
    else this.#end(worker, busy, targetOf(entry, outcome, job.retries), outcome, at);
  }

  #end(worker: number, busy: Busy, target: FinishTo, outcome: Outcome, at?: number): void {
    const { roster, clock } = this.#crew;
    const ms = Math.round((at ?? clock.monotonic()) - busy.startedAt);
    this.#commit(worker, roster.end(worker, busy, target, outcome, ms));
  }

  /** May be called again for an ending that the filesystem did not let through. */
  #commit(worker: number, ending: Ending): void {
    if (ending.slice === undefined) this.#commitJob(worker, ending);
    else this.#commitSlice(worker, ending, ending.slice);
    this.#free(worker);
  }

  #commitSlice(worker: number, ending: Ending, run: SliceRun): void {
    const { life, slices } = this.#crew;
    if (life.phase !== 'fenced' && slices.commit(worker, ending, run) === 'fenced') life.fence();
  }

  #commitJob(worker: number, ending: Ending): void {
    const { life, pod, offers, items, scratch, events } = this.#crew;
    const { entry, needs, target, outcome, ms } = ending;
    const printed = (ending.printed ??= scratch.keep(worker, entry, ending.exposed));
    if (life.phase === 'fenced') return;
    // Its processes are dead: from here on somebody else may hold its items.
    if (needs.resources.length > 0) items.release(entry);
    const finished = pod.finish(target, { entry, worker, outcome, ms, printed });
    // From here on the outcome stands: nothing that fails may bring the ending back.
    offers.release(worker);
    if (finished === 'committed' && target.to !== 'queue')
      events.guard(() => {
        scratch.accept(entry, printed);
      });
    if (finished === 'fenced') life.fence();
  }

  #free(worker: number): void {
    const { offers, freed } = this.#crew;
    offers.release(worker);
    freed();
  }
}
