import type { FanOut } from '../job/fan-out.js';
import { rankTypeOf } from '../job/gang.js';
import type { Job } from '../job/job.js';
import { parseEntryName, tokenOf } from '../queue/entry-name.js';
import { cancelMarkName, fanOutOf } from '../queue/fan-out-paths.js';
import { finishSlice, sealSlice } from '../queue/finish-slice.js';
import { formatJournalLine } from '../queue/journal.js';
import type { CrewId, Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { append, appendLater, list } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import { containerProcess } from './container.js';
import { FailureLimit } from './failure-limit.js';
import type { HeldItems } from './held-items.js';
import type { Launcher } from './launcher.js';
import { outcomeOf } from './outcome-of.js';
import type { Busy, Ending } from './roster.js';
import type { Scratch } from './scratch.js';
import { SliceRun } from './slice-run.js';
import { type SliceParts, Slices } from './slices.js';
import { TaskLogs } from './task-logs.js';
import { type Launch, type Starter, killGrace } from './starter.js';

/** Milliseconds within which lines of short tasks reach a file server together. */
const pushEvery = 1000;

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
  readonly signalName: (number: number) => string;
  readonly findProgram: (name: string, directory: string, path: string | undefined) => string | undefined;
  /** The crew leaves: what runs is stopped, and given back. */
  readonly isLeaving: () => boolean;
  readonly trouble: (error: unknown) => void;
}

/** A crew's work on slices of fan-out jobs. */
export class SliceWork {
  readonly #crew: SliceCrew;
  readonly #slices: Slices;
  /** Of fan-out jobs of which slices run. */
  readonly #limits = new Map<string, FailureLimit<SliceRun>>();

  constructor(crew: SliceCrew) {
    this.#crew = crew;
    this.#slices = new Slices(crew.files, crew.layout, crew.id);
  }

  /** The tasks of a started slice, ready to run one after another; undefined: its fan-out job is gone, or cancelled. */
  prepare(worker: number, busy: Busy, jobFile: string): SliceRun | undefined {
    const { command } = busy.job;
    const parts = command.kind === 'slice' ? this.#slices.partsOf(command.slice) : undefined;
    if (command.kind !== 'slice' || parts === undefined) return undefined;
    // By a listing: a name that is asked for again and again may be remembered as missing.
    const names = perform(this.#crew.files, list(parts.paths.directory)) ?? [];
    if (names.includes(cancelMarkName)) return undefined;
    const { id, clock, starter, launcher, scratch, signalName, isLeaving, trouble } = this.#crew;
    const { fanOut, paths } = parts;
    const job: Job = { ...busy.job, ...fanOut.job };
    const limit = this.#limitOf(command.slice.of, fanOut);
    let pushedAt = -Infinity;
    const launch = withNames(launcher.prepare(worker, { ...busy, job }, jobFile), fanOut.pools);
    const directory = launch.cwd === '' ? launcher.options.directory : launch.cwd;
    const run: SliceRun = new SliceRun({
      ...parts,
      slice: command.slice,
      worker,
      token: tokenOf(busy.entry) ?? '',
      launch,
      starter,
      findProgram: (name) => this.#crew.findProgram(name, directory, launch.env['PATH']),
      container: this.#containerOf(parts, tokenOf(busy.entry) ?? ''),
      scratch: (index, stream) => scratch.taskPath(worker, index, stream),
      outcomeOf: (ended, { timeout }) => {
        const { cancelled } = busy;
        return outcomeOf(ended, { crew: id, timeout, cancelled, givenBack: isLeaving(), signalName });
      },
      write: (lines) => {
        const later = clock.monotonic() - pushedAt < pushEvery && !run.isOver;
        const path = paths.outcomesOf(id);
        perform(this.#crew.files, later ? appendLater(path, lines) : append(path, lines));
        if (!later) pushedAt = clock.monotonic();
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

  #limitOf(of: string, fanOut: FanOut): FailureLimit<SliceRun> {
    const limit = this.#limits.get(of) ?? new FailureLimit(fanOut);
    this.#limits.set(of, limit);
    return limit;
  }

  #containerOf(
    { fanOut, paths }: Pick<SliceParts, 'fanOut' | 'paths'>,
    token: string,
  ): ConstructorParameters<typeof SliceRun>[0]['container'] {
    const { container: spec, gang } = fanOut;
    if (spec === undefined) return undefined;
    const { containerScript: script, containerState } = this.#crew.launcher.options;
    const state = `${containerState}/${fanOut.id}`;
    return (task, argv, env) => {
      const { needs, shm } =
        gang === undefined ? { needs: fanOut.job.needs, shm: spec.shm } : rankTypeOf(gang, task);
      return containerProcess({
        spec: { ...spec, shm },
        name: `fjr-${token}-${task}`,
        crew: this.#crew.id,
        needs,
        argv,
        env,
        script,
        state,
        archive: paths.image,
      });
    };
  }

  /** All tasks have their lines, and the slice goes away; or what is left of it is given back. */
  commit(worker: number, { entry, needs, ms }: Ending, run: SliceRun): 'committed' | 'fenced' {
    const { id, layout, files, clock, items } = this.#crew;
    run.flush();
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
