import { clearCancelMark } from '../../src/queue/cancel-job.js';
import { parseEntryName, tokenOf } from '../../src/queue/entry-name.js';
import type { FinishTo } from '../../src/queue/finish-job.js';
import { type CrewId, classifyPodFile } from '../../src/queue/layout.js';
import { parseHeldItem, releaseItem } from '../../src/queue/pool.js';
import { recallJob } from '../../src/queue/recall-job.js';
import { list, read, unlink } from '../../src/queue/steps.js';
import { layout } from '../model/verbs.js';
import { type Acts, type Program, type Surroundings, choose, chooseFrom, guard } from './acting.js';
import { needsItem } from './ledger.js';

type Worker =
  | { readonly state: 'idle' | 'announced' }
  | { readonly state: 'claimed'; sweeps: number }
  | { readonly state: 'busy'; readonly entry: string; cancelled: boolean }
  | {
      readonly state: 'ending';
      readonly entry: string;
      readonly target: FinishTo;
      readonly cancelled: boolean;
    };

/** Sweeps that a claimed worker waits for its entry before it is announced again. */
const claimPatience = 2;
/** Beats that an item may lie in the pod without a running entry. */
const itemPatience = 2;

/** The crew has learnt that its pod is not its own any more. */
class Fenced extends Error {}

/** One life of a crew: the same verbs in the same order as in src/worker/crew.ts, one filesystem call at a time. */
export class CrewProgram implements Program {
  readonly duties = ['sweep', 'sweep', 'sweep', 'end', 'end', 'beat', 'stray', 'tend', 'leave'];
  readonly pass = ['beat', 'end', 'end', 'sweep', 'stray', 'tend'];
  readonly id: CrewId;
  readonly #around: Surroundings;
  readonly #workers = new Map<number, Worker>();
  readonly #idleBeats = new Map<string, number>();
  #beats = 0;

  constructor(around: Surroundings, id: CrewId, workers: number) {
    this.#around = around;
    this.id = id;
    for (let worker = 1; worker <= workers; worker++) this.#workers.set(worker, { state: 'idle' });
  }

  /** Its jobs' processes. They outlive a crew that is killed, until its guardian hears of it. */
  get running(): string[] {
    return this.#in('busy').map(([, { entry }]) => entry);
  }

  *live(): Acts<void> {
    const { verbs } = this.#around.habits;
    if ((yield* verbs.raise(layout, this.id, 'crew', this.#workers.size)) === 'fenced') return;
    try {
      for (;;) {
        const duty = this.duties[(yield { op: 'duty' }) as number];
        if (duty === 'leave') {
          if ((yield* choose(20)) !== 0) continue;
          return yield* this.#leave();
        }
        yield* guard(() => this.#do(duty));
      }
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
    }
  }

  #do(duty: string | undefined): Acts<void> {
    switch (duty) {
      case 'sweep':
        return this.#sweep();
      case 'end':
        return this.#endOne();
      case 'beat':
        return this.#beat();
      case 'stray':
        return this.#giveBackStray();
      default:
        return this.#tend();
    }
  }

  *#beat(): Acts<void> {
    this.#beats += 1;
    const beaten = yield* this.#around.habits.verbs.beat(layout, this.id, `${this.#beats}\n`);
    if (beaten === 'fenced') throw new Fenced();
  }

  *#sweep(): Acts<void> {
    for (const [worker, ending] of this.#in('ending')) yield* guard(() => this.#commit(worker, ending));
    const names = yield* this.#around.habits.verbs.sweep(layout, this.id);
    if (names === undefined) throw new Fenced();
    const entries: string[] = [];
    for (const name of names) {
      const file = classifyPodFile(name);
      if (file.kind === 'badge') this.#seeBadge(file.badge.worker);
      else if (file.kind === 'cancel') yield* this.#cancel(file.token);
      else if (file.kind === 'entry') entries.push(name);
    }
    for (const entry of entries) yield* guard(() => this.#tryStart(entry));
    yield* this.#announce();
  }

  #seeBadge(worker: number): void {
    const state = this.#workers.get(worker);
    if (state?.state === 'announced') this.#workers.set(worker, { state: 'claimed', sweeps: 0 });
    else if (state?.state === 'claimed') state.sweeps += 1;
  }

  *#announce(): Acts<void> {
    const { verbs, reannounce } = this.#around.habits;
    for (const [worker, state] of this.#workers) {
      const waited = state.state === 'claimed' && reannounce && state.sweeps >= claimPatience;
      if (state.state !== 'idle' && !waited) continue;
      if ((yield* verbs.announce(layout, { crew: this.id, worker })) === 'fenced') throw new Fenced();
      this.#workers.set(worker, { state: 'announced' });
    }
  }

  *#tryStart(entry: string): Acts<void> {
    if ((yield* read(layout.pod(this.id).entry(entry))) === undefined) return;
    const items = needsItem(entry) ? yield* this.#itemsOf(entry) : [];
    if (needsItem(entry) && !(yield* this.#locked(items))) {
      // It was assigned on outdated knowledge.
      yield* recallJob(layout, this.id, entry);
      return;
    }
    // With every worker busy the entry waits here: it is work ahead.
    const worker = yield* this.#freeWorker();
    if (worker === undefined) return;
    const started = yield* this.#around.habits.verbs.start(layout, this.id, entry);
    if (started === 'fenced') throw new Fenced();
    if (started !== 'started') return;
    this.#around.ledger.started(entry);
    for (const name of items)
      this.#around.ledger.use(parseHeldItem(name)?.item ?? name, tokenOf(entry) ?? '');
    this.#workers.set(worker, { state: 'busy', entry, cancelled: false });
  }

  *#locked(items: readonly string[]): Acts<boolean> {
    if (items.length === 0) return false;
    yield* list(layout.pool('PROXY'));
    for (const name of items) {
      const held = parseHeldItem(name);
      if (held === undefined) return false;
      const names = (yield* list(layout.poolLock(held.pool, held.item))) ?? [];
      if (!names.includes(`owner@${held.token}`)) return false;
    }
    return true;
  }

