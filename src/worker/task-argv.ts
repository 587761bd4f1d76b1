import type { FanOut, Sharding, TaskCommand, TaskInput } from '../job/fan-out.js';
import { inputVariable } from '../job/fan-out-file/columns.js';
import { rankEnvironment } from '../job/gang.js';
import { renderTemplate, replacePlaceholders } from '../job/template.js';
import { shellArgv } from './launch.js';

/** The words that an input's placeholders stand for: `{1}` is the first, `{}` all of them. */
export function partsOf(input: TaskInput): readonly string[] {
  return typeof input === 'string' ? [input] : input;
}

/** The program and arguments of a task's process; none: what its container's image does by itself. */
export function taskArgv(
  { command, gang, shards }: Pick<FanOut, 'command' | 'gang' | 'shards'>,
  input: TaskInput,
  task: number,
): readonly string[] {
  if (command === undefined) return [];
  // Ranks have no inputs: their command is taken as it stands.
  if (gang !== undefined) return verbatim(command);
  return argvWith(command, shards === undefined ? input : boundsOf(input), task);
}

/** Of a shard it is its bounds that placeholders stand for, and that INPUT shows. */
function boundsOf([start, end]: TaskInput): TaskInput {
  return [start ?? '', end ?? ''];
}

function verbatim(command: TaskCommand): readonly string[] {
  return command.kind === 'argv' ? command.argv : shellArgv(command.line);
}

/** What an input holds is never read by a shell. */
function argvWith(command: TaskCommand, input: TaskInput, task: number): readonly string[] {
  const template = { values: partsOf(input), sequence: task + 1 };
  if (command.kind === 'argv') return command.argv.map((word) => replacePlaceholders(word, template));
  const { line } = command;
  // Most lines take the input from their environment: then all tasks share one argument list.
  if (!line.includes('{')) return shellArgv(line);
  return ['/bin/sh', '-c', renderTemplate([line], 'parallel', template, false)];
}

/** Variables that a task sees beside those of every job. */
export function taskEnvironment(
  { id, tasks, columns, gang, shards }: Pick<FanOut, 'id' | 'tasks' | 'columns' | 'gang' | 'shards'>,
  input: TaskInput,
  task: number,
  /** `hosts`: by rank, where the ranks of its gang are. */
  { shardFile, hosts }: { readonly shardFile: (shard: string) => string; readonly hosts: readonly string[] },
): Record<string, string> {
  const parts = partsOf(shards === undefined ? input : boundsOf(input));
  const whole = parts.join(' ');
  const env: Record<string, string> = {
    INPUT: whole,
    FJR_INPUT: whole,
    FJR_TASK_INDEX: String(task),
    FJR_TASK_COUNT: String(tasks),
    FJR_RUN_ID: id,
    ...(gang === undefined ? {} : rankEnvironment(gang, task, hosts)),
  };
  columns.forEach((column, index) => (env[inputVariable(column)] = parts[index] ?? ''));
  return shards === undefined ? env : { ...env, ...shardEnvironment(input, shards, shardFile) };
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
