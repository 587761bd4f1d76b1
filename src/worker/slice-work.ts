import type { FanOut } from '../job/fan-out.js';
import { rankTypeOf } from '../job/gang.js';
import type { Job } from '../job/job.js';
import { parseEntryName, tokenOf } from '../queue/entry-name.js';
import { cancelMarkName, fanOutOf, gangStateName, parseGangState } from '../queue/fan-out-paths.js';
import { finishSlice, sealSlice } from '../queue/finish-slice.js';
import { isSuccess } from '../job/outcome.js';
import { formatJournalLine } from '../queue/journal.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { append, list, read } from '../queue/steps.js';
import type { Pace } from '../queue/pace.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import { containerProcess } from './container.js';
import type { CrewEvents } from './crew-events.js';
import { FailureLimit } from './failure-limit.js';
import { farEnd } from './far-end.js';
import type { HeldItems } from '../queue/held-items.js';
import type { Launcher } from './launcher.js';
import type { Life } from './life.js';
import { outcomeOf } from './outcome-of.js';
import type { Busy, Ending } from './roster.js';
import type { Scratch } from './scratch.js';
import { type Elsewhere, SliceRun, deepest } from './slice-run.js';
import { type SliceParts, Slices } from './slices.js';
import { TaskLogs } from './task-logs.js';
import type { SshHosts } from './ssh-hosts.js';
import { sshProcess } from './ssh-process.js';
import { type Launch, type Starter, killGrace } from './starter.js';

/** What slices need of their crew. */
export interface SliceCrew {
  readonly id: CrewId;
  readonly layout: Layout;
  readonly files: Files;
  readonly clock: Clock;
  readonly starter: Starter;
  readonly launcher: Launcher;
  readonly scratch: Scratch;
  readonly items: HeldItems;
  /** Undefined: tasks run here. */
  readonly hosts: SshHosts | undefined;
  readonly pace: Pace;
  readonly signalName: (number: number) => string;
  readonly findProgram: (name: string, directory: string, path: string | undefined) => string | undefined;
  readonly life: Life;
  readonly events: CrewEvents;
}

/** A crew's work on slices of fan-out jobs. */
export class SliceWork {
  readonly #crew: SliceCrew;
  readonly #slices: Slices;
  /** Of fan-out jobs of which slices run. */
  readonly #limits = new Map<string, FailureLimit<SliceRun>>();
  /** By the directory of a fan-out job, monotonic milliseconds of the last look for a wish to cancel it. */
  readonly #lookedAt = new Map<string, number>();
  #scriptText: string | undefined;

  constructor(crew: SliceCrew) {
    this.#crew = crew;
    this.#slices = new Slices(crew);
  }

