import type { Command, Job } from '../job/job.js';

/** What a job is told of itself, beside its own settings. */
export interface Execution {
  /** `FJR_JOB`: the name its user knows. */
  readonly job: string;
  readonly project: string;
  /** `FJR_WORKER_ID`: crew and worker. */
  readonly worker: string;
  /** `FJR_ATTEMPT`: 1 for the first. */
  readonly attempt: number;
  /** `FJR_JOB_FILE`: where its job file lies while it runs. */
  readonly jobFile: string;
  readonly token: string;
  /** Values of the pool items it holds, by pool. */
  readonly items: ReadonlyMap<string, readonly string[]>;
  /** Its GPUs, as CUDA_VISIBLE_DEVICES calls them. */
  readonly gpus: readonly string[];
}

/** What a job's own file says its process is. */
export type ProcessCommand = Exclude<Command, { kind: 'slice' | 'fan-out-file' | 'spec' | 'decode' }>;

/** The program and arguments of a job's process. */
export function argumentsOf(command: ProcessCommand, jobFile: string): string[] {
  if (command.kind === 'script') return [...command.interpreter, jobFile];
  const line = command.line.replaceAll('\n', ' ').replace(/^[ \t]+|[ \t]+$/g, '');
  if (isPlain(line)) return [...line.split(/[ \t]+/), jobFile];
  // With `exec` no shell stands between the job and its signals.
  return ['/bin/sh', '-c', `${isOneCommand(line) ? 'exec ' : ''}${line} "$@"`, 'sh', jobFile];
}

/** The same for a command line that gets no arguments. */
export function shellArgv(text: string): string[] {
  const line = text.replace(/^[ \t]+|[ \t\n]+$/g, '');
  if (isPlain(line)) return line.split(/[ \t]+/);
  return ['/bin/sh', '-c', !line.includes('\n') && isOneCommand(line) ? `exec ${line}` : line];
}

/** Words that mean something only to a shell. */
const builtins = new Set(
  '. : alias bg break case cd command continue eval exec exit export fc fg for getopts hash if jobs local read readonly return set shift source times trap type ulimit umask unalias unset until wait while {'.split(
    ' ',
  ),
);

/** Whether a command line says the same to a shell as to somebody who splits it at blanks: no shell is needed then. */
function isPlain(line: string): boolean {
  // Blank and tab only: other white space is a letter like any other to a shell.
  const [first = ''] = line.split(/[ \t]/, 1);
  return /^[\p{L}\p{N}_ \t@%+=:,./-]+$/u.test(line) && !first.includes('=') && !builtins.has(first);
}

/** Whether a shell would run a single program: no operators, nothing built in, no assignment before it. */
function isOneCommand(line: string): boolean {
  const unquoted = line.replace(/'[^']*'|"(?:[^"\\$`]|\\.|\$(?!\())*"|\\./gs, 'q');
  const [first = ''] = unquoted.trim().split(/\s/, 1);
  return (
    !/[;&|()`{}!#"']/.test(unquoted) && !first.includes('=') && !/[<>]/.test(first) && !builtins.has(first)
  );
}

/** Variables that a job sees beside those of its crew. */
export function environmentOf(job: Job, execution: Execution): Record<string, string> {
  const env: Record<string, string> = {
    ...job.env,
    FJR_JOB: execution.job,
    FJR_PROJECT: execution.project,
    FJR_WORKER_ID: execution.worker,
    FJR_ATTEMPT: String(execution.attempt),
    FJR_JOB_FILE: execution.jobFile,
    FJR_TOKEN: execution.token,
  };
  if (execution.gpus.length > 0) env['CUDA_VISIBLE_DEVICES'] = execution.gpus.join(',');
  return Object.assign(env, itemVariables(execution.items));
}

/** Variables that tell a job what pool items it holds. */
export function itemVariables(items: ReadonlyMap<string, readonly string[]>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [pool, values] of items) {
    env[`TASK_RESOURCE_${pool}`] = values.join(',');
    if (values.length > 1)
      values.forEach((value, index) => (env[`TASK_RESOURCE_${pool}_${index + 1}`] = value));
  }
  return env;
}

/** `~/x` is below the user's home directory, as in a shell. */
export function expandHome(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? home + path.slice(1) : path;
}

/** A path as a job means it: `~` is its user's home, and what is not absolute is below its directory. */
export function absolute(path: string, directory: string, home: string): string {
  const expanded = expandHome(path, home);
  return expanded.startsWith('/') ? expanded : `${directory}/${expanded}`;
}
