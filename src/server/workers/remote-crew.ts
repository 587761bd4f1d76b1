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
import { fenceCrew } from '../../queue/fence-crew.js';
import { isIgnored, parseEntryName, tokenOf } from '../../queue/entry-name.js';
import { type FinishTo, type Finished, finishJob } from '../../queue/finish-job.js';
import { finishSlice, sealSlice } from '../../queue/finish-slice.js';
import { HeldItems } from '../../queue/held-items.js';
import { type JournalLine, formatJournalLine } from '../../queue/journal.js';
import { type CrewId, type LogStream, type PodPaths, classifyPodFile } from '../../queue/layout.js';
import { layToRest } from '../../queue/lay-to-rest.js';
import { perform } from '../../queue/perform.js';
import { raisePod } from '../../queue/raise-pod.js';
import { recallJob } from '../../queue/recall-job.js';
import { startJob } from '../../queue/start-job.js';
import { type Steps, append, list, read } from '../../queue/steps.js';
import { targetOf } from '../../queue/target-of.js';
import type { Served } from '../served.js';
import { describeFailure } from '../describe-failure.js';
import { type Stage, later, stages } from './stage.js';

/** A job that a worker has. */
export interface Held {
  /** What people ask for it by: its number, or its entry's name. */
  readonly id: string;
  readonly crew: RemoteCrew;
  readonly entry: string;
  readonly job: Job;
  /** The job file. */
  readonly content: Uint8Array;
  readonly executable: boolean;
  stage: Stage;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
}

/** What became of an offer. */
export type Taken = Held | 'nothing' | 'fenced';

/** DECODE's jobs go by numbers. */
function idOf(entry: string): string {
  return String(idOfDecodeJobName(parseEntryName(entry).job) ?? entry);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('it is none', { cause: error });
}

/** Its only one. */
const worker = 1;

/** Milliseconds for which a claimed worker waits for its entry … */
const claimPatience = 2000;
/** … and between two looks after items that came without theirs. */
const tendEvery = 1000;

/**
 * A crew of one worker on a host that shares nothing with the project, as the project sees it: a pod like that of any
 * crew, which the server keeps on its behalf. The worker's requests are its heartbeats; whoever is silent for a lease
 * loses the pod to a dispatcher, and with it what it held.
 *
 * The server that has raised a crew is the only one that offers it and gives it up. What it holds may be told of to any
 * server of the project: that is asked of the pod.
 */
export class RemoteCrew {
  readonly id: CrewId;
  readonly file: CrewFile;
  /** Whether this server has raised it: then nobody else starts anything in its pod. */
  readonly #isOurs: boolean;
  readonly #served: Served;
  readonly #pod: PodPaths;
  readonly #items: HeldItems;
  #held: Held | undefined;
  /** False: it is known that nothing runs in the pod. */
  #mayHold: boolean;
  #offered = false;
  /** Tokens of jobs that are over here, while their processes may not be; and monotonic milliseconds until then. */
  readonly #cooling = new Map<string, number>();
  #tendedAt = -Infinity;
  /** Monotonic milliseconds since when the badge has been in the pod while the worker is on offer. */
  #claimedSince: number | undefined;
  #beats = 0;
  #usedAt: number;

  constructor(served: Served, id: CrewId, file: CrewFile, isOurs: boolean) {
    this.id = id;
    this.file = file;
    this.#isOurs = isOurs;
    this.#mayHold = !isOurs;
    this.#served = served;
    this.#pod = served.layout.pod(id);
    this.#items = new HeldItems(served.files, served.layout, id);
    this.#usedAt = served.clock.monotonic();
  }

  /** Birth. */
  raise(): void {
    const { layout, clock } = this.#served;
    this.#perform(raisePod(layout, this.id, `${JSON.stringify(this.file, undefined, 2)}\n`, 1));
    this.#note({ event: 'born', time: clock.timestamp(), crew: this.id });
    this.beat();
  }

