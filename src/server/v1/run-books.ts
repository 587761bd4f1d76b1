import type { FanOut } from '../../job/fan-out.js';
import { hideValues } from '../../job/fan-out-file/secrets.js';
import { FjrError } from '../../job/fjr-error.js';
import { describeOutcome, isSuccess } from '../../job/outcome.js';
import { FanOutBook } from '../../queue/fan-out-book.js';
import { FanOutPaths, type FanOutProgress } from '../../queue/fan-out-paths.js';
import { perform } from '../../queue/perform.js';
import { read } from '../../queue/steps.js';
import { type TaskLine, outcomeOfLine } from '../../queue/task-line.js';
import { parseProgress } from '../events/run-progress.js';
import { Breather } from '../feed/breather.js';
import type { Served } from '../served.js';
import { Problem } from './problem.js';

/** A task's newest execution. Times are ISO 8601; what is not known is null. */
export interface TaskJson {
  readonly task: number;
  readonly state: 'done' | 'failed' | 'retrying';
  readonly begin: string | null;
  readonly end: string | null;
  readonly crew: string | null;
  readonly worker: number | null;
  readonly outcome: string | null;
}

/** Of a run: 25 bytes are kept of each. */
const mostTasks = 10_000_000;
/** Runs of which the lines are kept, and milliseconds without a question after which they are not. */
const mostBooks = 4;
const idleTime = 120_000;

/** Throws Problem: these are too many to be looked at one by one. */
export function checkTasks(tasks: number): void {
  if (tasks > mostTasks)
    throw new Problem(422, {
      code: 'too_many_tasks',
      detail: `the run has ${tasks} tasks: those of up to ${mostTasks} are listed`,
    });
}

/** What has become of runs' tasks: read once for those who look at one, and from then on what was written since. */
export class RunBooks {
  readonly #served: Served;
  readonly #books = new Map<string, RunBook>();

  constructor(served: Served) {
    this.#served = served;
    const timer = setInterval(() => {
      this.#forgetIdle();
    }, idleTime);
    timer.unref();
    served.closing.addEventListener('abort', () => {
      clearInterval(timer);
    });
  }

  /** How far a run is: as its dispatcher wrote down last, which it also does when it ends. Null: there is no such run. */
  async counts(directory: string): Promise<FanOutProgress | null> {
    const written = parseProgress(perform(this.#served.files, read(new FanOutPaths(directory).progress)));
    return written ?? (await this.#open(directory))?.counts ?? null;
  }

  /** The tasks that have been executed, from one on; undefined: there is no such run. */
  async tasks(
    directory: string,
    from: number,
    limit: number,
  ): Promise<{ tasks: TaskJson[]; next: number | undefined } | undefined> {
    return (await this.#open(directory))?.page(from, limit);
  }

  async #open(directory: string): Promise<RunBook | undefined> {
    const known = this.#books.get(directory);
    this.#books.delete(directory);
    const book = known ?? this.#make(directory);
    if (book === undefined) return undefined;
    this.#books.set(directory, book);
    const [oldest] = this.#books.keys();
    if (this.#books.size > mostBooks && oldest !== undefined) this.#books.delete(oldest);
    await book.refresh();
    return book;
  }

  #make(directory: string): RunBook | undefined {
    try {
      return new RunBook(this.#served, directory);
    } catch (error) {
      if (error instanceof FjrError && error.code === 'not-a-fan-out') return undefined;
      throw error;
    }
  }

  #forgetIdle(): void {
    const before = this.#served.clock.monotonic() - idleTime;
    for (const [directory, { asked }] of this.#books) if (asked < before) this.#books.delete(directory);
  }
}

class RunBook {
  asked: number;
  readonly #served: Served;
  readonly #book: FanOutBook;
  /** By task: when it ended, how long it took, by whom and how. */
  readonly #ended: Float64Array;
  readonly #took: Float64Array;
  readonly #workers: Uint16Array;
  readonly #crews: Uint16Array;
  /** 0: it was not executed. */
  readonly #outcomes: Uint32Array;
  readonly #crewNames = new Names();
  readonly #sentences = new Names();
  #reading: Promise<void> | undefined;

  constructor(served: Served, directory: string) {
    this.#served = served;
    this.asked = served.clock.monotonic();
    this.#book = new FanOutBook(served.files, new FanOutPaths(directory), (line, crew, counts) => {
      if (counts) this.#note(line, crew);
    });
    const { tasks } = this.#book.fanOut;
    checkTasks(tasks);
    this.#ended = new Float64Array(tasks);
    this.#took = new Float64Array(tasks);
    this.#workers = new Uint16Array(tasks);
    this.#crews = new Uint16Array(tasks);
    this.#outcomes = new Uint32Array(tasks);
    this.#sentences.numberOf('');
  }

  get counts(): FanOutProgress {
    const { tally, fanOut } = this.#book;
    return { tasks: fanOut.tasks, done: tally.done, failed: tally.failed };
  }

  /** Reads what was written since. */
  async refresh(): Promise<void> {
    this.asked = this.#served.clock.monotonic();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  page(from: number, limit: number): { tasks: TaskJson[]; next: number | undefined } {
    const tasks: TaskJson[] = [];
    for (let task = from; task < this.#outcomes.length; task += 1) {
      const json = this.#describe(task);
      if (json === undefined) continue;
      if (tasks.length === limit) return { tasks, next: task };
      tasks.push(json);
    }
    return { tasks, next: undefined };
  }

  async #read(): Promise<void> {
    const breather = new Breather(this.#served.clock);
    const pieces = this.#book.refreshInPieces(this.#served.isShared);
    while (pieces.next().done !== true) await breather.breathe();
  }

  #note(line: TaskLine, crew: string): void {
    const { task, at = NaN, ms, worker = 0 } = line;
    const outcome = outcomeOfLine(line);
    const words = isSuccess(outcome) ? 'done' : this.#shown(describeOutcome(outcome));
    this.#ended[task] = at;
    this.#took[task] = ms;
    this.#workers[task] = worker;
    this.#crews[task] = this.#crewNames.numberOf(crew);
    this.#outcomes[task] = this.#sentences.numberOf(words);
  }

  /** Why something could not be started may name the command. */
  #shown(words: string): string {
    const { hidden = [] }: Pick<FanOut, 'hidden'> = this.#book.fanOut;
    return hideValues(words, hidden);
  }

  /** Undefined: it was not executed, or what was is void. */
  #describe(task: number): TaskJson | undefined {
    const outcome = this.#sentences.at(this.#outcomes[task] ?? 0);
    const state = this.#book.tally.stateOf(task);
    if (outcome === '' || (state === 'open' && outcome === 'done')) return undefined;
    const ended = this.#ended[task] ?? NaN;
    const worker = this.#workers[task] ?? 0;
    return {
      task,
      state: state === 'open' ? 'retrying' : state,
      begin: isoOf(ended - (this.#took[task] ?? 0)),
      end: isoOf(ended),
      crew: this.#crewNames.at(this.#crews[task] ?? 0),
      worker: worker === 0 ? null : worker,
      outcome,
    };
  }
}

/** Few strings that many have in common, by number. */
class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  at(number: number): string {
    return this.#names[number] ?? '';
  }
}

function isoOf(at: number): string | null {
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
