import { type Capacity, type Usage, capacityOf, fitsBeside, minus, noUsage, plus } from '../job/capacity.js';
import { FjrError } from '../job/fjr-error.js';
import { type Job, jobDefaults } from '../job/job.js';
import { type Outcome, isSuccess } from '../job/outcome.js';
import { jobFileLimit, readJob } from '../job/read-job.js';
import { JobFileError } from '../job/settings.js';
import { announceWorker } from '../queue/announce-worker.js';
import { beat } from '../queue/beat.js';
import { clearCancelMark } from '../queue/cancel-job.js';
import { claimWorker } from '../queue/claim-worker.js';
import { type CrewFile, formatHeartbeat } from '../queue/crew-file.js';
import { failuresOf, isIgnored, parseEntryName, tokenOf } from '../queue/entry-name.js';
import { fenceCrew } from '../queue/fence-crew.js';
import { type FinishTo, finishJob } from '../queue/finish-job.js';
import { type JournalLine, formatJournalLine } from '../queue/journal.js';
import { type CrewId, type Layout, classifyPodFile } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { layToRest } from '../queue/lay-to-rest.js';
import { raisePod } from '../queue/raise-pod.js';
import { recallJob } from '../queue/recall-job.js';
import { lostBudget } from '../queue/return-entries.js';
import { startJob } from '../queue/start-job.js';
import { append, list, unlink } from '../queue/steps.js';
import type { Steps } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files, Inspected } from '../system/files.js';
import type { Doorbells } from '../system/watcher.js';
import { HeldItems } from './held-items.js';
import { argumentsOf, environmentOf, expandHome } from './launch.js';
import { type Circumstances, countedReason, outcomeOf } from './outcome-of.js';
import { Scratch } from './scratch.js';
import { type Ended, type Launch, type Starter, type StarterEvents, killGrace } from './starter.js';

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
  readonly home: string;
  readonly directory: string;
}

export interface CrewOptions {
  readonly layout: Layout;
  readonly project: string;
  readonly id: CrewId;
  /** `crew.json`, but for what only the running crew knows. */
  readonly describe: (starterPid: number) => CrewFile;
  readonly report: (event: CrewEvent) => void;
}

/**
 * One worker. Its badge lies in the pod, except while it is announced.
 *
 * ```
 *            announce                 (a dispatcher claims it)
 *   idle ──────────────▶ announced ───────────────────────────▶ claimed
 *    ▲  ◀───────────────────│ claim back, for an entry at hand      │ no entry for some seconds: announce again
 *    │                      ▼                                       │
 *    └────────────────── busy ◀─────────────────────────────────────┘
 *          finish                 start
 * ```
 */
type Worker =
  { readonly state: 'idle' | 'announced' } | { readonly state: 'claimed'; readonly since: number } | Busy;

interface Busy {
  readonly state: 'busy';
  readonly entry: string;
  readonly job: Job;
  readonly startedAt: number;
  readonly gpus: readonly number[];
  exposed: boolean;
  cancelled: boolean;
}

type Phase = 'working' | 'draining' | 'leaving' | 'fenced' | 'gone';

/** Milliseconds that a claimed worker waits for its entry before it is announced again. */
const claimPatience = 3000;
/** Milliseconds after which a running job gets log files of its own. */
const exposeAfter = 1000;
/** Milliseconds between two sweeps of the pod; the doorbell makes most of them unnecessary. */
const sweepInterval = 1000;

