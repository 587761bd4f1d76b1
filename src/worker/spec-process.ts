/**
 * Runs the job of a spec: a process between the crew's starter and the spec's command, since a job otherwise has its
 * crew's environment, and a directory that is there already. A program of its own, with what it loads kept small, for it
 * is started once for each such job.
 *
 *     spec-runner.js DIRECTORY JOBFILE
 *
 * DIRECTORY is this execution's own. What the command leaves in `artifacts` there stays; all else goes when it has
 * succeeded, and is kept for whoever wants to know why when it has not.
 *
 * Signals are the command's business: it is in the same process group and hears them, too.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { type SpecJob, parseSpecJob } from '../job/spec/spec-job.js';
import { artifactsVariable } from '../job/spec/spec.js';
import { findProgram } from '../system/on-path.js';

const heard = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
const passOver = (): void => undefined;

function environmentOf(job: SpecJob, artifacts: string): Record<string, string> {
  // A preserved variable that is not set is empty, as it is with jobmgr: scripts may count on its being there.
  const preserved = job.preserve.map((name): [string, string] => [name, process.env[name] ?? '']);
  return { ...Object.fromEntries(preserved), ...job.environment, [artifactsVariable]: artifacts };
}

function complain(why: string, code: number): void {
  process.stderr.write(`fjr: ${why}\n`);
  process.exitCode = code;
}

/** Leaves what others may fetch, and nothing if there is nothing. */
function tidy(directory: string): void {
  for (const name of readdirSync(directory))
    if (name !== 'artifacts') rmSync(`${directory}/${name}`, { recursive: true, force: true });
  try {
    rmdirSync(`${directory}/artifacts`);
    rmdirSync(directory);
  } catch {
    // It holds something, or the command has made something else of it.
  }
}

function run(directory: string, job: SpecJob): void {
  const artifacts = `${directory}/artifacts`;
  mkdirSync(artifacts, { recursive: true, mode: 0o700 });
  const cwd = job.workingDirectory ?? directory;
  // Looked for on our PATH, since the command may have none.
  const program = findProgram(job.command, cwd, process.env['PATH']);
  if (program === undefined) {
    complain(`cannot run ${job.command}: no such program`, 127);
    return;
  }
  const child = spawn(program, job.arguments, { cwd, env: environmentOf(job, artifacts), stdio: 'inherit' });
  child.on('error', (error: NodeJS.ErrnoException) => {
    complain(`cannot run ${job.command} in ${cwd}: ${error.code ?? error.message}`, 126);
  });
  child.on('exit', (code, signal) => {
    if (code === 0) tidy(directory);
    for (const name of heard) process.off(name, passOver);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}

for (const name of heard) process.on(name, passOver);
const [directory = '', jobFile = ''] = process.argv.slice(2);
run(directory, parseSpecJob(readFileSync(jobFile)));
