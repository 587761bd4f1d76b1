import { FjrError } from '../job/fjr-error.js';
import type { Outcome } from '../job/outcome.js';
import { failuresOf } from '../queue/entry-name.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { rejectJob } from '../queue/reject-job.js';
import { newToken } from '../queue/token.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Backlog } from './backlog.js';
import type { Report } from './dispatcher-event.js';
import type { FanOuts } from './fan-outs.js';
import { hostsThatTried } from './hosts-that-tried.js';
import type { Arrival, Found, Intake } from './intake.js';
import type { Roster } from './roster.js';
import type { Turns } from './turns.js';
import { Waitlist } from './waitlist.js';
import { type Order, orderKey, waitingJob } from './waiting-job.js';
import type { Whereabouts } from './whereabouts.js';

export interface AdmissionParts {
  readonly system: { readonly files: Files; readonly clock: Clock; readonly random: () => number };
  readonly layout: Layout;
  /** Whose journal tells of what was turned away. */
  readonly id: string;
  readonly order: Order;
  readonly turns: Turns;
  readonly intake: Intake;
  readonly backlog: Backlog;
  readonly roster: Roster;
  readonly fanOuts: FanOuts;
  readonly whereabouts: Whereabouts;
  readonly report: Report;
}

/** What becomes of what is found in the queue: it waits for workers, or for other jobs first, or is turned away. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #waitlist = new Waitlist();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  take(found: Found): void {
    switch (found.kind) {
      case 'job':
        this.#takeJob(found.arrival);
        return;
      case 'fan-out':
        this.#takeFanOut(found.name);
        return;
      case 'rejected':
        this.#turnAway(found.name, found.reason, found.hint);
        return;
      case 'trouble':
        this.#parts.report(found);
    }
  }

  /** Whether jobs wait for others. */
  get hasHeld(): boolean {
    return this.#waitlist.size > 0;
  }

  /** Looks at jobs that wait for others. */
  reconsiderHeld(): void {
    const { turns, whereabouts, report } = this.#parts;
    const { go, fail, waitForUnknown } = this.#waitlist.judge(whereabouts);
    for (const arrival of go) this.#admit(arrival);
    if (go.length > 0) turns.soon();
    for (const { arrival, reason } of fail) {
      this.#moveAway(arrival.name, { kind: 'dependency', reason });
      report({ kind: 'rejected', name: arrival.name, reason, hint: undefined });
    }
    for (const { arrival, on } of waitForUnknown) report({ kind: 'held', name: arrival.name, on });
  }

  #takeJob(arrival: Arrival): void {
    const { fanOuts, whereabouts } = this.#parts;
    const { name, job } = arrival;
    if (job.command.kind === 'slice' && !fanOuts.arrived(name)) return;
    if (job.after.length > 0 || whereabouts.isTwin(arrival)) this.#waitlist.hold(arrival);
    else this.#admit(arrival);
  }

  #takeFanOut(name: string): void {
    const { fanOuts, roster } = this.#parts;
    try {
      fanOuts.add(name);
      roster.ring();
    } catch (error) {
      if (!(error instanceof FjrError) || error.code !== 'not-a-fan-out') throw error;
      this.#turnAway(name, error.message, error.hint);
    }
  }

  #admit(arrival: Arrival): void {
    const { system, order, backlog, roster, fanOuts } = this.#parts;
    const { name, job } = arrival;
    const waiting = waitingJob(arrival, {
      key: orderKey(arrival, order, system.random),
      now: system.clock.monotonic(),
      kept: job.command.kind === 'slice' ? fanOuts.keptBy(name) : undefined,
      never: this.#hostsToAvoid(arrival),
    });
    backlog.add(waiting, job.needs);
    roster.want();
  }

  /** Hosts that share nothing with the project, and that are not to have again what was lost there before. */
  #hostsToAvoid({ entry, job, mtimeMs }: Arrival): ReadonlySet<string> | undefined {
    const { system, layout } = this.#parts;
    const mayBeElsewhere = job.needs.portable === true && job.command.kind !== 'slice';
    if (!mayBeElsewhere || !job.elsewhere || failuresOf(entry.counts) === 0) return undefined;
    return hostsThatTried(system.files, layout, entry.job, mtimeMs);
  }

  #turnAway(name: string, reason: string, hint: string | undefined): void {
    this.#moveAway(name, { kind: 'rejected', reason, ...(hint === undefined ? {} : { hint }) });
    this.#parts.report({ kind: 'rejected', name, reason, hint });
  }

  #moveAway(name: string, outcome: Outcome): void {
    const { system, layout, id, intake, whereabouts, report } = this.#parts;
    intake.depart(name);
    const verdict = { writer: id, time: system.clock.timestamp(), outcome };
    try {
      perform(system.files, rejectJob(layout, name, newToken(), verdict));
    } catch (error) {
      if (!isForbidden(error)) throw error;
      // Say, a directory of somebody else: it must not be tried again and again, nor hold up the end.
      intake.leaveAlone(name);
      report({ kind: 'trouble', error });
    }
    whereabouts.ended();
  }
}

/** Whether trying again would end the same way. */
function isForbidden(error: unknown): boolean {
  const cause = error instanceof FjrError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return ['EACCES', 'EPERM', 'EBUSY'].includes(cause?.code ?? '');
}