  *#freeWorker(): Acts<number | undefined> {
    const here = this.#first('claimed') ?? this.#first('idle');
    if (here !== undefined) return here;
    const worker = this.#first('announced');
    if (worker === undefined) return undefined;
    const claimed = yield* this.#around.habits.verbs.claim(layout, { crew: this.id, worker });
    if (claimed === 'pod-gone') throw new Fenced();
    return worker;
  }

  /** A job's process ends; what it comes to is left to chance. */
  *#endOne(): Acts<void> {
    const busy = yield* chooseFrom(this.#in('busy'));
    if (busy === undefined) return;
    const [worker, { entry, cancelled }] = busy;
    const target = cancelled ? ({ to: 'failed' } as const) : yield* this.#target(entry);
    yield* this.#commit(worker, this.#end(worker, entry, target, cancelled));
  }

  *#target(entry: string): Acts<FinishTo> {
    const luck = this.#around.calm > 0 ? 9 : yield* choose(10);
    if (luck > 1) return { to: 'done' };
    return luck === 1 || parseEntryName(entry).counts.exit !== undefined
      ? { to: 'failed' }
      : { to: 'queue', raise: 'exit' };
  }

  #end(
    worker: number,
    entry: string,
    target: FinishTo,
    cancelled: boolean,
  ): Extract<Worker, { state: 'ending' }> {
    const ending = { state: 'ending', entry, target, cancelled } as const;
    this.#workers.set(worker, ending);
    this.#around.ledger.stopUsing(tokenOf(entry) ?? '');
    return ending;
  }

  *#commit(worker: number, { entry, target, cancelled }: Extract<Worker, { state: 'ending' }>): Acts<void> {
    if (needsItem(entry)) for (const name of yield* this.#itemsOf(entry)) yield* this.#release(name);
    const outcome = cancelled
      ? ({ kind: 'cancelled' } as const)
      : ({ kind: 'exit', code: target.to === 'done' ? 0 : 1 } as const);
    const finished = yield* this.#around.habits.verbs.finish(layout, this.id, target, {
      time: 'T',
      entry,
      worker,
      outcome,
      ms: 0,
      printed: [],
    });
    this.#workers.set(worker, { state: 'idle' });
    if (target.to !== 'queue') this.#around.ledger.told(finished === 'committed', target.to, entry);
    if (finished === 'fenced') throw new Fenced();
  }

  *#cancel(token: string): Acts<void> {
    for (const [, busy] of this.#in('busy')) if (tokenOf(busy.entry) === token) busy.cancelled = true;
    yield* clearCancelMark(layout, this.id, token);
  }

  *#giveBackStray(): Acts<void> {
    if (!this.#around.habits.giveBackStray) return;
    const known = [...this.#in('busy'), ...this.#in('ending')].map(([, { entry }]) => entry);
    for (const entry of (yield* list(layout.pod(this.id).running)) ?? []) {
      if (known.includes(entry)) continue;
      const line = {
        time: 'T',
        entry,
        worker: 0,
        outcome: { kind: 'spawn-error', reason: 'it was never started' } as const,
        ms: 0,
        printed: [],
      };
      yield* this.#around.habits.verbs.finish(layout, this.id, { to: 'queue', raise: undefined }, line);
    }
  }

  /** Releases items whose entry never came. */
  *#tend(): Acts<void> {
    const names = (yield* list(layout.pod(this.id).items)) ?? [];
    const running = new Set(this.running.map(tokenOf));
    for (const name of names) {
      const beats = running.has(parseHeldItem(name)?.token) ? 0 : (this.#idleBeats.get(name) ?? 0) + 1;
      this.#idleBeats.set(name, beats);
      if (beats > itemPatience) yield* this.#release(name);
    }
  }

  *#release(name: string): Acts<void> {
    this.#idleBeats.delete(name);
    yield* releaseItem(layout, layout.pod(this.id), name);
  }

  *#itemsOf(entry: string): Acts<string[]> {
    const names = (yield* list(layout.pod(this.id).items)) ?? [];
    return names.filter((name) => parseHeldItem(name)?.token === tokenOf(entry));
  }

  /** Stops its jobs, gives back what it holds and goes: it fences itself, and is its own reaper. */
  *#leave(): Acts<void> {
    const back = { to: 'queue', raise: undefined } as const;
    for (const [worker, { entry }] of this.#in('busy')) this.#end(worker, entry, back, false);
    while (!(yield* guard(() => this.#depart())));
  }

  *#depart(): Acts<void> {
    const { verbs } = this.#around.habits;
    for (const [worker, ending] of this.#in('ending')) yield* this.#commit(worker, ending);
    yield* verbs.fence(layout, this.id);
    yield* verbs.rest(layout, this.id, { writer: this.id, time: 'T', countLost: false, releaseItems: true });
    for (const worker of this.#workers.keys()) yield* unlink(layout.announced({ crew: this.id, worker }));
  }

  #first(state: Worker['state']): number | undefined {
    for (const [worker, current] of this.#workers) if (current.state === state) return worker;
    return undefined;
  }

  #in<S extends Worker['state']>(state: S): [number, Extract<Worker, { state: S }>][] {
    return [...this.#workers].filter((pair): pair is [number, Extract<Worker, { state: S }>] => {
      return pair[1].state === state;
    });
  }
}
