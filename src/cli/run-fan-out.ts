import type { DispatcherEvent } from '../dispatcher/dispatcher-event.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';
import type { HostLine } from '../dispatcher/progress.js';
import type { SshWorkers } from '../job/fan-out.js';
import { formatSshHost } from '../job/fan-out-file/ssh-host.js';
import { FjrError } from '../job/fjr-error.js';
import { describeOutcome } from '../job/outcome.js';
import { parseEntryName } from '../queue/entry-name.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { create } from '../queue/steps.js';
import { reportCrews } from '../recruiter/crews-here.js';
import { takeLock } from '../system/lock.js';
import { clock, filesFor, thisHost } from './compose.js';
import { describeGang, progressLine } from './dispatcher-voice.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { beginRun, planRun } from './fan-out-door.js';
import { findFanOut } from './fan-outs.js';
import { dispatcherId, makeDispatcher } from './fjr-dispatcher.js';
import { openHintLine } from './hint-line.js';
import { describeHost } from './host-line.js';
import { MetricsFile } from './metrics.js';
import { checkWritable } from './output-file.js';
import { OwnCrew, type OwnWork } from './own-crew.js';
import type { PlannedRun } from './planned-run.js';
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
  const { leastWorkers, what } = planned;
  const { resume } = options;
  if (what.gang !== undefined && resume !== undefined)
    throw new FjrError('usage', '--resume goes with fan-out files: ranks all run', { hint: 'leave it out' });
  if (what.ssh !== undefined && options.workers !== undefined)
    throw new FjrError('usage', 'the workers of this run are the lines of its workers.file', {
      hint: 'leave out the number',
    });
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
    return await new FanOutRunner(project, planned, options.file, id, hints).toTheEnd(
      ownWork(planned, options.workers),
      Math.max(options.defaultWorkers, leastWorkers),
    );
  } finally {
    metrics?.close();
    await hints?.close();
  }
}

/** What a crew is hired for here, whoever else works; undefined: none need be. */
function ownWork({ name, workers, what }: PlannedRun, wanted: number | undefined): OwnWork | undefined {
  if (what.ssh !== undefined) return { run: name };
  const local = wanted ?? (workers.kind === 'local' ? workers.workers : undefined);
  return local === undefined ? undefined : { workers: local };
}

/** One run among whatever else its project holds. */
class FanOutRunner {
  readonly #project: Project;
  readonly #name: string;
  readonly #file: string;
  /** Hosts that no crew but ours reaches; undefined: any crew does the work. */
  readonly #hosts: SshWorkers | undefined;
  readonly #away = new Set<string>();
  readonly #dispatcher: Dispatcher;
  readonly #start = clock.monotonic();
  #verdict: { readonly failed: boolean; readonly words: string } | undefined;
  #interrupts = 0;
  #live = false;
  #waiting = '';
  #ownsLock = false;

  constructor(
    project: Project,
    { name, what }: PlannedRun,
    file: string,
    id: string,
    hints: Awaited<ReturnType<typeof openHintLine>>,
  ) {
    this.#project = project;
    this.#name = name;
    this.#file = file;
    this.#hosts = what.ssh;
    const always = { interval: 1, order: 'natural', endWhenDone: false, fsync: false } as const;
    const dispatching = { ...always, id, ownsLock: () => this.#ownsLock };
    this.#dispatcher = makeDispatcher(project, dispatching, hints, (event) => {
      this.#hear(event);
    });
  }

  /** `work`: what to hire for here; undefined: only if there are no workers at all. */
  async toTheEnd(work: OwnWork | undefined, defaultWorkers: number): Promise<ExitCode> {
    const { layout } = this.#project;
    // If another dispatcher works here, it carves our slices, too: ours only makes them end sooner.
    const lock = await takeLock(layout.dispatcherLock, thisHost(), {
      onLost: () => {
        this.#ownsLock = false;
      },
    });
    this.#ownsLock = lock.kind === 'mine';
    const crews = reportCrews(filesFor(this.#project), thisHost(), layout);
    const isEmpty = crews.every(({ liveness, file }) => liveness === 'dead' || file.only !== undefined);
    const crew =
      work !== undefined || isEmpty
        ? new OwnCrew(this.#project, work ?? { workers: defaultWorkers })
        : undefined;
    crew?.onGone(() => {
      if (this.#verdict !== undefined) return;
      if (this.#hosts === undefined) this.#dispatcher.stop();
      else this.#cancel();
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        this.#interrupt(crew);
      });
    this.#dispatcher.start();
    await this.#dispatcher.ended;
    this.#clearLine();
    if (this.#verdict === undefined && this.#hosts !== undefined) this.#cancel();
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

  /** What is left is for no other crew: it must not wait for one. */
  #cancel(): void {
    const { layout } = this.#project;
    perform(filesFor(this.#project), create(new FanOutPaths(layout.queued(this.#name)).cancelMark, ''));
  }

  #hearOfHost(line: HostLine): void {
    if (line.away === undefined) this.#away.delete(line.host);
    else this.#away.add(line.host);
    this.#clearLine();
    const { text, hint } = describeHost(line);
    remark(`fjr: ${text}`);
    if (hint !== undefined) remark(`hint: ${hint}`);
  }

  #hear(event: DispatcherEvent): void {
    if (event.kind === 'counts') this.#draw();
    if (event.kind === 'trouble')
      remark(`fjr: ${event.error instanceof Error ? event.error.message : String(event.error)}`);
    if (event.kind === 'host' && this.#hosts !== undefined) this.#hearOfHost(event.line);
    if (event.kind === 'gang' && event.name === this.#name) this.#tellWaiting(describeGang(event));
    if (event.kind !== 'ending') return;
    const { ending } = event;
    if (parseEntryName(ending.entry).job !== this.#name) return;
    this.#verdict = { failed: ending.to === 'failed', words: describeOutcome(ending.outcome) };
    this.#dispatcher.stop();
  }

  /** Once for each change. */
  #tellWaiting(words: string): void {
    if (words === this.#waiting) return;
    this.#waiting = words;
    this.#clearLine();
    remark(`fjr: ${printable(this.#name)} waits: ${words}`);
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
    if (this.#hosts !== undefined && this.#verdict?.failed !== false) return this.#concludeHosts(this.#hosts);
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

  /** What failed, or was not begun, only a crew of its own could do. */
  #concludeHosts({ hosts }: SshWorkers): ExitCode {
    const name = printable(this.#name);
    const away = new Set(hosts.map(formatSshHost)).size === this.#away.size;
    remark(`fjr: ${name}: ${this.#verdict?.words ?? 'it is not done, and cancelled'}`);
    if (away) remark(`fjr: none of its hosts can be reached`);
    remark(
      `hint: fjr --project ${this.#project.name} run --resume ${name} ${printable(this.#file)} goes on with it`,
    );
    if (this.#interrupts > 0) return exitCode.interrupted;
    return away ? exitCode.failure : exitCode.someFailed;
  }
}
