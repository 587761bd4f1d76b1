import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { remove } from 'fs-extra/esm';
import type { DispatcherEvent } from '../dispatcher/dispatcher-event.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';
import type { Ending } from '../dispatcher/progress.js';
import { FjrError } from '../job/fjr-error.js';
import { describeOutcome } from '../job/outcome.js';
import { jobScript } from '../job/job-script.js';
import {
  type CommandTemplate,
  type PlaceholderStyle,
  hasPlaceholder,
  renderTemplate,
} from '../job/template.js';
import { parseEntryName } from '../queue/entry-name.js';
import type { HintLine } from '../queue/hint.js';
import { type Place, allPlaces } from '../queue/places.js';
import { newToken } from '../queue/token.js';
import { takeLock } from '../system/lock.js';
import { clock, filesFor, thisHost } from './compose.js';
import { progressLine } from './dispatcher-voice.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { dispatcherId, makeDispatcher } from './fjr-dispatcher.js';
import { LogCopier } from './logs.js';
import { openHintLine } from './hint-line.js';
import { OwnCrew } from './own-crew.js';
import { type Project, openProject } from './project.js';
import { plural, printable, remark } from './say.js';
import { submit } from './submit.js';

export interface RunOptions {
  /** Undefined: a project for this run alone, removed when all went well. */
  readonly project: string | undefined;
  readonly template: CommandTemplate;
  readonly style: PlaceholderStyle;
  readonly inputs: readonly (readonly string[])[];
  readonly workers: number;
  readonly keepOrder: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

/** `fjr run`: hires, queues, dispatches, prints what each job printed, whole, and fires. */
export async function runCommand(options: RunOptions): Promise<ExitCode> {
  if (options.inputs.length === 0) return exitCode.fine;
  const project = openProject(options.project ?? `run-${newToken()}`);
  const prefix = options.project === undefined ? '' : `run-${newToken().slice(0, 6)}-`;
  const names = options.inputs.map((_, index) => `${prefix}${index + 1}.sh`);
  // It listens from before the first job is there: where others work, too, jobs may end while we still submit.
  const id = dispatcherId();
  const hints = await openHintLine(project, id);
  const run = new Run(project, names, options, id, hints);
  options.inputs.forEach((values, index) => {
    const sequence = index + 1;
    const name = names[index] ?? '';
    const lines = renderTemplate(options.template, options.style, { values, sequence });
    submit(project, { name, content: jobScript(lines, process.cwd(), options.settings), executable: true });
  });
  try {
    return await run.toTheEnd(options);
  } finally {
    await hints?.close();
  }
}

/** The jobs of one `fjr run`, among whatever else its project holds. */
class Run {
  readonly #project: Project;
  readonly #left: Set<string>;
  readonly #names: readonly string[];
  readonly #inputs: RunOptions['inputs'];
  readonly #keepOrder: boolean;
  readonly #ended = new Map<string, Ending>();
  #printed = 0;
  #printing: Promise<void> = Promise.resolve();
  #failed = 0;
  #interrupted = false;
  #live = false;
  readonly #dispatcher: Dispatcher;
  readonly #start = clock.monotonic();
  #lastEnding = clock.monotonic();
  /** Names that were nowhere at the last look. */
  #missing: ReadonlySet<string> = new Set();

