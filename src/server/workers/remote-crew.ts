import type { Slice } from '../../job/fan-out.js';
import { idOfDecodeJobName } from '../../job/decode/decode-job.js';
import type { Job } from '../../job/job.js';
import { type Outcome, describeOutcome } from '../../job/outcome.js';
import { jobFileLimit, readJob } from '../../job/read-job.js';
import { JobFileError } from '../../job/settings.js';
import { announceWorker } from '../../queue/announce-worker.js';
import { beat } from '../../queue/beat.js';
import { claimWorker } from '../../queue/claim-worker.js';
import { type CrewFile, formatHeartbeat, parseHeartbeat } from '../../queue/crew-file.js';
import { isIgnored, parseEntryName, tokenOf } from '../../queue/entry-name.js';
import { type FinishTo, type Finished, finishJob } from '../../queue/finish-job.js';
import { finishSlice, sealSlice } from '../../queue/finish-slice.js';
import { HeldItems } from '../../queue/held-items.js';
import { type JournalLine, formatJournalLine } from '../../queue/journal.js';
import { type CrewId, type LogStream, type PodPaths, classifyPodFile } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { raisePod } from '../../queue/raise-pod.js';
import { recallJob } from '../../queue/recall-job.js';
import { startJob } from '../../queue/start-job.js';
import { type Steps, append, list, read } from '../../queue/steps.js';
import { targetOf } from '../../queue/target-of.js';
import type { Served } from '../served.js';
import { type Stage, later } from './stage.js';

/** A job that a worker has. */
export interface Held {
  /** What people ask for it by: its number, or its entry's name. */
  readonly id: string;
  readonly crew: RemoteCrew;
  readonly entry: string;
  readonly worker: number;
  readonly job: Job;
  /** The job file. */
  readonly content: Uint8Array;
  readonly executable: boolean;
  stage: Stage;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
}

/** What became of an offer of workers. */
export type Taken = Held | 'nothing' | 'fenced';

/** DECODE's jobs go by numbers. */
function idOf(entry: string): string {
  return String(idOfDecodeJobName(parseEntryName(entry).job) ?? entry);
}

/** Milliseconds for which a claimed worker waits for its entry. */
const claimPatience = 3000;

/**
 * A crew on a host that shares nothing with the project, as the project sees it: a pod like that of any crew, which the
 * server keeps on its behalf. The worker's requests are its heartbeats; whoever is silent for a lease loses the pod to a
 * dispatcher, and with it what it held.
 */
export class RemoteCrew {
  readonly id: CrewId;
  readonly file: CrewFile;
  readonly #served: Served;
  readonly #pod: PodPaths;
  readonly #items: HeldItems;
  /** By their ids. */
  readonly #held = new Map<string, Held>();
  /** Workers that are on offer, or about to begin. */
  readonly #offered = new Set<number>();
  #beats: number;

  constructor(served: Served, id: CrewId, file: CrewFile, beats = 0) {
    this.id = id;
    this.file = file;
    this.#served = served;
    this.#pod = served.layout.pod(id);
    this.#items = new HeldItems(served.files, served.layout, id);
    this.#beats = beats;
  }