  /** The tasks of a started slice, ready to run one after another; undefined: its fan-out job is gone, or cancelled. */
  prepare(worker: number, busy: Busy, jobFile: string): SliceRun | undefined {
    const { command } = busy.job;
    const parts = command.kind === 'slice' ? this.#slices.partsOf(command.slice) : undefined;
    if (command.kind !== 'slice' || parts === undefined) return undefined;
    if (this.#isCancelled(parts.paths.directory)) return undefined;
    const { id, clock, starter, scratch, hosts, signalName, life, events } = this.#crew;
    const trouble = (error: unknown): void => {
      events.trouble(error);
    };
    const { fanOut, output } = parts;
    const job: Job = { ...busy.job, ...fanOut.job };
    scratch.ensureTaskDirectory();
    const limit = this.#limitOf(command.slice.of, fanOut);
    const token = tokenOf(busy.entry) ?? '';
    const launch = this.#launchOf(worker, { ...busy, job }, jobFile, fanOut);
    const directory = launch.cwd === '' ? this.#crew.launcher.options.directory : launch.cwd;
    const run: SliceRun = new SliceRun({
      ...parts,
      slice: command.slice,
      worker,
      token,
      launch: hosts === undefined ? launch : { ...launch, cwd: '', nice: 0 },
      starter,
      findProgram: (name) => this.#crew.findProgram(name, directory, launch.env['PATH']),
      elsewhere: this.#elsewhere(worker, parts, token, launch.nice),
      // A task that is at hand would be begun on a host that is away.
      depth: hosts === undefined ? deepest : 1,
      scratch: (index, stream) => scratch.taskPath(worker, index, stream),
      outcomeOf: (ended, task, files) => {
        const { cancelled } = busy;
        const { timeout } = job;
        // Of a crew that leaves, what runs is stopped.
        const givenBack = life.phase === 'leaving' || run.isGivenBack;
        const end =
          hosts === undefined
            ? ended
            : farEnd(ended, (pattern) => output.takeEnd(task, token, files, pattern));
        if (end.kind === 'cut')
          return givenBack ? 'given-back' : { kind: 'lost', crew: id, host: hosts?.nameOf(worker) ?? '' };
        const outcome = outcomeOf(end, { crew: id, timeout, cancelled, givenBack, signalName });
        // That its peers are gone makes a rank fail, too.
        const isInVain = run.isGivenBack && outcome !== 'given-back' && !isSuccess(outcome);
        return isInVain ? 'given-back' : outcome;
      },
      mostBegun: () => limit.depthOf(run),
      onFailed: () => {
        for (const slice of limit.fail()) if (fanOut.failFast === true) slice.cancel(killGrace);
      },
      cancelled: () => {
        busy.cancelled = true;
      },
      trouble,
      logs: fanOut.logFiles && new TaskLogs(this.#crew.files, fanOut.logFiles, `${id}.${worker}`, trouble),
      now: () => clock.monotonic(),
      wall: () => clock.wall(),
    });
    limit.begin(run);
    return run;
  }

  /** As of a moment ago. By a listing: a name that is asked for again and again may be remembered as missing. */
  #isCancelled(directory: string): boolean {
    const now = this.#crew.clock.monotonic();
    if (now - (this.#lookedAt.get(directory) ?? -Infinity) < this.#crew.pace.lookAtRuns) return false;
    for (const [known, at] of this.#lookedAt)
      if (now - at >= this.#crew.pace.lookAtRuns) this.#lookedAt.delete(known);
    this.#lookedAt.set(directory, now);
    return perform(this.#crew.files, list(directory))?.includes(cancelMarkName) === true;
  }

  #limitOf(of: string, fanOut: FanOut): FailureLimit<SliceRun> {
    const limit = this.#limits.get(of) ?? new FailureLimit(fanOut);
    this.#limits.set(of, limit);
    return limit;
  }

  /** What all tasks of a slice begin from, as it would be here. */
  #launchOf(worker: number, busy: Busy, jobFile: string, { pools, ssh }: FanOut): Launch {
    const { launcher, hosts } = this.#crew;
    // A directory of another host is not looked for here.
    const job = ssh === undefined ? busy.job : { ...busy.job, workdir: undefined };
    const launch = withNames(launcher.prepare(worker, { ...busy, job }, jobFile), pools);
    if (hosts === undefined) return launch;
    // There is no such file there, and the GPUs are those of the worker's own host.
    const { FJR_JOB_FILE: _, CUDA_VISIBLE_DEVICES: __, ...env } = launch.env;
    const { gpus } = job.needs;
    const devices = Array.from({ length: gpus }, (_device, index) => hosts.rankOf(worker) * gpus + index);
    return { ...launch, env: gpus === 0 ? env : { ...env, CUDA_VISIBLE_DEVICES: devices.join(',') } };
  }

  /** In a container, on another host, or both: then the host is given what makes the container. */
  #elsewhere(worker: number, parts: SliceParts, token: string, nice: number): Elsewhere | undefined {
    const container = this.#containerOf(parts, token);
    const link = this.#crew.hosts?.linkOf(worker);
    if (link === undefined) return container;
    const { workdir } = parts.fanOut.job;
    const mark = `fjr-begin-${token}`;
    return (task, argv, env) =>
      container === undefined
        ? sshProcess(link, { argv, env, workdir, nice, mark })
        : sshProcess(link, { ...container(task, argv, env), workdir: undefined, nice, mark });
  }

  #containerOf(
    { fanOut, paths }: Pick<SliceParts, 'fanOut' | 'paths'>,
    token: string,
  ): Elsewhere | undefined {
    const { container: spec, gang } = fanOut;
    if (spec === undefined) return undefined;
    const { containerScript: script } = this.#crew.launcher.options;
    return (task, argv, env) => {
      const { needs, shm } =
        gang === undefined ? { needs: fanOut.job.needs, shm: spec.shm } : rankTypeOf(gang, task);
      return containerProcess({
        spec: { ...spec, shm },
        name: `fjr-${token}-${task}`,
        run: fanOut.id,
        crew: this.#crew.id,
        needs,
        argv,
        env,
        script: this.#crew.hosts === undefined ? [script] : ['-c', this.#containerScript(), 'container.sh'],
        archive: paths.image,
      });
    };
  }

  /** What a host is given to run. */
  #containerScript(): string {
    return (this.#scriptText ??= Buffer.from(
      perform(this.#crew.files, read(this.#crew.launcher.options.containerScript)) ?? '',
    ).toString('utf8'));
  }

  /** Tells slices whose tasks are ranks what was decided of their gangs. */
  lookAtGangs(runs: Iterable<SliceRun>): void {
    const listed = new Map<string, readonly string[] | undefined>();
    for (const run of runs) {
      if (run.gang === undefined) continue;
      const { directory } = run;
      if (!listed.has(directory)) listed.set(directory, perform(this.#crew.files, list(directory)));
      const names = listed.get(directory);
      if (names === undefined) run.giveBack(killGrace);
      else if (names.includes(cancelMarkName)) run.cancel(killGrace);
      const state = parseGangState(names ?? []);
      // A listing may miss a name that is being changed: the next one finds it.
      if (state === undefined) continue;
      run.hearOfGang(state, () => this.#hostsOf(`${directory}/${gangStateName(state)}`), killGrace);
    }
  }

  /** Undefined: it is void by now, or cannot be read: the next look tells. */
  #hostsOf(path: string): readonly string[] | undefined {
    try {
      const bytes = perform(this.#crew.files, read(path));
      return (JSON.parse(Buffer.from(bytes ?? '').toString('utf8')) as { hosts: string[] }).hosts;
    } catch {
      return undefined;
    }
  }

  /** All tasks have their lines, and the slice goes away; or what is left of it is given back. */
  commit(worker: number, { entry, needs, ms }: Ending, run: SliceRun): 'committed' | 'fenced' {
    const { id, layout, files, clock, items } = this.#crew;
    run.publish();
    // Its processes are dead: from here on somebody else may hold its items.
    if (needs.resources.length > 0) items.release(entry);
    const token = tokenOf(entry);
    const of = fanOutOf(parseEntryName(entry).job);
    if (this.#limits.get(of ?? '')?.end(run) === true) this.#limits.delete(of ?? '');
    const { ended: tasks, failed } = run;
    const line = { time: clock.timestamp(), entry, worker, tasks, failed, ms };
    if (run.isComplete || token === undefined || of === undefined)
      return perform(files, finishSlice(layout, id, line));
    perform(files, sealSlice(layout, id, layout.pod(id), { entry, of, token }, false));
    // Dispatchers hear of what has ended from the journal.
    perform(files, append(layout.journalOf(id), formatJournalLine({ event: 'slice', ...line })));
    return 'committed';
  }
}

/** A run's tasks know its pools by names of its own. */
function withNames(launch: Launch, pools: FanOut['pools']): Launch {
  const renamed = new Map(
    pools.map(({ pool, name, kept }) => [
      `TASK_RESOURCE_${pool}`,
      `${kept === true ? 'WORKER' : 'TASK'}_RESOURCE_${name}`,
    ]),
  );
  const env = Object.entries(launch.env).map(([name, value]) => [renamed.get(name) ?? name, value]);
  return { ...launch, env: Object.fromEntries(env) as Launch['env'] };
}
