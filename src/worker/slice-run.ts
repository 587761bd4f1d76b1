import {
  type FanOut,
  type Slice,
  type TaskFailures,
  countTasks,
  failureReason,
  tasksIn,
} from '../job/fan-out.js';
import { type Outcome, isSuccess } from '../job/outcome.js';
import type { TaskInput } from '../job/fan-out.js';
import type { FanOutPaths } from '../queue/fan-out-paths.js';
import type { GangState } from '../queue/fan-out-paths.js';
import { type TaskLine, formatTaskLine } from '../queue/task-line.js';
import { type Ended, type Launch, type Starter, refusedInSilence } from './starter.js';
import type { OutcomeLines } from './outcome-lines.js';
import { taskArgv, taskEnvironment } from './task-argv.js';
import { type TaskLogs, mostCopied } from './task-logs.js';
import type { TaskOutput, TaskScratch } from './task-output.js';

export type Elsewhere = (
  task: number,
  argv: readonly string[],
  env: Launch['env'],
) => Pick<Launch, 'argv' | 'env'>;

/** What all tasks of a slice have in common. */
export interface SliceContext {
  readonly fanOut: FanOut;
  readonly slice: Slice;
  /** The fan-out job's directory. */
  readonly paths: FanOutPaths;
  /** Of all its tasks, in order. */
  readonly inputs: readonly TaskInput[];
  readonly worker: number;
  readonly token: string;
  /** What each launch begins from. */
  readonly launch: Omit<Launch, 'argv' | 'out' | 'err'>;
  readonly starter: Pick<Starter, 'beginSeries' | 'runTask' | 'closeSeries' | 'stop'>;
  /** Where a program is that a task names; undefined: there is none. */
  readonly findProgram: (name: string) => string | undefined;
  /** Makes of a task's process one that runs it in a container, or on another host; undefined: it is a plain process. */
  readonly elsewhere: Elsewhere | undefined;
  /** Most processes that are given to the starter at a time: one runs, the others follow without asking us. */
  readonly depth: number;
  readonly output: TaskOutput;
  /** The crew's of this fan-out job. */
  readonly lines: OutcomeLines;
  /** Undefined: nobody wants log files. */
  readonly logs: TaskLogs | undefined;
  /** The `index`th scratch file of this worker. */
  readonly scratch: (index: number, stream: 'out' | 'err') => string;
  readonly outcomeOf: (ended: Ended, task: number, scratch: TaskScratch) => Outcome | 'given-back';
  /** How many tasks the starter may have, lest too many fail; one at least. */
  readonly mostBegun: () => number;
  /** A task has failed for good. */
  readonly onFailed: () => void;
  /** What is stopped from now on was cancelled. */
  readonly cancelled: () => void;
  readonly trouble: (error: unknown) => void;
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

interface Task {
  readonly task: number;
  readonly input: TaskInput;
}

interface Started extends Task {
  readonly scratch: TaskScratch;
  /** It was not given to the starter: there is no such program. */
  readonly missing: string | undefined;
}

/** What `depth` is for most. */
export const deepest = 8;
/** Milliseconds of work that the starter should have at hand. */
const atHand = 40;

/** A slice on a worker: its tasks run one after another, and each leaves a line. */
export class SliceRun {
  readonly #context: SliceContext;
  readonly #tasks: readonly Task[];
  readonly #failures: Readonly<Record<string, TaskFailures>>;
  #next = 0;
  /** Given to the starter, in order; the first of them runs. */
  readonly #started: Started[] = [];
  #launched = 0;
  #stopping = false;
  #draining = false;
  #lost = false;
  #lastEnd: number;
  readonly #begin: number;
  ended = 0;
  failed = 0;
  /** Ends that are not looked at yet: they may have a cause that is told a moment later. */
  readonly held: Ended[] = [];
  #lines: string[] = [];
  /** Ranks wait until their gang goes. */
  #mayBegin: boolean;
  /** By rank, where the ranks of its gang are; none: all are here. */
  #hosts: readonly string[] = [];
  /** Others are to do what it has not done. */
  isGivenBack = false;
  #closed = false;
  /** By the names that tasks have for them. */
  readonly #programs = new Map<string, string | undefined>();

