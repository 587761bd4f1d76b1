import { resolve } from 'node:path';
import { parseEntryName } from '../queue/entry-name.js';
import { fanOutSuffix } from '../queue/fan-out-paths.js';
import { reportPage } from '../report/page.js';
import { filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { findFanOut } from './fan-outs.js';
import { checkWritable, writeOutput } from './output-file.js';
import type { Project } from './project.js';
import { RunReader } from './run-reader.js';
import { printable, say } from './say.js';

/** Failed tasks that a report lists. */
const listedFailures = 25;

/** `fjr report RUN`: what became of a fan-out run, as one HTML file. `-`: on standard output. */
export function reportCommand(project: Project, wanted: string, output: string | undefined): ExitCode {
  const files = filesFor(project);
  const place = findFanOut(project, files, wanted);
  const { job } = parseEntryName(place.entry);
  const path = resolve(output ?? `${job.slice(0, -fanOutSuffix.length)}.html`);
  if (output !== '-') checkWritable(path);
  const reader = new RunReader(files, place.path);
  reader.refresh();
  const summary = reader.summary();
  const failures = summary.failures
    .slice(0, listedFailures)
    .map((failure) => ({ ...failure, input: reader.inputOf(failure.task) }));
  const page = reportPage(reader.head(project, place), summary, failures);
  if (output === '-') {
    process.stdout.write(page);
    return exitCode.fine;
  }
  writeOutput(path, page);
  say(printable(path));
  return exitCode.fine;
}