  /** Birth. */
  raise(): void {
    const { layout, clock } = this.#served;
    this.#perform(
      raisePod(layout, this.id, `${JSON.stringify(this.file, undefined, 2)}\n`, this.file.workers),
    );
    this.#note({ event: 'born', time: clock.timestamp(), crew: this.id });
    this.beat();
  }

  /** Goes on with a pod that another server, or one before us, has kept. */
  adopt(): void {
    const heartbeat = this.#perform(read(this.#pod.heartbeat));
    const {
      beat: beats = 0,
      running = {},
      stages = {},
    } = (heartbeat === undefined ? undefined : parseHeartbeat(heartbeat)) ?? {};
    this.#beats = beats;
    const places = new Map(Object.entries(running).map(([worker, entry]) => [entry, Number(worker)]));
    for (const entry of this.#perform(list(this.#pod.running)) ?? []) {
      const worker = places.get(entry) ?? this.#freeWorker();
      if (worker !== undefined) this.#hold(entry, worker, (stages[entry] ?? 'pulled') as Stage);
    }
    const { layout } = this.#served;
    for (let worker = 1; worker <= this.file.workers; worker++)
      if (this.#served.files.exists(layout.announced({ crew: this.id, worker })))
        this.#perform(claimWorker(layout, { crew: this.id, worker }));
    // Nobody has been told of it.
    for (const entry of this.#assigned()) this.#perform(recallJob(layout, this.id, entry));
  }

  get hasFreeWorker(): boolean {
    return this.#freeWorker() !== undefined;
  }

  get isIdle(): boolean {
    return this.#held.size === 0 && this.#offered.size === 0;
  }

  held(): Iterable<Held> {
    return this.#held.values();
  }

  find(id: string): Held | undefined {
    return this.#held.get(id);
  }

  /** Whether the pod is still ours, and the entry in it. */
  has({ entry }: Held): boolean {
    return this.#served.files.exists(this.#pod.runningEntry(entry));
  }

  isCancelled({ entry }: Held): boolean {
    return this.#served.files.exists(this.#pod.cancelMark(tokenOf(entry) ?? ''));
  }

  /** Forgets what is not ours any more. */
  drop({ id }: Held): void {
    this.#held.delete(id);
  }

  /** Tells dispatchers that the worker lives. Returns whether it is too late for that. */
  beat(): 'ok' | 'fenced' {
    const running: Record<string, string> = {};
    const stages: Record<string, string> = {};
    for (const { entry, worker, stage } of this.#held.values()) {
      running[worker] = entry;
      stages[entry] = stage;
    }
    this.#beats += 1;
    if (this.#holdsItems)
      this.#items.tend(new Set([...this.#held.values()].map(({ entry }) => tokenOf(entry))));
    const content = formatHeartbeat({ beat: this.#beats, running, stages });
    return this.#perform(beat(this.#served.layout, this.id, content)) === 'fenced' ? 'fenced' : 'ok';
  }

  /** Offers one worker until it has a job, or the time is up, or the signal comes. */
  async offer(milliseconds: number, signal: AbortSignal): Promise<Taken> {
    const worker = this.#freeWorker();
    if (worker === undefined) return 'nothing';
    this.#offered.add(worker);
    try {
      return await this.#offer(worker, milliseconds, signal);
    } finally {
      this.#offered.delete(worker);
    }
  }

  async #offer(worker: number, milliseconds: number, signal: AbortSignal): Promise<Taken> {
    const { layout } = this.#served;
    const badge = { crew: this.id, worker };
    if (this.beat() === 'fenced') return 'fenced';
    const beating = setInterval(() => this.beat(), (this.file.lease * 1000) / 4);
    try {
      if (this.#perform(announceWorker(layout, badge)) === 'fenced') return 'fenced';
      const held = await this.#await(worker, milliseconds, signal);
      if (held !== undefined) return held;
      const claimed = this.#perform(claimWorker(layout, badge));
      if (claimed === 'pod-gone') return 'fenced';
      // A dispatcher has it, and an entry is on its way.
      const late = claimed === 'taken' ? await this.#await(worker, claimPatience, undefined) : undefined;
      if (late !== undefined && signal.aborted) return this.#giveBack(late);
      return late ?? 'nothing';
    } finally {
      clearInterval(beating);
    }
  }

  /** Whoever asked has gone. */
  #giveBack(held: Held): 'nothing' {
    this.finish(held, { kind: 'lost', crew: this.id }, { to: 'queue', raise: undefined }, []);
    return 'nothing';
  }

  async #await(
    worker: number,
    milliseconds: number,
    signal: AbortSignal | undefined,
  ): Promise<Held | undefined> {
    const { doorbells, pace } = this.#served;
    return new Promise((resolve) => {
      const look = (): void => {
        const held = this.#begin(worker);
        if (held !== undefined) end(held);
      };
      const end = (held: Held | undefined): void => {
        stopRinging();
        clearInterval(sweep);
        clearTimeout(impatience);
        signal?.removeEventListener('abort', stop);
        resolve(held);
      };
      const stop = (): void => {
        end(undefined);
      };
      const stopRinging = doorbells.hang(this.#pod.directory, (name) => {
        if (name === undefined || classifyPodFile(name).kind === 'entry') look();
      });
      const sweep = setInterval(look, pace.sweepPod);
      const impatience = setTimeout(stop, milliseconds);
      signal?.addEventListener('abort', stop);
      if (signal?.aborted === true) stop();
      else look();
    });
  }

  /** Starts an entry that has come; undefined: none has. What is no job is refused on the way. */
  #begin(worker: number): Held | undefined {
    const { layout, clock } = this.#served;
    for (const entry of this.#assigned()) {
      const started = this.#perform(startJob(layout, this.id, entry));
      if (started === 'fenced') return undefined;
      if (started === 'recalled') continue;
      const held = this.#hold(entry, worker, 'pulled');
      if (held === undefined) continue;
      this.#note({ event: 'start', time: clock.timestamp(), entry, worker });
      this.beat();
      return held;
    }
    return undefined;
  }

  #hold(entry: string, worker: number, stage: Stage): Held | undefined {
    const { files, clock } = this.#served;
    const inspected = files.inspect(this.#pod.runningEntry(entry), jobFileLimit);
    if (inspected.kind !== 'file') return undefined;
    const id = idOf(entry);
    const found = { id, entry, worker, content: inspected.head, executable: inspected.executable };
    try {
      const { job: name } = parseEntryName(entry);
      const job = readJob({ ...inspected, name });
      const held = { ...found, crew: this, job, stage, startedAt: clock.monotonic() };
      this.#held.set(id, held);
      return held;
    } catch (error) {
      if (!(error instanceof JobFileError)) throw error;
      const outcome = { kind: 'rejected', reason: error.message } as const;
      this.#finish(entry, 0, 0, outcome, { to: 'failed' }, []);
      return undefined;
    }
  }

  /** The pool items that a job holds. */
  itemsOf({ entry, job }: Held): { readonly pool: string; readonly item: string; readonly value: string }[] {
    return job.needs.resources.length === 0 ? [] : this.#items.of(entry);
  }

  /** The worker says how far it is. */
  advance(held: Held, stage: Stage): 'ok' | 'fenced' {
    held.stage = later(held.stage, stage);
    return this.beat();
  }

  /** Commits how a job ended. `target`: left out, it is as the outcome and the job's own settings say. */
  finish(
    held: Held,
    outcome: Outcome,
    target: FinishTo | undefined,
    printed: readonly LogStream[],
    ms?: number,
  ): { readonly finished: Finished; readonly target: FinishTo } {
    const { entry, worker, job, startedAt } = held;
    const to = target ?? targetOf(entry, outcome, job.retries);
    if (job.needs.resources.length > 0) this.#items.release(entry);
    const took = ms ?? Math.round(this.#served.clock.monotonic() - startedAt);
    const finished = this.#finish(entry, worker, took, outcome, to, printed);
    this.#held.delete(held.id);
    if (finished !== 'fenced') this.beat();
    return { finished, target: to };
  }

  /** A slice is over: `isComplete`: each of its tasks has its line; else others are to do the rest. */
  finishSlice(
    held: Held,
    slice: Slice,
    isComplete: boolean,
    { tasks, failed, ms }: { readonly tasks: number; readonly failed: number; readonly ms: number },
  ): 'ok' | 'fenced' {
    const { entry, worker, job } = held;
    const { layout, clock } = this.#served;
    if (job.needs.resources.length > 0) this.#items.release(entry);
    this.#held.delete(held.id);
    const line = { time: clock.timestamp(), entry, worker, tasks, failed, ms };
    const token = tokenOf(entry);
    if (isComplete || token === undefined) {
      if (this.#perform(finishSlice(layout, this.id, line)) === 'fenced') return 'fenced';
      return this.beat();
    }
    this.#perform(sealSlice(layout, this.id, this.#pod, { entry, of: slice.of, token }, false));
    // Dispatchers hear of what has ended from the journal.
    this.#note({ event: 'slice', ...line });
    return this.beat();
  }

  #finish(
    entry: string,
    worker: number,
    ms: number,
    outcome: Outcome,
    target: FinishTo,
    printed: readonly LogStream[],
  ): Finished {
    const { layout, clock, remark } = this.#served;
    const line = { time: clock.timestamp(), entry, worker, outcome, ms, printed };
    if (outcome.kind === 'rejected') remark(`${entry}: ${describeOutcome(outcome)}`);
    return this.#perform(finishJob(layout, this.id, target, line));
  }

  get #holdsItems(): boolean {
    return [...this.#held.values()].some(({ job }) => job.needs.resources.length > 0);
  }

  #assigned(): readonly string[] {
    const names = this.#perform(list(this.#pod.directory)) ?? [];
    return names.filter((name) => classifyPodFile(name).kind === 'entry' && !isIgnored(name));
  }

  #freeWorker(): number | undefined {
    const taken = new Set([...this.#offered, ...[...this.#held.values()].map(({ worker }) => worker)]);
    for (let worker = 1; worker <= this.file.workers; worker++) if (!taken.has(worker)) return worker;
    return undefined;
  }

  #note(line: JournalLine): void {
    this.#perform(append(this.#served.layout.journalOf(this.id), formatJournalLine(line)));
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#served.files, steps);
  }
}
