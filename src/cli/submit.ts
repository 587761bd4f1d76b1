import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import { jobScript } from '../job/job-script.js';
import { jobFileLimit, readJob } from '../job/read-job.js';
import { JobFileError } from '../job/settings.js';
import { renderTemplate } from '../job/template.js';
import { parseEntryName } from '../queue/entry-name.js';
import { perform } from '../queue/perform.js';
import { list } from '../queue/steps.js';
import { checkJobName, submitJob } from '../queue/submit-job.js';
import { newToken } from '../queue/token.js';
import { filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { tellDispatcher } from './hint-line.js';
import type { Project } from './project.js';
import { printable, remark, say, sayJson } from './say.js';

/** A job file, ready to be put into the queue. */
export interface Submission {
  readonly name: string;
  readonly content: Uint8Array | string;
  readonly executable: boolean;
}

export async function submitCommand(
  project: Project,
  args: {
    files: readonly string[];
    command: readonly string[];
    name: string | undefined;
    settings: Readonly<Record<string, string>>;
    /** Whether a manifest's ranks may have containers. */
    containers: boolean;
    /** Where relative paths of fan-out files begin; undefined: where each file is. */
    relativeTo: string | undefined;
    /** Leave out fan-out files that were submitted before. */
    once: boolean;
  },
  json: boolean,
): Promise<ExitCode> {
  if (args.command.length === 0 && args.files.some(isFanOutFile)) return submitRuns(project, args, json);
  if (!args.containers) throw noManifest();
  const submissions = readSubmissions(args);
  for (const { name } of submissions) refuseTwin(project, name);
  for (const submission of submissions) submit(project, submission);
  const names = submissions.map(({ name }) => name);
  await tellDispatcher(project, names);
  if (json) sayJson({ project: project.name, submitted: names });
  else for (const name of names) say(printable(name));
  return exitCode.fine;
}

/** Where a manifest was expected. */
export function noManifest(): FjrError {
  return new FjrError('usage', '--no-container goes with manifests', {
    hint: 'fjr run manifest.yaml --no-container',
  });
}

/** Fan-out files: each is a run of its own. All are read before the first is submitted. */
async function submitRuns(
  project: Project,
  { files, name, containers, relativeTo: directory, once }: Parameters<typeof submitCommand>[1],
  json: boolean,
): Promise<ExitCode> {
  const others = files.filter((file) => !isFanOutFile(file));
  if (others.length > 0 || (name !== undefined && files.length > 1))
    throw new FjrError('usage', 'fan-out files are submitted without others, and named one at a time', {
      hint: 'use two calls',
    });
  const { planRun, beginRun } = await import('./fan-out-door.js');
  const idOf = once ? (await import('./submit-once.js')).idOfFile : () => undefined;
  const runs = files.map((file) => planRun(project, file, { name, directory, id: idOf(file), containers }));
  runs.forEach(({ workers }, index) => {
    if (workers.kind === 'ssh') throw onlyRun(files[index] ?? '');
  });
  for (const run of runs)
    if (once && isThere(project, run.name)) remark(`fjr: ${printable(run.name)} was submitted before`);
    else await beginRun(project, run);
  const names = runs.map((run) => run.name);
  if (json) sayJson({ project: project.name, submitted: names });
  else for (const each of names) say(printable(each));
  return exitCode.fine;
}

/** Whether a run waits, or has ended and was not removed. */
function isThere(project: Project, name: string): boolean {
  const { jobqueue, done, failed } = project.layout;
  return [jobqueue, done, failed].some((directory) =>
    perform(filesFor(project), list(directory))?.some((entry) => parseEntryName(entry).job === name),
  );
}

/** No crew of the project's could reach its hosts. */
function onlyRun(file: string): FjrError {
  return new FjrError('usage', `${file} names hosts in workers.file: it can be run, and not submitted`, {
    hint: `fjr run ${file} makes a crew for them, which is there as long as it is`,
  });
}

/** Whether people mean a fan-out file by this name. */
export function isFanOutFile(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/** All are read and checked before the first is submitted. */
function readSubmissions({
  files,
  command,
  name,
  settings,
}: Parameters<typeof submitCommand>[1]): Submission[] {
  if (files.length + command.length === 0)
    throw new FjrError('usage', 'nothing to submit', { hint: 'name job files, or a command after --' });
  if (name !== undefined && files.length > 1)
    throw new FjrError('usage', '--name goes with one job only', { hint: 'submit the files one by one' });
  if (command.length === 0) return files.map((file) => readFileSubmission(file, name));
  if (files.length > 0)
    throw new FjrError('usage', 'job files and a command cannot be submitted together', {
      hint: 'use two calls',
    });
  const lines = renderTemplate(command, 'shell', { values: [], sequence: 1 });
  const content = jobScript(lines, process.cwd(), settings);
  return [
    checked(
      { name: name ?? `${nameFor(command)}-${newToken().slice(0, 6)}.sh`, content, executable: true },
      'the command',
    ),
  ];
}

/** The program's name, as far as it is plain. */
function nameFor(command: readonly string[]): string {
  return basename((command[0] ?? '').split(/\s/)[0] ?? '').replace(/[^A-Za-z0-9_-]/g, '') || 'job';
}

function readFileSubmission(path: string, name: string | undefined): Submission {
  try {
    const content = readFileSync(path);
    return checked(
      { name: name ?? basename(path), content, executable: (statSync(path).mode & 0o100) !== 0 },
      path,
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof FjrError || code === undefined) throw error;
    throw new FjrError('bad-job-file', `cannot read ${path}: ${code}`, { cause: error });
  }
}

/** What the dispatcher would turn away is turned away here, where somebody reads it. */
function checked(submission: Submission, where: string): Submission {
  checkJobName(submission.name);
  const bytes = Buffer.from(submission.content);
  try {
    const { name } = submission;
    readJob({
      name,
      head: bytes.subarray(0, jobFileLimit),
      size: bytes.length,
      executable: submission.executable,
    });
    return submission;
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    throw new FjrError(
      'bad-job-file',
      `${where}: ${error.message}`,
      error.hint === undefined ? {} : { hint: error.hint },
    );
  }
}

export function submit(project: Project, { name, content, executable }: Submission): void {
  const steps = submitJob(project.layout, name, content, executable ? 0o700 : 0o600, newToken());
  if (perform(filesFor(project), steps) === 'exists') throw alreadyThere(project, name);
}

function refuseTwin(project: Project, name: string): void {
  if (filesFor(project).exists(project.layout.queued(name))) throw alreadyThere(project, name);
}

function alreadyThere(project: Project, name: string): FjrError {
  return new FjrError('job-exists', `a job "${name}" waits in project "${project.name}" already`, {
    hint: 'submit it under another name with --name, or withdraw the other with fjr cancel',
  });
}