  constructor(context: SliceContext) {
    this.#context = context;
    this.#failures = context.slice.failures;
    this.#mayBegin = context.slice.gang === undefined;
    this.#tasks = [...tasksIn(context.slice.tasks)].map((task, index) => ({
      task,
      input: context.inputs[index] ?? '',
    }));
    this.#begin = this.#lastEnd = context.now();
    const { starter, worker, launch, elsewhere } = context;
    // What is meant for a container, or another host, is not for what starts it.
    starter.beginSeries(worker, elsewhere === undefined ? launch : { ...launch, env: {} });
  }

  /** Tasks of its fan-out job that had failed when it was carved. */
  get failedBefore(): number {
    return this.#context.slice.failed ?? 0;
  }

  get inFlight(): number {
    return this.#started.length;
  }

  get tasks(): number {
    return countTasks(this.#context.slice.tasks);
  }

  /** Whether nothing of it runs or will run. */
  get isOver(): boolean {
    return (
      this.#started.length === 0 && (this.#stopping || this.#draining || this.#next >= this.#tasks.length)
    );
  }

  /** Whether every task has its line. */
  get isComplete(): boolean {
    return this.ended === this.#tasks.length;
  }

  /** Whether what its tasks run on was lost. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** The task that runs just now. */
  get current(): number | undefined {
    return this.#started[0]?.task;
  }

  /** Hands the starter what comes next, several at a time: once half of what it has at hand is done. */
  pump(): void {
    const depth = this.#depth();
    const most = this.#started.length > depth / 2 ? 0 : depth;
    while (this.#mayBegin && !this.#stopping && !this.#draining && this.#started.length < most) {
      const task = this.#tasks[this.#next];
      if (task === undefined) break;
      this.#next += 1;
      this.#launch(task);
      this.#endMissing();
    }
    this.#closeIfOver();
  }

  /** Its fan-out job's. */
  get directory(): string {
    return this.#context.paths.directory;
  }

  /** The try of a gang that its ranks belong to. */
  get gang(): string | undefined {
    return this.#context.slice.gang;
  }

  /** What was decided of its gang. `hosts`: where the other ranks are. */
  hearOfGang(state: GangState, hosts: () => readonly string[] | undefined, grace: number): void {
    const isOurs = state.kind !== 'open' && state.token === this.gang;
    if (isOurs && state.kind === 'hold') return;
    if (!isOurs || state.kind === 'void') this.giveBack(grace);
    else if (!this.#mayBegin) this.#beginAmong(hosts());
  }

  #beginAmong(hosts: readonly string[] | undefined): void {
    if (hosts === undefined) return;
    this.#hosts = hosts;
    this.#mayBegin = true;
    this.pump();
  }

  /** What it has not done others are to do, with all the ranks of its gang. */
  giveBack(grace: number): void {
    if (this.#stopping) return;
    this.isGivenBack = true;
    this.stop(grace);
  }

  /** Nothing of it runs or will run: what its tasks left running is to end, too. */
  #closeIfOver(): void {
    if (!this.isOver || this.#closed) return;
    this.#closed = true;
    this.#context.starter.closeSeries(this.#context.worker);
  }

  stop(grace: number): void {
    this.#stopping = true;
    if (this.#started.length > 0) this.#context.starter.stop(this.#context.worker, grace);
    this.#closeIfOver();
  }

  /** Its user, or the run's limit, wishes its end. */
  cancel(grace: number): void {
    this.#context.cancelled();
    this.stop(grace);
  }

  /** Begins no more tasks than the starter has. */
  drain(): void {
    this.#draining = true;
    this.#closeIfOver();
  }

  /** The starter tells of the first of those it was given. */
  onEnded(ended: Ended): void {
    const started = this.#started.shift();
    if (started === undefined) return;
    const now = this.#context.now();
    const ms = Math.round(now - this.#lastEnd);
    this.#lastEnd = now;
    const outcome = this.#context.outcomeOf(ended, started.task, started.scratch);
    // Nothing more is started for a crew whose heartbeat has stopped, nor on a host that may be away.
    this.#lost = outcome !== 'given-back' && outcome.kind === 'lost';
    if (isSilence(ended) || this.#lost) this.#stopping = true;
    if (outcome === 'given-back' || (ended.kind === 'failed' && isSilence(ended))) {
      // What it printed is nobody's, and must not be taken for that of the next.
      if (ended.kind !== 'dropped') this.#keep(started);
      this.#stopping = true;
      this.#closeIfOver();
      return;
    }
    this.#note(started, outcome, ms);
    this.#endMissing();
    this.pump();
  }

  /** Tasks without a program end when it would be their turn: ends are told in order. */
  #endMissing(): void {
    for (let [first] = this.#started; first?.missing !== undefined; [first] = this.#started) {
      this.#started.shift();
      const reason = `cannot run ${first.missing}: it is not there, or not executable`;
      this.#note(first, { kind: 'spawn-error', reason }, 0);
    }
  }

  /** A task that runs long, or prints much, is given files of its own. */
  exposeAfter(milliseconds: number): void {
    const [running] = this.#started;
    if (running === undefined) return;
    const { output, token, now } = this.#context;
    const { task, scratch } = running;
    const isLong = now() - this.#lastEnd >= milliseconds;
    if (!scratch.exposed && (isLong || output.isMuch(scratch))) output.expose(task, token, scratch);
    output.attend(task, token, scratch);
  }

  /** Writes the lines of tasks that have ended since the last time. */
  flush(): void {
    if (this.#lines.length === 0) return;
    this.#context.lines.write(this.#lines.join(''), this.isOver);
    this.#lines = [];
  }

  /** From here on others can read all its lines. */
  publish(): void {
    this.flush();
    this.#context.lines.send();
  }

  get hasLines(): boolean {
    return this.#lines.length > 0;
  }

  /** Short tasks are handed out some ahead, so that none waits for us. */
  #depth(): number {
    if (this.ended === 0) return 1;
    const mean = (this.#lastEnd - this.#begin) / this.ended;
    const most = Math.min(this.#context.depth, this.#context.mostBegun());
    return Math.max(1, Math.min(most, Math.ceil(atHand / Math.max(mean, 0.1))));
  }

  #launch({ task, input }: Task): void {
    const { fanOut, paths, worker, launch, starter, scratch, elsewhere } = this.#context;
    const index = this.#launched % deepest;
    this.#launched += 1;
    const files = {
      out: scratch(index, 'out'),
      err: scratch(index, 'err'),
      exposed: false,
      delivered: new Map<string, number>(),
      cut: new Map<string, number>(),
    };
    const argv = taskArgv(fanOut, input, task);
    const variables = taskEnvironment(fanOut, input, task, {
      shardFile: (shard) => paths.shard(shard),
      hosts: this.#hosts,
    });
    const own = { ...variables, FJR_ATTEMPT: String(this.#attempt(task)) };
    const { argv: words, env } =
      elsewhere === undefined ? { argv, env: own } : elsewhere(task, argv, { ...launch.env, ...own });
    const [name = '', ...args] = words;
    const program = this.#program(name);
    this.#started.push({ task, input, scratch: files, missing: program === undefined ? name : undefined });
    if (program === undefined) return;
    const { timeout } = launch;
    const { out, err } = files;
    starter.runTask(worker, { argv: [program, ...args], env, timeout, out, err });
  }

  #program(name: string): string | undefined {
    if (!this.#programs.has(name)) this.#programs.set(name, this.#context.findProgram(name));
    return this.#programs.get(name);
  }

  #attempt(task: number): number {
    return 1 + Object.values(this.#failures[task] ?? {}).reduce((sum, count) => sum + count, 0);
  }

  #keep({ task, scratch }: Started): Pick<TaskLine, 'out' | 'err'> {
    try {
      return this.#context.output.keep(task, this.#context.token, scratch);
    } catch (error) {
      // That the task has ended counts for more than what it printed.
      this.#context.trouble(error);
      return {};
    }
  }

  #note(started: Started, outcome: Outcome, ms: number): void {
    const { token, worker, wall } = this.#context;
    const success = isSuccess(outcome);
    this.ended += 1;
    if (!success) this.failed += 1;
    this.#log(started, outcome, ms);
    const line: TaskLine = {
      task: started.task,
      token,
      ms,
      at: wall(),
      worker,
      ...(this.gang === undefined ? {} : { gang: this.gang }),
      ...(success ? {} : { outcome }),
      ...this.#keep(started),
    };
    this.#lines.push(formatTaskLine(line));
    if (!success && !this.#isTriedAgain(started.task, outcome)) this.#context.onFailed();
  }

  #log({ task, scratch }: Started, outcome: Outcome, ms: number): void {
    const { logs, output, token, wall } = this.#context;
    if (logs === undefined) return;
    const printed = (stream: 'out' | 'err'): Uint8Array =>
      output.excerpt(task, token, scratch, stream, mostCopied);
    logs.write({
      task,
      attempt: this.#attempt(task),
      ms,
      endedAt: new Date(wall()).toISOString(),
      outcome,
      isTriedAgain: !isSuccess(outcome) && this.#isTriedAgain(task, outcome),
      out: printed('out'),
      err: printed('err'),
    });
  }

  #isTriedAgain(task: number, outcome: Outcome): boolean {
    const reason = failureReason(outcome);
    if (reason === undefined) return false;
    return (this.#failures[task]?.[reason] ?? 0) < this.#context.fanOut.job.retries;
  }
}

function isSilence(ended: Ended): boolean {
  if (ended.kind === 'failed') return ended.reason === refusedInSilence;
  return ended.kind !== 'dropped' && ended.why === 'silence';
}
