import type { Clock } from '../system/clock.js';
import type { DispatchersHeard } from './dispatchers-heard.js';
import type { Life } from './life.js';
import type { OwnPod } from './own-pod.js';
import type { Roster } from './roster.js';
import type { SshHosts } from './ssh-hosts.js';

/** Milliseconds that a claimed worker waits for its entry before it is announced again. */
const claimPatience = 3000;

/** What offers need of their crew. */
export interface OffersCrew {
  readonly life: Life;
  readonly pod: OwnPod;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly dispatchers: DispatchersHeard;
  /** Undefined: its workers work here. */
  readonly hosts: SshHosts | undefined;
}

/** A crew's workers that have nothing to do: which of them are on offer, and which are not to have anything. */
export class Offers {
  readonly #crew: OffersCrew;

  /** None of them is to take anything before its host has answered. */
  constructor(crew: OffersCrew) {
    this.#crew = crew;
    if (crew.hosts === undefined) return;
    for (const worker of crew.roster.numbers()) crew.roster.set(worker, { state: 'away' });
  }

  /** Offers whoever is idle, and who was claimed in vain. */
  announce(): void {
    const { life, roster, clock } = this.#crew;
    if (life.phase !== 'working') return;
    const now = clock.monotonic();
    for (const [worker] of roster.in('idle')) if (!this.#announce(worker)) return;
    for (const [worker, { since }] of roster.in('claimed'))
      if (now - since > claimPatience && !this.#announce(worker)) return;
  }

  #announce(worker: number): boolean {
    const { life, pod, roster, dispatchers } = this.#crew;
    if (pod.announce(worker) === 'fenced') {
      life.fence();
      return false;
    }
    roster.set(worker, { state: 'announced' });
    dispatchers.tell('idle');
    return true;
  }

  /** Nobody shall give work to a crew that is about to go. */
  withdraw(): void {
    const { pod, roster } = this.#crew;
    for (const [worker] of roster.in('announced'))
      if (pod.claimBack(worker) !== 'pod-gone') roster.set(worker, { state: 'idle' });
  }

  /** A worker's badge lies in the pod. */
  seeBadge(worker: number): void {
    const { roster, clock } = this.#crew;
    if (roster.get(worker)?.state === 'announced')
      roster.set(worker, { state: 'claimed', since: clock.monotonic() });
  }

  /** A free worker is to begin something: it is not on offer any more. Returns whether it may. */
  take(worker: number): boolean {
    const { life, pod, roster } = this.#crew;
    if (roster.get(worker)?.state !== 'announced' || pod.claimBack(worker) !== 'pod-gone') return true;
    life.fence();
    return false;
  }

  /** A worker has nothing to do any more. */
  release(worker: number): void {
    const { roster, hosts } = this.#crew;
    roster.set(worker, { state: hosts?.isAway(worker) === true ? 'away' : 'idle' });
  }

  /** A worker's connection was lost: nobody of its host is to take anything until it answers. */
  sendAway(lost: number): void {
    const { roster, hosts } = this.#crew;
    for (const worker of hosts?.lost(lost) ?? []) {
      const { state } = roster.get(worker) ?? {};
      if (state === 'busy' || state === 'ending') continue;
      if (!this.take(worker)) return;
      roster.set(worker, { state: 'away' });
    }
  }

  /** These workers' host answers. */
  reach(workers: readonly number[]): void {
    const { roster } = this.#crew;
    for (const worker of workers)
      if (roster.get(worker)?.state === 'away') roster.set(worker, { state: 'idle' });
  }
}