/** One life of a crew, from birth to burial. A crew that is fenced ends; its owner starts another under a new id. */
export class Crew {
  readonly #system: CrewSystem;
  readonly #options: CrewOptions;
  readonly #layout: Layout;
  readonly #id: CrewId;
  readonly #starter: Starter;
  readonly #file: CrewFile;
  readonly #capacity: Capacity;
  readonly #scratch: Scratch;
  readonly #items: HeldItems;
  readonly #workers = new Map<number, Worker>();
  readonly #freeGpus = new Set<number>();
  /** Entries that the doorbell need not ring for again. */
  readonly #seen = new Set<string>();
  readonly #stopWatching: (() => void)[] = [];
  #used: Usage = noUsage;
  #phase: Phase = 'working';
  #beats = 0;
  #sweepPlanned = false;
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
          this.#finish(worker, ended);
        });
      },
      onGone: () => {
        this.#starterGone();
      },
    });
    this.#file = options.describe(this.#starter.pid);
    this.#capacity = capacityOf(this.#file, this.#file.workers);
    for (let gpu = 0; gpu < this.#file.gpus; gpu++) this.#freeGpus.add(gpu);
    this.#scratch = new Scratch(system.files, this.#layout, this.#id);
    this.#items = new HeldItems(system.files, this.#layout, this.#id);
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
    for (let worker = 1; worker <= workers; worker++) this.#workers.set(worker, { state: 'idle' });
    this.#watch();
    this.#beat();
    this.#sweep();
  }

  /** Stops its jobs, gives back what it holds and goes. */
  leave(): void {
    if (this.#phase !== 'working' && this.#phase !== 'draining') return;
    this.#phase = 'leaving';
    for (const [worker, { state }] of this.#workers)
      if (state === 'busy') this.#starter.stop(worker, killGrace);
    this.#guard(() => {
      this.#goIfDone();
    });
  }

  /** Takes nothing new, lets what runs end, and goes. */
  drain(): void {
    if (this.#phase !== 'working') return;
    this.#phase = 'draining';
    this.#guard(() => {
      this.#goIfDone();
    });
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
    this.#stopWatching.push(
      this.#system.doorbells.hang(this.#layout.pod(this.#id).directory, (name) => {
        this.#ring(name);
      }),
      every(sweepInterval, () => {
        this.#guard(() => {
          this.#sweep();
        });
      }),
      every(exposeAfter / 2, () => {
        this.#guard(() => {
          this.#exposeLongRunning();
        });
      }),
      every((lease * 1000) / 12, () => {
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
    const running: Record<string, string> = {};
    for (const [worker, state] of this.#workers) if (state.state === 'busy') running[worker] = state.entry;
    const content = formatHeartbeat({ beat: this.#beats, running });
    if (this.#perform(beat(this.#layout, this.#id, content)) === 'fenced') {
      this.#becomeFenced();
      return;
    }
    // Only now: the guardian hears of beats that others can see, and kills for us if there are none.
    this.#starter.beat((this.#file.lease * 2) / 3);
    this.#items.tend(new Set(Object.values(running).map(tokenOf)));
    this.#seen.clear();
    for (const entry of Object.values(running)) this.#seen.add(entry);
  }

  /** Looks at the pod as it is, and does what there is to do: start entries, announce workers, obey cancel marks. */
  #sweep(): void {
    if (this.#phase !== 'working' && this.#phase !== 'draining') return;
    const names = this.#perform(list(this.#layout.pod(this.#id).directory));
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
    if (this.#phase === 'working') for (const entry of entries) this.#tryStart(entry);
    if (this.#phase === 'working') this.#announceIdle();
    else this.#goIfDone();
  }

  #seeBadge(worker: number): void {
    if (this.#workers.get(worker)?.state === 'announced')
      this.#workers.set(worker, { state: 'claimed', since: this.#system.clock.monotonic() });
  }

  #announceIdle(): void {
    const now = this.#system.clock.monotonic();
    for (const [worker, state] of this.#workers) {
      const free = state.state === 'idle' || (state.state === 'claimed' && now - state.since > claimPatience);
      if (free && !this.#announce(worker)) return;
    }
  }

  #announce(worker: number): boolean {
    if (this.#perform(announceWorker(this.#layout, { crew: this.#id, worker })) === 'fenced') {
      this.#becomeFenced();
      return false;
    }
    this.#workers.set(worker, { state: 'announced' });
    return true;
  }

  /**
   * A worker that may start something. First one that a dispatcher has claimed: it was claimed for this. Then an idle
   * one, and last an announced one, which is claimed back.
   */
  #freeWorker(): number | undefined {
    const first = (wanted: Worker['state']): number | undefined => {
      for (const [worker, { state }] of this.#workers) if (state === wanted) return worker;
      return undefined;
    };
    const here = first('claimed') ?? first('idle');
    if (here !== undefined) return here;
    const announced = first('announced');
    if (announced === undefined) return undefined;
    if (this.#perform(claimWorker(this.#layout, { crew: this.#id, worker: announced })) !== 'pod-gone')
      return announced;
    this.#becomeFenced();
    return undefined;
  }

  #tryStart(entry: string): void {
    if (this.#phase !== 'working') return;
    const path = this.#layout.pod(this.#id).entry(entry);
    const inspected = this.#system.files.inspect(path, jobFileLimit);
    const found = readEntry(inspected);
    if (found.kind === 'missing') return;
    if (found.kind === 'job' && !this.#canEver(entry, found.job)) {
      this.#perform(recallJob(this.#layout, this.#id, entry));
      return;
    }
    if (found.kind === 'job' && !fitsBeside(found.job.needs, this.#used, this.#capacity)) return;
    const worker = this.#freeWorker();
    if (worker === undefined || !this.#begin(entry)) return;
    if (found.kind === 'job') this.#launch(worker, entry, found.job, inspected);
    else this.#refuse(worker, entry, found.reason);
  }

  /** Whether this crew can run a job at all: an entry for which it cannot was assigned on outdated knowledge. */
  #canEver(entry: string, job: Job): boolean {
    return fitsBeside(job.needs, noUsage, this.#capacity) && this.#items.holds(entry, job.needs.resources);
  }

  #begin(entry: string): boolean {
    this.#seen.add(entry);
    const started = this.#perform(startJob(this.#layout, this.#id, entry));
    if (started === 'fenced') this.#becomeFenced();
    return started === 'started';
  }

  /** An entry that turned out not to be a job, although its dispatcher thought so. */
  #refuse(worker: number, entry: string, reason: string): void {
    this.#workers.set(worker, {
      ...this.#busy(entry, { ...jobDefaults, command: { kind: 'executable', line: '' } }, []),
    });
    this.#commit(worker, entry, { kind: 'rejected', reason }, 0, []);
  }

  #busy(entry: string, job: Job, gpus: readonly number[]): Busy {
    const startedAt = this.#system.clock.monotonic();
    return { state: 'busy', entry, job, startedAt, gpus, exposed: false, cancelled: false };
  }

  #launch(worker: number, entry: string, job: Job, before: Inspected): void {
    const gpus = [...this.#freeGpus].slice(0, job.needs.gpus);
    for (const gpu of gpus) this.#freeGpus.delete(gpu);
    this.#used = plus(this.#used, job.needs);
    this.#workers.set(worker, this.#busy(entry, job, gpus));
    const jobFile = this.#layout.pod(this.#id).runningEntry(entry);
    const now = this.#system.files.inspect(jobFile, 0);
    if (
      now.kind === 'file' &&
      before.kind === 'file' &&
      (now.size !== before.size || now.mtimeMs !== before.mtimeMs)
    ) {
      // Somebody still writes it: back into the queue, where it settles.
      this.#complete(
        worker,
        { to: 'queue', raise: undefined },
        { kind: 'rejected', reason: 'still being written' },
        0,
        [],
      );
      return;
    }
    this.#note({ event: 'start', time: this.#system.clock.timestamp(), entry, worker });
    this.#options.report({ kind: 'found', crew: this.#id, worker, entry });
    try {
      this.#starter.run(worker, this.#prepare(worker, entry, job, jobFile, gpus));
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      this.#finish(worker, { kind: 'failed', reason: error.message });
    }
  }

  #prepare(worker: number, entry: string, job: Job, jobFile: string, gpus: readonly number[]): Launch {
    const { job: name, token, counts } = parseEntryName(entry);
    const cwd = job.workdir === undefined ? '' : expandHome(job.workdir, this.#system.home);
    if (job.logfile !== undefined) this.#makeLogfile(expandHome(job.logfile, this.#system.home), cwd);
    return {
      argv: argumentsOf(job, jobFile),
      env: environmentOf(job, {
        job: name,
        project: this.#options.project,
        worker: `${this.#id}.${worker}`,
        attempt: failuresOf(counts) + 1,
        jobFile,
        token: token ?? '',
        items: this.#items.valuesOf(entry),
        gpus,
      }),
      cwd,
      nice: job.nice,
      timeout: job.timeout,
      out: this.#scratch.path(worker, 'out'),
      err: this.#scratch.path(worker, 'err'),
    };
  }

  #makeLogfile(logfile: string, cwd: string): void {
    const from = (path: string, base: string): string => (path.startsWith('/') ? path : `${base}/${path}`);
    const path = from(logfile, from(cwd === '' ? '.' : cwd, this.#system.directory));
    this.#system.files.ensureDirectory(path.slice(0, path.lastIndexOf('/')));
    this.#system.files.touch(path);
  }

  #exposeLongRunning(): void {
    const now = this.#system.clock.monotonic();
    for (const [worker, state] of this.#workers) {
      if (state.state !== 'busy' || state.exposed || now - state.startedAt < exposeAfter) continue;
      this.#scratch.expose(worker, state.entry);
      state.exposed = true;
    }
  }

  #cancel(token: string): void {
    for (const [worker, state] of this.#workers) {
      if (state.state !== 'busy' || tokenOf(state.entry) !== token) continue;
      state.cancelled = true;
      this.#starter.stop(worker, killGrace);
    }
    this.#perform(clearCancelMark(this.#layout, this.#id, token));
  }

  #finish(worker: number, ended: Ended): void {
    const state = this.#workers.get(worker);
    if (state?.state !== 'busy') return;
    const { entry, job } = state;
    const ms = Math.round(this.#system.clock.monotonic() - state.startedAt);
    const printed = this.#scratch.keep(worker, entry, state.exposed);
    const how: Circumstances = {
      crew: this.#id,
      timeout: job.timeout,
      cancelled: state.cancelled,
      givenBack: this.#phase === 'leaving',
      signalName: this.#system.signalName,
    };
    const outcome = outcomeOf(ended, how);
    if (outcome === 'given-back')
      this.#complete(
        worker,
        { to: 'queue', raise: undefined },
        { kind: 'lost', crew: this.#id },
        ms,
        printed,
      );
    else this.#commit(worker, entry, outcome, ms, printed);
    this.#options.report({ kind: 'finished', crew: this.#id, worker, entry });
  }

  #commit(worker: number, entry: string, outcome: Outcome, ms: number, printed: ('out' | 'err')[]): void {
    const state = this.#workers.get(worker);
    const retries = state?.state === 'busy' ? state.job.retries : 0;
    this.#complete(worker, targetOf(entry, outcome, retries), outcome, ms, printed);
  }

  #complete(
    worker: number,
    target: FinishTo,
    outcome: Outcome,
    ms: number,
    printed: ('out' | 'err')[],
  ): void {
    const state = this.#workers.get(worker);
    if (state?.state !== 'busy') return;
    this.#release(worker, state);
    if (this.#phase === 'fenced') {
      this.#goIfDone();
      return;
    }
    const time = this.#system.clock.timestamp();
    const finished = this.#perform(
      finishJob(this.#layout, this.#id, target, { time, entry: state.entry, worker, outcome, ms, printed }),
    );
    if (finished === 'committed' && target.to !== 'queue') this.#scratch.accept(state.entry, printed);
    if (finished === 'fenced') this.#becomeFenced();
    else this.#planSweep();
  }

  #release(worker: number, state: Busy): void {
    if (state.gpus.length > 0) for (const gpu of state.gpus) this.#freeGpus.add(gpu);
    if (this.#starterKnows(state)) this.#used = minus(this.#used, state.job.needs);
    this.#workers.set(worker, { state: 'idle' });
    // Its processes are dead: from here on somebody else may hold its items.
    if (state.job.needs.resources.length > 0 && this.#phase !== 'fenced') this.#items.release(state.entry);
  }

  /** Whether the entry was launched, and so counted in what is used. */
  #starterKnows(state: Busy): boolean {
    return state.job.command.kind === 'script' || state.job.command.line !== '';
  }

  #starterGone(): void {
    if (this.#phase === 'gone') return;
    // Its jobs are reported. Without it this crew can start nothing: give the rest back, and begin anew.
    this.#options.report({
      kind: 'trouble',
      crew: this.#id,
      error: new FjrError('starter', 'the process that starts jobs died', { hint: 'the crew starts afresh' }),
    });
    if (this.#phase === 'fenced') this.#goIfDone();
    else this.#depart('fenced');
  }

  #busyCount(): number {
    let count = 0;
    for (const { state } of this.#workers.values()) if (state === 'busy') count += 1;
    return count;
  }

  /** A dispatcher took our pod: nothing we hold is ours any more. The jobs die, and then this life is over. */
  #becomeFenced(): void {
    if (this.#phase === 'fenced' || this.#phase === 'gone') return;
    this.#phase = 'fenced';
    for (const [worker, { state }] of this.#workers) if (state === 'busy') this.#starter.stop(worker, 0);
    this.#options.report({ kind: 'fenced', crew: this.#id });
    this.#goIfDone();
  }

  #goIfDone(): void {
    if (this.#phase === 'working' || this.#phase === 'gone' || this.#busyCount() > 0) return;
    if (this.#phase === 'fenced') this.#end('fenced');
    else this.#depart('left');
  }

  /** Fences itself and gives everything back, as a dispatcher would. */
  #depart(how: 'left' | 'fenced'): void {
    const time = this.#system.clock.timestamp();
    this.#note({ event: 'left', time, crew: this.#id });
    this.#perform(fenceCrew(this.#layout, this.#id));
    const returning = { writer: this.#id, time, countLost: false, releaseItems: true };
    this.#perform(layToRest(this.#layout, this.#id, returning));
    for (const worker of this.#workers.keys())
      this.#perform(unlink(this.#layout.announced({ crew: this.#id, worker })));
    this.#end(how);
  }

  #end(how: 'left' | 'fenced'): void {
    this.#phase = 'gone';
    for (const stop of this.#stopWatching) stop();
    this.#starter.close();
    this.#scratch.clear();
    if (how === 'left') this.#options.report({ kind: 'left', crew: this.#id });
    this.#resolveEnd(how);
  }
}

function every(milliseconds: number, action: () => void): () => void {
  const timer = setInterval(action, milliseconds);
  return () => {
    clearInterval(timer);
  };
}

type ReadEntry =
  | { readonly kind: 'job'; readonly job: Job }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'missing' };

function readEntry(inspected: Inspected): ReadEntry {
  switch (inspected.kind) {
    case 'missing':
      return { kind: 'missing' };
    case 'other':
      return { kind: 'refused', reason: `it is ${inspected.what}, not a file` };
    case 'unreadable':
      return { kind: 'refused', reason: `it cannot be read: ${inspected.reason}` };
    case 'file':
      try {
        return { kind: 'job', job: readJob(inspected) };
      } catch (error) {
        if (error instanceof JobFileError) return { kind: 'refused', reason: error.message };
        throw error;
      }
  }
}

/** `done`, or the queue while the reason's budget lasts, or `failed`. */
function targetOf(entry: string, outcome: Outcome, retries: number): FinishTo {
  if (isSuccess(outcome)) return { to: 'done' };
  const reason = countedReason(outcome);
  if (reason === undefined) return { to: 'failed' };
  const budget = reason === 'lost' ? lostBudget - 1 : retries;
  return (parseEntryName(entry).counts[reason] ?? 0) < budget
    ? { to: 'queue', raise: reason }
    : { to: 'failed' };
}
