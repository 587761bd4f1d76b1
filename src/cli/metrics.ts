import { parseEntryName } from '../queue/entry-name.js';
import { fanOutOf } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import type { Place } from '../queue/places.js';
import { list } from '../queue/steps.js';
import { type RunPlace, runMetrics } from '../report/run-metrics.js';
import type { Files } from '../system/files.js';
import { filesFor, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { findFanOut } from './fan-outs.js';
import { checkWritable, writeOutput } from './output-file.js';
import type { Project } from './project.js';
import { RunReader } from './run-reader.js';
import { printable, remark } from './say.js';
import { poolsOf } from './status.js';
import { reportCrews } from '../recruiter/crews-here.js';

/** `fjr metrics RUN`: how a fan-out run stands, for Prometheus. `output`: a file that is replaced whole. */
export function metricsCommand(project: Project, wanted: string, output: string | undefined): ExitCode {
  if (output !== undefined && output !== '-') checkWritable(output);
  const files = filesFor(project);
  const place = findFanOut(project, files, wanted);
  const text = metricsOf(project, files, place, new RunReader(files, place.path));
  if (output === undefined || output === '-') process.stdout.write(text);
  else writeOutput(output, text);
  return exitCode.fine;
}

function metricsOf(project: Project, files: Files, place: Place, reader: RunReader): string {
  reader.refresh();
  return runMetrics(reader.head(project, place), reader.summary(), placeOf(project, files, place, reader));
}

/** Who waits for what how long is known to the dispatcher alone: on disk is only what there is just now. */
function placeOf({ layout }: Project, files: Files, { entry }: Place, { fanOut }: RunReader): RunPlace {
  const run = parseEntryName(entry).job;
  const slices = (names: readonly string[]): number =>
    names.filter((name) => fanOutOf(parseEntryName(name).job) === run).length;
  const crews = reportCrews(files, thisHost(), layout);
  const needed = new Set(fanOut.pools.map(({ pool }) => pool));
  return {
    slices: {
      waiting: slices(perform(files, list(layout.jobqueue)) ?? []),
      assigned: crews.reduce((sum, { assigned, running }) => sum + slices(assigned) + slices(running), 0),
    },
    pools: poolsOf(files, layout).filter(({ name }) => needed.has(name)),
  };
}

/** Milliseconds between two times that a run's metrics are written. */
const writeEvery = 5000;

/** A run's metrics in a file that is kept up to date while the run goes on. */
export class MetricsFile {
  readonly #project: Project;
  readonly #run: string;
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  /** What is known of the run where it was last seen. */
  #known: { readonly path: string; readonly reader: RunReader } | undefined;
  #complained = false;

  constructor(project: Project, run: string, path: string) {
    this.#project = project;
    this.#run = run;
    this.#path = path;
    this.#write();
    this.#timer = setInterval(() => {
      this.#write();
    }, writeEvery);
    this.#timer.unref();
  }

  /** Writes the last word on the run. */
  close(): void {
    clearInterval(this.#timer);
    // From the beginning: now all seals are known.
    this.#known = undefined;
    this.#write();
  }

  /** That it does not succeed is no reason to stop working. */
  #write(): void {
    try {
      const files = filesFor(this.#project);
      const place = findFanOut(this.#project, files, this.#run);
      if (this.#known?.path !== place.path)
        this.#known = { path: place.path, reader: new RunReader(files, place.path) };
      writeOutput(this.#path, metricsOf(this.#project, files, place, this.#known.reader));
      this.#complained = false;
    } catch (error) {
      if (!this.#complained)
        remark(`fjr: ${printable(error instanceof Error ? error.message : String(error))}`);
      this.#complained = true;
    }
  }
}