  /** Its server has died: whoever asked it has no answer, and what was assigned meanwhile nobody has been told of. */
  tidy(): void {
    const { layout, files } = this.#served;
    const badge = { crew: this.id, worker };
    if (files.exists(layout.announced(badge))) this.#perform(claimWorker(layout, badge));
    for (const entry of this.#assigned()) this.#recall(entry);
    if (this.look() === undefined) this.rest();
  }

  /** Whether nothing is under way, and for how many milliseconds. */
  get idleFor(): number | undefined {
    const now = this.#served.clock.monotonic();
    for (const [token, until] of this.#cooling) if (until <= now) this.#cooling.delete(token);
    const isBusy = this.#held !== undefined || this.#offered || this.#cooling.size > 0;
    return isBusy ? undefined : now - this.#usedAt;
  }

  get isOffered(): boolean {
    return this.#offered;
  }

  get held(): Held | undefined {
    return this.#held;
  }

  /** What it holds, as the pod tells. */
  look(): Held | undefined {
    if (this.#held !== undefined && this.has(this.#held)) return this.#held;
    this.#held = undefined;
    if (!this.#mayHold) return undefined;
    const [entry] = this.#perform(list(this.#pod.running)) ?? [];
    if (entry !== undefined) return this.#hold(entry, this.#stageOf(entry));
    this.#mayHold = !this.#isOurs;
    return undefined;
  }

  /** How far a job is, as the pod tells: another server may have heard of it. */
  #stageOf(entry: string): Stage {
    const heartbeat = this.#perform(read(this.#pod.heartbeat));
    const { stages: known } = (heartbeat === undefined ? undefined : parseHeartbeat(heartbeat)) ?? {};
    return stages.find((stage) => stage === known?.[entry]) ?? 'pulled';
  }

  /** Whether the pod is still ours, and the entry in it. */
  has({ entry }: Held): boolean {
    return this.#served.files.exists(this.#pod.runningEntry(entry));
  }

  isCancelled({ entry }: Held): boolean {
    return this.#served.files.exists(this.#pod.cancelMark(tokenOf(entry) ?? ''));
  }

  /** Tells dispatchers that the worker lives. Returns whether it is too late for that. */
  beat(): 'ok' | 'fenced' {
    const { clock, layout } = this.#served;
    this.#usedAt = clock.monotonic();
    this.#tend();
    // Another server may have beaten meanwhile: the time makes the content new.
    this.#beats = Math.max(this.#beats + 1, clock.wall());
    const running = this.#held === undefined ? {} : { [worker]: this.#held.entry };
    const reached = this.#held === undefined ? {} : { [this.#held.entry]: this.#held.stage };
    const content = formatHeartbeat({ beat: this.#beats, running, stages: reached });
    return this.#perform(beat(layout, this.id, content)) === 'fenced' ? 'fenced' : 'ok';
  }

  /** Items of what runs, and of what may still run, stay; what came without its entry goes home. */
  #tend(): void {
    const now = this.#served.clock.monotonic();
    if (now - this.#tendedAt < tendEvery) return;
    this.#tendedAt = now;
    const cooling = [...this.#cooling].filter(([, until]) => until > now).map(([token]) => token);
    this.#items.tend(new Set([...cooling, this.#held === undefined ? undefined : tokenOf(this.#held.entry)]));
  }

  /** Offers the worker until it has a job, or the time is up, or the signal comes. */
  async offer(milliseconds: number, signal: AbortSignal): Promise<Taken> {
    this.#offered = true;
    const beating = setInterval(
      () => {
        this.#guard(() => this.beat());
      },
      (this.file.lease * 1000) / 4,
    );
    try {
      return await this.#offer(milliseconds, signal);
    } finally {
      clearInterval(beating);
      this.#offered = false;
    }
  }

  async #offer(milliseconds: number, signal: AbortSignal): Promise<Taken> {
    const { layout } = this.#served;
    const badge = { crew: this.id, worker };
    if (this.beat() === 'fenced') return 'fenced';
    if (this.#perform(announceWorker(layout, badge)) === 'fenced') return 'fenced';
    const held = await this.#await(milliseconds, signal);
    if (held !== undefined) return held;
    const claimed = this.#perform(claimWorker(layout, badge));
    if (claimed === 'pod-gone') return 'fenced';
    // A dispatcher has it, and an entry is on its way.
    const late = claimed === 'taken' ? await this.#await(claimPatience, undefined) : undefined;
    return late ?? 'nothing';
  }

  /** Whoever asked has gone. */
  giveBack(held: Held): void {
    this.finish(held, { kind: 'lost', crew: this.id }, { to: 'queue', raise: undefined }, []);
  }

  async #await(milliseconds: number, signal: AbortSignal | undefined): Promise<Held | undefined> {
    const { doorbells, pace } = this.#served;
    return new Promise((resolve, reject) => {
      const stopRinging = doorbells.hang(this.#pod.directory, (name) => {
        if (name === undefined || classifyPodFile(name).kind === 'entry') look();
      });
      const look = (): void => {
        try {
          const held = this.#begin();
          if (held !== undefined) end(held);
        } catch (error) {
          end(undefined, asError(error));
        }
      };
      this.#claimedSince = undefined;
      const sweep = setInterval(() => {
        // Once a dispatcher was found to have the badge, it is not offered again: nobody would be there.
        if (signal !== undefined)
          this.#guard(() => {
            this.#announceAgain();
          });
        look();
      }, pace.sweepPod);
      const end = (held: Held | undefined, error?: Error): void => {
        stopRinging();
        clearInterval(sweep);
        clearTimeout(impatience);
        signal?.removeEventListener('abort', stop);
        if (error === undefined) resolve(held);
        else reject(error);
      };
      const stop = (): void => {
        end(undefined);
      };
      const impatience = setTimeout(stop, milliseconds);
      signal?.addEventListener('abort', stop);
      if (signal?.aborted === true) stop();
      else look();
    });
  }

  /** A badge that was claimed, and for which no entry has come: whoever claimed it may be dead. */
  #announceAgain(): void {
    const { files, layout, clock } = this.#served;
    const badge = { crew: this.id, worker };
    const now = clock.monotonic();
    if (!files.exists(this.#pod.badge(badge))) this.#claimedSince = undefined;
    else if (now - (this.#claimedSince ??= now) >= claimPatience) {
      this.#claimedSince = undefined;
      this.#perform(announceWorker(layout, badge));
    }
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      // A filesystem that fails for a while; the next time may be better.
      this.#served.remark(`${this.id}: ${describeFailure(error)}`);
    }
  }

  /** Starts an entry that has come; undefined: none has. What is no job, or lacks its items, is not. */
  #begin(): Held | undefined {
    const { layout, clock } = this.#served;
    for (const entry of this.#assigned()) {
      if (this.#held !== undefined) {
        this.#recall(entry);
        continue;
      }
      this.#mayHold = true;
      const started = this.#perform(startJob(layout, this.id, entry));
      if (started === 'fenced') return undefined;
      if (started === 'recalled') continue;
      const held = this.#hold(entry, 'pulled');
      if (held === undefined) continue;
      if (!this.#items.holds(entry, held.job.needs.resources)) {
        // It was assigned on outdated knowledge.
        this.giveBack(held);
        continue;
      }
      this.#note({ event: 'start', time: clock.timestamp(), entry, worker });
      this.beat();
      return held;
    }
    return undefined;
  }

  #recall(entry: string): void {
    this.#perform(recallJob(this.#served.layout, this.id, entry));
    this.#items.release(entry);
  }

  #hold(entry: string, stage: Stage): Held | undefined {
    const { files, clock } = this.#served;
    const inspected = files.inspect(this.#pod.runningEntry(entry), jobFileLimit);
    if (inspected.kind !== 'file') return undefined;
    const found = { id: idOf(entry), entry, content: inspected.head, executable: inspected.executable };
    try {
      const { job: name } = parseEntryName(entry);
      const job = readJob({ ...inspected, name });
      this.#held = { ...found, crew: this, job, stage, startedAt: clock.monotonic() };
      return this.#held;
    } catch (error) {
      if (!(error instanceof JobFileError)) throw error;
      const outcome = { kind: 'rejected', reason: error.message } as const;
      this.#items.release(entry);
      this.#finish(entry, 0, 0, outcome, { to: 'failed' }, []);
      return undefined;
    }
  }

  /** The pool items that a job holds. */
  itemsOf({ entry, job }: Held): { readonly pool: string; readonly item: string; readonly value: string }[] {
    return job.needs.resources.length === 0 ? [] : this.#items.of(entry);
  }

  stageOf(held: Held): Stage {
    return (held.stage = later(held.stage, this.#stageOf(held.entry)));
  }

  /** The worker says how far it is. */
  advance(held: Held, stage: Stage): 'ok' | 'fenced' {
    held.stage = later(this.stageOf(held), stage);
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
    const { entry, job, startedAt } = held;
    const to = target ?? targetOf(entry, outcome, job.retries);
    this.#letGo(held, outcome.kind === 'cancelled');
    const took = ms ?? Math.round(this.#served.clock.monotonic() - startedAt);
    const finished = this.#finish(entry, worker, took, outcome, to, printed);
    if (finished !== 'fenced') this.beat();
    return { finished, target: to };
  }

  /** A slice is over: `isComplete`: each of its tasks has its line; else others are to do the rest. */
  finishSlice(
    held: Held,
    slice: Slice,
    { isComplete, isCancelled }: { readonly isComplete: boolean; readonly isCancelled: boolean },
    { tasks, failed, ms }: { readonly tasks: number; readonly failed: number; readonly ms: number },
  ): 'ok' | 'fenced' {
    const { entry } = held;
    const { layout, clock } = this.#served;
    this.#letGo(held, isCancelled);
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

  /** `mayRun`: its worker does not know yet that it is to stop: for a lease its items are nobody else's. */
  #letGo({ entry, job }: Held, mayRun: boolean): void {
    this.#held = undefined;
    if (job.needs.resources.length === 0) return;
    if (mayRun)
      this.#cooling.set(tokenOf(entry) ?? '', this.#served.clock.monotonic() + this.file.lease * 1000);
    else this.#items.release(entry);
  }

  #finish(
    entry: string,
    by: number,
    ms: number,
    outcome: Outcome,
    target: FinishTo,
    printed: readonly LogStream[],
  ): Finished {
    const { layout, clock, remark } = this.#served;
    const line = { time: clock.timestamp(), entry, worker: by, outcome, ms, printed };
    if (outcome.kind === 'rejected') remark(`${entry}: ${describeOutcome(outcome)}`);
    return this.#perform(finishJob(layout, this.id, target, line));
  }

  /** Gives up a pod in which nothing runs, as a crew does that leaves: what was assigned too late goes back. */
  rest(): 'rested' | 'holds' {
    const { layout, clock } = this.#served;
    if ((this.#perform(list(this.#pod.running)) ?? []).length > 0) return 'holds';
    const returning = { writer: this.id, time: clock.timestamp(), countLost: false, releaseItems: true };
    this.#note({ event: 'left', time: clock.timestamp(), crew: this.id });
    if (this.#perform(fenceCrew(layout, this.id)) === 'fenced')
      this.#perform(layToRest(layout, this.id, returning));
    return 'rested';
  }

  #assigned(): readonly string[] {
    const names = this.#perform(list(this.#pod.directory)) ?? [];
    return names.filter((name) => classifyPodFile(name).kind === 'entry' && !isIgnored(name));
  }

  #note(line: JournalLine): void {
    this.#perform(append(this.#served.layout.journalOf(this.id), formatJournalLine(line)));
  }

  #perform<T>(steps: Steps<T>): T {
    return perform(this.#served.files, steps);
  }
}
