import { FjrError } from '../job/fjr-error.js';
import type { Command, Job } from '../job/job.js';
import { failuresOf, parseEntryName } from '../queue/entry-name.js';
import type { CrewId, Layout } from '../queue/layout.js';
import type { Files } from '../system/files.js';
import type { HeldItems } from '../queue/held-items.js';
import { absolute, argumentsOf, environmentOf } from './launch.js';
import type { Place } from './roster.js';
import type { Scratch } from './scratch.js';
import type { Launch } from './starter.js';

/** What a crew's processes find on their host. */
export interface Surroundings {
  readonly home: string;
  /** Where jobs start that do not say where. */
  readonly directory: string;
  /** How the GPUs are called that the crew may give out, where somebody gave it only some; else they are numbered. */
  readonly gpuNames: readonly string[];
  /** How fjr is called. */
  readonly fjr: readonly string[];
  /** How what runs jobs of specs is called. */
  readonly specRunner: readonly string[];
  /** The path of container.sh. */
  readonly containerScript: string;
}

/** What a crew's processes have in common. */
export interface LauncherOptions extends Surroundings {
  readonly crew: CrewId;
  readonly project: string;
  readonly layout: Layout;
  /** Least niceness. */
  readonly nice: number;
}

/** One execution on a worker. */
export interface ToLaunch {
  readonly entry: string;
  readonly job: Job;
  readonly gpus: readonly number[];
  readonly place: Place | undefined;
}

/** Those of who has made a place ready are told by its variables. */
const noItems: ReadonlyMap<string, readonly string[]> = new Map();

/** Says what process an entry makes. */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #files: Files;
  readonly #items: HeldItems;
  readonly #scratch: Scratch;

  constructor(options: LauncherOptions, files: Files, items: HeldItems, scratch: Scratch) {
    this.#options = options;
    this.#files = files;
    this.#items = items;
    this.#scratch = scratch;
  }

  get options(): LauncherOptions {
    return this.#options;
  }

  /** Of a slice all but the arguments, which each of its tasks has for itself. */
  prepare(worker: number, { entry, job, gpus, place }: ToLaunch, jobFile: string): Launch {
    const { crew, project, nice, home, directory, gpuNames } = this.#options;
    const { job: name, token = '', counts } = parseEntryName(entry);
    const { command } = job;
    const execution = {
      job: command.kind === 'slice' ? command.slice.of : name,
      project,
      worker: `${crew}.${worker}`,
      attempt: failuresOf(counts) + 1,
      jobFile,
      token,
      items: place === undefined ? this.#items.valuesOf(entry, job.needs.resources) : noItems,
      gpus: gpus.map((gpu) => gpuNames[gpu] ?? String(gpu)),
    };
    return {
      argv: this.#argv(command, entry, jobFile),
      env: { ...environmentOf(job, execution), ...place?.env },
      cwd: place?.directory ?? (job.workdir === undefined ? '' : absolute(job.workdir, directory, home)),
      nice: Math.max(job.nice, nice),
      timeout: job.timeout,
      out: this.#scratch.path(worker, 'out'),
      err: this.#scratch.path(worker, 'err'),
    };
  }

  #argv(command: Command, entry: string, jobFile: string): string[] {
    const { fjr, specRunner, project, layout, directory } = this.#options;
    switch (command.kind) {
      case 'slice':
        return [];
      case 'fan-out-file':
        // It is read as if it lay where jobs start; its job may be run again, and its run is to be one.
        return [...fjr, '--project', project, 'submit', '--once', '--relative-to', directory, jobFile];
      case 'spec':
        return [...specRunner, layout.work(entry), jobFile];
      case 'decode':
        // No crew of this kind is labelled for it, unless somebody labelled it so.
        throw new FjrError('decode', 'only workers that share nothing can run this job', {
          hint: 'fjr-worker --api URL; and hire without --label decode',
        });
      case 'executable':
      case 'script':
        return argumentsOf(command, jobFile);
    }
  }

  /** The job's own log file, which it expects to find; returns what is wrong with it. */
  makeLogfile(logfile: string, cwd: string): string | undefined {
    const { home, directory } = this.#options;
    const path = absolute(logfile, cwd === '' ? directory : cwd, home);
    try {
      this.#files.ensureDirectory(path.slice(0, path.lastIndexOf('/')) || '/');
      this.#files.touch(path);
      return undefined;
    } catch (error) {
      if (error instanceof FjrError) return error.message;
      throw error;
    }
  }
}