  constructor(
    project: Project,
    names: readonly string[],
    { inputs, keepOrder }: RunOptions,
    id: string,
    hints: HintLine | undefined,
  ) {
    this.#project = project;
    this.#inputs = inputs;
    this.#names = names;
    this.#left = new Set(names);
    this.#keepOrder = keepOrder;
    // If another dispatcher works here, it pairs our jobs, too: ours only makes them end sooner.
    const dispatching = { id, interval: 1, order: 'natural', endWhenDone: false, fsync: false } as const;
    this.#dispatcher = makeDispatcher(project, dispatching, hints, (event) => {
      this.#hear(event);
    });
  }

  async toTheEnd(options: RunOptions): Promise<ExitCode> {
    const lock = await takeLock(this.#project.layout.dispatcherLock, thisHost(), {
      onLost: () => undefined,
    });
    const crew = new OwnCrew(this.#project, { workers: options.workers });
    const dispatcher = this.#dispatcher;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        this.#interrupted = true;
        dispatcher.stop();
      });
    crew.onGone(() => {
      if (this.#left.size > 0) dispatcher.stop();
    });
    dispatcher.start();
    await dispatcher.ended;
    await this.#printing;
    this.#clearLine();
    // In a shared project our crew may run somebody else's job by now: that ends first.
    if (options.project !== undefined && !this.#interrupted) crew.drain();
    else crew.leave();
    await crew.gone();
    if (lock.kind === 'mine') await lock.unlock();
    return this.#conclude(options.project === undefined);
  }

  #hear(event: DispatcherEvent): void {
    if (event.kind === 'counts') {
      this.#draw();
      this.#lookForSilent();
    }
    if (event.kind === 'trouble')
      remark(`fjr: ${event.error instanceof Error ? event.error.message : String(event.error)}`);
    if (event.kind !== 'ending' || event.ending.to === 'queue') return;
    this.#end(event.ending);
  }

  #end(ending: Ending): void {
    const { job } = parseEntryName(ending.entry);
    if (!this.#left.delete(job)) return;
    this.#lastEnding = clock.monotonic();
    this.#ended.set(job, ending);
    if (ending.to === 'failed') this.#failed += 1;
    this.#printNext(job);
    if (this.#left.size === 0) this.#dispatcher.stop();
  }

  /**
   * Jobs that nobody tells of: somebody withdrew them, or their line in the journal was lost. One look is not enough to
   * say that a job is nowhere, since it may have moved meanwhile.
   */
  #lookForSilent(): void {
    if (clock.monotonic() - this.#lastEnding < silence || this.#left.size === 0) return;
    const places = new Map<string, Place>();
    for (const place of allPlaces(filesFor(this.#project), this.#project.layout))
      places.set(parseEntryName(place.entry).job, place);
    const missing = new Set<string>();
    for (const job of [...this.#left]) {
      const place = places.get(job);
      if (place === undefined && !this.#missing.has(job)) missing.add(job);
      else if (place === undefined) this.#end(withoutLine(job, 'failed', 'withdrawn'));
      else if (place.state === 'done' || place.state === 'failed')
        this.#end(withoutLine(place.entry, place.state, 'its end is not in the journal'));
    }
    this.#missing = missing;
  }

  /** Each job's output is printed whole, in the order of ending, or of the inputs. */
  #printNext(job: string): void {
    if (!this.#keepOrder) {
      this.#print(job);
      return;
    }
    for (;;) {
      const next = this.#names[this.#printed];
      if (next === undefined || !this.#ended.has(next)) return;
      this.#printed += 1;
      this.#print(next);
    }
  }

  #print(job: string): void {
    const ending = this.#ended.get(job);
    if (ending === undefined) return;
    this.#printing = this.#printing.then(async () => {
      this.#clearLine();
      if (ending.event === 'finish' && ending.printed.length > 0)
        await new LogCopier(filesFor(this.#project), this.#project, ending.entry).copy();
      if (ending.to === 'failed')
        remark(`fjr: ${this.#describe(job)}: ${printable(describeOutcome(ending.outcome))}`);
    });
  }

  /** How people know a job: by its input, if it has one. */
  #describe(job: string): string {
    const values = this.#inputs[this.#names.indexOf(job)] ?? [];
    return values.length === 0 ? `job ${printable(job)}` : `input ${printable(values.join(' '))}`;
  }

  #draw(): void {
    if (!process.stderr.isTTY) return;
    const counts = {
      ...this.#dispatcher.counts(),
      done: this.#ended.size - this.#failed,
      failed: this.#failed,
    };
    this.#live = true;
    const line = progressLine(counts, (clock.monotonic() - this.#start) / 1000);
    process.stderr.write(`\r\u001b[2K${line.slice(0, process.stderr.columns - 1)}`);
  }

  #clearLine(): void {
    if (this.#live) process.stderr.write('\r\u001b[2K');
    this.#live = false;
  }

  async #conclude(ownProject: boolean): Promise<ExitCode> {
    const { name, layout } = this.#project;
    if (this.#left.size > 0) {
      remark(`fjr: ${plural(this.#left.size, 'job')} not done; they wait in project "${name}".`);
      remark(`hint: go on with fjr-recruiter --project ${name} hire, then fjr-dispatcher --project ${name}`);
      return this.#interrupted ? exitCode.interrupted : exitCode.failure;
    }
    if (this.#failed === 0) {
      if (ownProject) await remove(layout.root);
      return exitCode.fine;
    }
    remark(`fjr: ${this.#failed} of ${plural(this.#names.length, 'job')} failed.`);
    if (ownProject)
      remark(`hint: fjr --project ${name} status shows more, fjr --project ${name} show JOB shows all`);
    return exitCode.someFailed;
  }
}

/** Milliseconds without an ending after which we look for ourselves. */
const silence = 3000;

function withoutLine(entry: string, to: 'done' | 'failed', reason: string): Ending {
  const outcome =
    to === 'done' ? ({ kind: 'exit', code: 0 } as const) : ({ kind: 'rejected', reason } as const);
  return { event: 'verdict', time: clock.timestamp(), entry, to, outcome };
}

/** Where inputs come from: `:::` lists (their product), a file, standard input, or nowhere (once, or `--repeat`). */
export async function readInputs(args: {
  readonly lists: readonly (readonly string[])[];
  readonly file: string | undefined;
  readonly template: CommandTemplate;
  readonly repeat: number | undefined;
}): Promise<string[][]> {
  if (args.lists.length > 0) return product(args.lists);
  if (args.file !== undefined) return (await readInputLines(args.file)).map((line) => [line]);
  if (args.repeat !== undefined) return Array.from({ length: args.repeat }, () => []);
  if (hasPlaceholder(args.template)) {
    if (process.stdin.isTTY)
      throw new FjrError('usage', 'no inputs', {
        hint: 'give them after :::, by --inputs FILE, or on standard input',
      });
    return (await readInputLines('-')).map((line) => [line]);
  }
  return [[]];
}

function product(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  );
}

async function readInputLines(file: string): Promise<string[]> {
  try {
    // Not readFileSync of descriptor 0: a pipe whose writer is slow answers that with EAGAIN.
    const content = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
    return content.split('\n').filter((line) => line !== '');
  } catch (error) {
    const where = file === '-' ? 'on standard input' : `in ${file}`;
    throw new FjrError(
      'usage',
      `cannot read the inputs ${where}: ${(error as NodeJS.ErrnoException).code ?? ''}`,
      { cause: error },
    );
  }
}
