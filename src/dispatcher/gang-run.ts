import { asRanges, tasksIn } from '../job/fan-out.js';
import { type Gang, type Place, placesOf } from '../job/gang.js';
import { decideGang, letGangGo } from '../queue/decide-gang.js';
import type { FanOutBook } from '../queue/fan-out-book.js';
import { type FanOutPaths, type GangState, parseGangState } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import { type Token, newToken } from '../queue/token.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Retries } from './retries.js';
import type { SliceMaker } from './slice-maker.js';

/** Milliseconds that slices of a gang may take to reach their workers, before all are taken back. */
const gatherPatience = 60_000;
/** The same where another dispatcher gathers, who is perhaps dead. */
const othersPatience = 20_000;

export interface GangSystem {
  readonly files: Files;
  readonly clock: Clock;
  /** Whether this dispatcher has the lock: another's try is void then. Two who void each other's would gather for ever. */
  readonly ownsLock: () => boolean;
}

/** The run that a gang is of. */
export interface GangOfRun {
  readonly gang: Gang;
  readonly paths: FanOutPaths;
  readonly book: FanOutBook;
  readonly slices: SliceMaker;
  readonly retries: Retries;
}

/**
 * The ranks of a gang begin together, or wait together.
 *
 * ```
 *   open ── gather ──▶ hold ── all have workers ──▶ go
 *                       │                            │ a rank's crew is lost, and all must begin anew
 *                       ▼ it takes too long          ▼
 *                      void ◀────────────────────────┘
 *                       └── all have come back: gather ──▶ hold (the next try)
 * ```
 */
export class GangRun {
  readonly #system: GangSystem;
  readonly #run: GangOfRun;
  #state: GangState = { kind: 'open' };
  /** The try that this dispatcher gathers: where each rank's slice is to be seen. */
  #gathering:
    { readonly token: Token; readonly slices: Map<string, Place>; readonly since: number } | undefined;
  /** Monotonic milliseconds. */
  #waitsSince: number | undefined;
  /** The try that another gathers, and since when that is known. */
  #others: { readonly token: Token; readonly since: number } | undefined;

  constructor(system: GangSystem, run: GangOfRun) {
    this.#system = system;
    this.#run = run;
  }

  /** The try that goes on just now: single ranks that are tried again belong to it. */
  get going(): Token | undefined {
    return this.#state.kind === 'go' ? this.#state.token : undefined;
  }

  get isGathering(): boolean {
    return this.#gathering !== undefined;
  }

  /** Looks what is decided, and decides what is due. */
  refresh(): void {
    const { book, gang } = this.#run;
    const state = this.#look();
    if (state === undefined) return;
    this.#state = state;
    if (state.kind !== 'hold' || state.token !== this.#gathering?.token) this.#gathering = undefined;
    if (state.kind === 'hold' && (this.#isLate(state.token) || book.hasReturned(state.token))) this.void();
    if (state.kind === 'go' && gang.failure === 'fail-all' && book.hasReturned(state.token)) this.void();
  }

  /** Whether a try has had its time. Nobody goes on with what another, who may be dead, has begun. */
  #isLate(token: Token): boolean {
    const { clock, ownsLock } = this.#system;
    const now = clock.monotonic();
    if (this.#gathering !== undefined) return now - this.#gathering.since > gatherPatience;
    if (this.#others?.token !== token) this.#others = { token, since: now };
    return ownsLock() || now - this.#others.since > othersPatience;
  }

  /** All that is placed comes back. */
  void(): void {
    const state = this.#state;
    if (state.kind === 'go' || state.kind === 'hold') this.#decide({ kind: 'void', token: state.token });
    this.#gathering = undefined;
  }

  /**
   * The places that are to be filled together; none: it is not their time. `isFree`: whether the ranks that are open are in
   * no slice, all of them.
   */
  waiting(isFree: boolean): Place[] {
    const isTime = this.#state.kind !== 'go' && this.#state.kind !== 'hold' && isFree;
    const places = isTime ? this.openPlaces() : [];
    const { clock } = this.#system;
    this.#waitsSince = places.length === 0 ? undefined : (this.#waitsSince ?? clock.monotonic());
    return places;
  }

  /** Milliseconds that it has been waiting. */
  get waited(): number {
    return this.#waitsSince === undefined ? 0 : this.#system.clock.monotonic() - this.#waitsSince;
  }

  /** Gives each place a slice. Returns their names in the queue. */
  gather(): string[] {
    const token = newToken();
    if (!this.#decide({ kind: 'hold', token })) return [];
    const slices = new Map<string, Place>();
    try {
      for (const place of this.openPlaces()) {
        const name = this.#makeSlice(place, token);
        if (name === undefined) break;
        slices.set(name, place);
      }
    } finally {
      // Somebody else carves, or the disk is full: what is there comes back, and all is given out anew.
      if (slices.size < this.openPlaces().length) {
        this.#run.slices.doubt();
        this.void();
      }
    }
    if (this.#state.kind === 'hold')
      this.#gathering = { token, slices, since: this.#system.clock.monotonic() };
    return [...slices.keys()];
  }

  #makeSlice({ ranks, type: { needs } }: Place, gang: Token): string | undefined {
    const { book, slices, retries } = this.#run;
    // All that is open is in one of these slices.
    book.tally.takeAgain(Infinity);
    retries.clear();
    return slices.make({ next: book.fanOut.tasks, ranges: ranks, avoid: [], needs, gang });
  }

  /** `hosts`: by slice, on which host a worker has it. If all have one, they go. */
  look(hosts: ReadonlyMap<string, string>): void {
    if (this.#gathering === undefined) return;
    const { token, slices } = this.#gathering;
    const byRank: (string | undefined)[] = [];
    for (const [slice, { ranks }] of slices) {
      const host = hosts.get(slice);
      if (host === undefined) return;
      for (const rank of tasksIn(ranks)) byRank[rank] = host;
    }
    this.#gathering = undefined;
    const { paths } = this.#run;
    const gone = perform(this.#system.files, letGangGo(paths, token, addresses(byRank)));
    if (gone === 'decided') this.#state = { kind: 'go', token };
    else this.refresh();
  }

  /** Places with ranks that are still to be run, and these ranks. */
  openPlaces(): Place[] {
    const { gang, book } = this.#run;
    return [...placesOf(gang)].flatMap(({ type, ranks }) => {
      const open = [...tasksIn(ranks)].filter((rank) => book.tally.stateOf(rank) === 'open');
      return open.length === 0 ? [] : [{ type, ranks: asRanges(open) }];
    });
  }

  #decide(to: GangState): boolean {
    const decided = perform(this.#system.files, decideGang(this.#run.paths, this.#state, to));
    this.#state = decided === 'decided' ? to : (this.#look() ?? to);
    return decided === 'decided';
  }

  /** Undefined: there is nothing to be seen. */
  #look(): GangState | undefined {
    return parseGangState(perform(this.#system.files, list(this.#run.paths.directory)) ?? []);
  }
}

/** By rank; empty where all are on one host, which every program knows by the same name. */
function addresses(hosts: readonly (string | undefined)[]): string[] {
  const others = new Set(hosts.filter((host) => host !== undefined));
  return others.size > 1 ? Array.from(hosts, (host) => host ?? 'localhost') : [];
}
