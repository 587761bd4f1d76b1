import type { Dispatcher, DispatcherEvent } from '../dispatcher/dispatcher.js';
import { FjrError } from '../job/fjr-error.js';
import { describeOutcome } from '../job/outcome.js';
import { parseEntryName } from '../queue/entry-name.js';
import { reportCrews } from '../recruiter/crews-here.js';
import { takeLock } from '../system/lock.js';
import { clock, filesFor, thisHost } from './compose.js';
import { progressLine } from './dispatcher-voice.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { beginRun, planRun } from './fan-out-door.js';
import { findFanOut } from './fan-outs.js';
import { dispatcherId, makeDispatcher } from './fjr-dispatcher.js';
import { openHintLine } from './hint-line.js';
import { MetricsFile } from './metrics.js';
import { checkWritable } from './output-file.js';
import { OwnCrew } from './own-crew.js';
import { type Project, openProject } from './project.js';
import { openTasksOf } from './resume.js';
import { plural, printable, remark, say } from './say.js';

export interface RunFanOutOptions {
  readonly project: string;
  readonly file: string;
  /** Workers to hire here; undefined: as the file says, or as many as the host has CPUs if nobody works yet. */
  readonly workers: number | undefined;
  readonly defaultWorkers: number;
  /** An earlier run: its inputs that are done are left out. */
  readonly resume: string | undefined;
  /** A file that tells Prometheus how it stands. */
  readonly metrics: string | undefined;
  /** Whether a manifest's ranks may have containers. */
  readonly containers: boolean;
}

/** `fjr run fjr.yaml` or `manifest.yaml`: submits a run, works on it until it is over, and says what came of it. */
export async function runFanOutCommand(options: RunFanOutOptions): Promise<ExitCode> {
  const project = openProject(options.project);
  if (options.metrics !== undefined) checkWritable(options.metrics);
  const planned = planRun(project, options.file, { containers: options.containers });
  const { workers, leastWorkers, what } = planned;
  const { resume } = options;
  if (what.gang !== undefined && resume !== undefined)
    throw new FjrError('usage', '--resume goes with fan-out files: ranks all run', { hint: 'leave it out' });
  const files = filesFor(project);
  const earlier = resume === undefined ? undefined : findFanOut(project, files, resume).path;
  let tasks: number;
  try {
    tasks = await beginRun(project, planned, (all, facts) =>
      earlier === undefined ? all : openTasksOf(files, earlier, facts, all),
    );
  } catch (error) {
    if (resume === undefined || !(error instanceof FjrError) || error.code !== 'no-inputs') throw error;
    say(`${printable(resume)}: nothing is left to do`);
    return exitCode.fine;
  }
  say(`${planned.name}: ${plural(tasks, what.gang === undefined ? 'task' : 'rank')}`);
  const id = dispatcherId();
  const hints = await openHintLine(project, id);
  const metrics =
    options.metrics === undefined ? undefined : new MetricsFile(project, planned.name, options.metrics);
  try {
    const local = options.workers ?? (workers.kind === 'local' ? workers.workers : undefined);
    return await new FanOutRunner(project, planned.name, id, hints).toTheEnd(
      local,
      Math.max(options.defaultWorkers, leastWorkers),
    );
  } finally {
    metrics?.close();
    await hints?.close();
  }
}

/** One run among whatever else its project holds. */
class FanOutRunner {
  readonly #project: Project;
  readonly #name: string;
  readonly #dispatcher: Dispatcher;
  readonly #start = clock.monotonic();
  #verdict: { readonly failed: boolean; readonly words: string } | undefined;
  #interrupts = 0;
  #live = false;

  constructor(project: Project, name: string, id: string, hints: Awaited<ReturnType<typeof openHintLine>>) {
    this.#project = project;
    this.#name = name;
    const dispatching = { id, interval: 1, order: 'natural', endWhenDone: false, fsync: false } as const;
    this.#dispatcher = makeDispatcher(project, dispatching, hints, (event) => {
      this.#hear(event);
    });
  }

  /** `local`: workers to hire here; undefined: only if there are none at all. */
  async toTheEnd(local: number | undefined, defaultWorkers: number): Promise<ExitCode> {
    const { layout } = this.#project;
    // If another dispatcher works here, it carves our slices, too: ours only makes them end sooner.
    const lock = await takeLock(layout.dispatcherLock, thisHost(), { onLost: () => undefined });
    const crews = reportCrews(filesFor(this.#project), thisHost(), layout);
    const isEmpty = crews.every(({ liveness }) => liveness === 'dead');
    const crew =
      local !== undefined || isEmpty ? new OwnCrew(this.#project, local ?? defaultWorkers) : undefined;
    crew?.onGone(() => {
      if (this.#verdict === undefined) this.#dispatcher.stop();
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        this.#interrupt(crew);
      });
    this.#dispatcher.start();
    await this.#dispatcher.ended;
    this.#clearLine();
    if (this.#verdict === undefined) crew?.leave();
    else crew?.drain();
    await crew?.gone();
    if (lock.kind === 'mine') await lock.unlock();
    return this.#conclude();
  }

  /** The first time what runs may end; the second time nothing may. */
  #interrupt(crew: OwnCrew | undefined): void {
    this.#interrupts += 1;
    if (this.#interrupts > 1 || crew === undefined) {
      this.#dispatcher.stop();
      return;
    }
    this.#clearLine();
    remark('fjr: no more tasks are begun; those that run may end. Again: stop them, too.');
    crew.drain();
  }

  #hear(event: DispatcherEvent): void {
    if (event.kind === 'counts') this.#draw();
    if (event.kind === 'trouble')
      remark(`fjr: ${event.error instanceof Error ? event.error.message : String(event.error)}`);
    if (event.kind !== 'ending') return;
    const { ending } = event;
    if (parseEntryName(ending.entry).job !== this.#name) return;
    this.#verdict = { failed: ending.to === 'failed', words: describeOutcome(ending.outcome) };
    this.#dispatcher.stop();
  }

  #draw(): void {
    if (!process.stderr.isTTY) return;
    this.#live = true;
    const line = progressLine(this.#dispatcher.counts(), (clock.monotonic() - this.#start) / 1000);
    process.stderr.write(`\r\u001b[2K${line.slice(0, process.stderr.columns - 1)}`);
  }

  #clearLine(): void {
    if (this.#live) process.stderr.write('\r\u001b[2K');
    this.#live = false;
  }

  #conclude(): ExitCode {
    const project = this.#project.name;
    const name = printable(this.#name);
    if (this.#verdict === undefined) {
      remark(`fjr: ${name} is not done; what is left of it waits in project "${project}".`);
      remark(
        `hint: go on with fjr-recruiter --project ${project} hire, then fjr-dispatcher --project ${project}`,
      );
      return this.#interrupts > 0 ? exitCode.interrupted : exitCode.failure;
    }
    if (!this.#verdict.failed) {
      say(`${name}: done`);
      return exitCode.fine;
    }
    remark(`fjr: ${name}: ${this.#verdict.words}`);
    remark(
      `hint: fjr --project ${project} show ${name} says which; fjr --project ${project} retry ${name} tries those again`,
    );
    return exitCode.someFailed;
  }
}
