import type { Sharding, TaskCommand } from '../job/fan-out.js';
import { inputVariable } from '../job/fan-out-file/columns.js';
import { renderTemplate, replacePlaceholders } from '../job/template.js';
import type { TaskInput } from '../job/fan-out.js';
import { shellArgv } from './launch.js';

/** The words that an input's placeholders stand for: `{1}` is the first, `{}` all of them. */
export function partsOf(input: TaskInput): readonly string[] {
  return typeof input === 'string' ? [input] : input;
}

/** Of a shard it is its bounds that placeholders stand for, and that INPUT shows. */
export function boundsOf([start, end]: TaskInput): TaskInput {
  return [start ?? '', end ?? ''];
}

/** The program and arguments of a task's process. What an input holds is never read by a shell. */
export function taskArgv(command: TaskCommand, input: TaskInput, task: number): readonly string[] {
  const template = { values: partsOf(input), sequence: task + 1 };
  if (command.kind === 'argv') return command.argv.map((word) => replacePlaceholders(word, template));
  const { line } = command;
  // Most lines take the input from their environment: then all tasks share one argument list.
  if (!line.includes('{')) return shellArgv(line);
  return ['/bin/sh', '-c', renderTemplate([line], 'parallel', template, false)];
}

/** Variables that a task sees beside those of every job. */
export function taskEnvironment(
  input: TaskInput,
  task: number,
  of: {
    readonly tasks: number;
    readonly columns: readonly string[];
    readonly run: string;
    readonly shards?: Sharding | undefined;
    /** The file of a shard. */
    readonly shardFile: (shard: string) => string;
  },
): Record<string, string> {
  const parts = partsOf(of.shards === undefined ? input : boundsOf(input));
  const whole = parts.join(' ');
  const env: Record<string, string> = {
    INPUT: whole,
    FJR_INPUT: whole,
    FJR_TASK_INDEX: String(task),
    FJR_TASK_COUNT: String(of.tasks),
    FJR_RUN_ID: of.run,
  };
  of.columns.forEach((column, index) => (env[inputVariable(column)] = parts[index] ?? ''));
  return of.shards === undefined ? env : { ...env, ...shardEnvironment(input, of.shards, of.shardFile) };
}

function shardEnvironment(
  [start = '', end = '', shard = '']: TaskInput,
  { count, listed }: Sharding,
  file: (shard: string) => string,
): Record<string, string> {
  return {
    FJR_SHARD: shard,
    FJR_SHARD_COUNT: String(count),
    FJR_RANGE_START: start,
    FJR_RANGE_END: end,
    ...(listed ? { FJR_SHARD_FILE: file(shard) } : {}),
  };
}
