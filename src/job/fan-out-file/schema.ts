import type * as z from 'zod';
import { parseMemory } from '../quantities.js';
import { dockerSchema } from './docker-schema.js';
import { inputSchema } from './input-schema.js';
import { parsed, section, text, whole, yesNo } from './schema-parts.js';
import { addIssue, ruled } from './schema-rules.js';
import {
  command,
  cpuCount,
  delay,
  gpuCount,
  labels,
  niceness,
  priority,
  retryCount,
  timeLimit,
  variables,
} from './setting-parts.js';
import { resourcesSchema, workersSchema } from './workers-schema.js';

const settings = {
  timeout: timeLimit()
    .optional()
    .describe('How long a task may take: seconds, or 90s, 5m, 1h30m. Without it, as long as it takes.'),
  retries: retryCount()
    .optional()
    .describe('How often each kind of failure of a task is tried again. The default is 0.'),
  retry_delay: delay()
    .optional()
    .describe('How long to wait before the first retry, doubled before each further one. The default is 1s.'),
  'retry-delay': delay().optional().describe('The same as retry_delay, as job files spell it.'),
  priority: priority().optional().describe('Higher goes first. The default is 0.'),
  nice: niceness().optional().describe('Niceness of the processes. The default is 9.'),
  cpus: cpuCount().optional().describe('CPUs that a task needs. The default is 1.'),
  memory: parsed(parseMemory, 'a size such as 512M or 4G')
    .optional()
    .describe('Memory that a task needs: bytes, or 512M, 4G; units are powers of 1024.'),
  gpus: gpuCount().optional().describe('GPUs that a task needs. The default is 0.'),
  labels: labels().optional().describe('Labels that a crew must have: a list, or words separated by commas.'),
  workdir: text('a directory')
    .optional()
    .describe('Directory in which tasks run. With docker, see docker.workdir.'),
  env: variables().optional().describe('Variables that each task gets, in a container too.'),
};

const run = {
  max_failures: parsed(parseFailures, 'a whole number, or a share such as 5%')
    .optional()
    .describe(
      'How many tasks may fail, or which share of all (5%). When more have failed for good, no more are begun; those ' +
        'that run may end.',
    ),
  fail_fast: yesNo()
    .optional()
    .describe(
      'Whether the first task that has failed for good ends the run: no more are begun, as with max_failures: 0, and ' +
        'those that run are stopped, which counts as failed.',
    ),
  portable: yesNo()
    .optional()
    .describe(
      "Whether its tasks may also run on hosts that share nothing with the project (fjr-worker --api), each slice's in a " +
        'directory of its own. They find no files of this host there.',
    ),
  shards: whole(1, 1e6, 'a whole number from 1')
    .optional()
    .describe(
      'Splits the inputs into so many contiguous pieces. Each piece is one task, which gets FJR_SHARD (from 0), ' +
        'FJR_SHARD_COUNT, FJR_RANGE_START and FJR_RANGE_END: of a range its first and last number, else positions in the ' +
        'list, from 1. INPUT is both with a blank between them, and {1} and {2} in a command are each. FJR_SHARD_FILE ' +
        'names a file with its inputs, in a container too: a line for each, which for inputs with columns is a JSON ' +
        'object. Ranges of more than ten million numbers have no such files, nor has a range beside workers.file, where ' +
        'nothing else can be split. With fewer inputs than shards, each is one.',
    ),
};

/** What a fan-out file may hold. */
export const fanOutFileSchema = ruled(
  section(
    {
      name: parsed(readName, 'a file name of at most 200 bytes, without a slash')
        .optional()
        .describe('What the run is called. Without it, fjr makes a name.'),
      docker: dockerSchema()
        .optional()
        .describe('Runs each task in a container. Without it, tasks are plain processes.'),
      command: command()
        .optional()
        .describe(
          'What each task runs: a line for /bin/sh, or a list of a program and its exact arguments. {} stands for the ' +
            'input, {1} for its first column, {#} for its number; what they put into a line, the shell does not read. What a ' +
            'template puts there, it does. With docker and without a command, the image does what ' +
            'it does by itself.',
        ),
      input: inputSchema().describe(
        'The inputs: each is a task. A list of words, or where they come from. A task gets its input as INPUT and ' +
          'FJR_INPUT, and its columns as INPUT_<COLUMN>, in upper case.',
      ),
      workers: workersSchema()
        .optional()
        .describe("Who runs the tasks. Without it, or with logs alone, the project's crews."),
      worker_resources: resourcesSchema()
        .optional()
        .describe(
          'Pools of which each worker holds one item for the whole run, as WORKER_RESOURCE_<NAME>. There are no more ' +
            'workers than items. No two tasks have one item at a time; between its tasks, items of a pool of the ' +
            "project's may be taken by other runs, and the worker waits for its own.",
        ),
      task_resources: resourcesSchema()
        .optional()
        .describe(
          'Pools of which each task holds one item while it runs, as TASK_RESOURCE_<NAME>. No more tasks run than there ' +
            'are items.',
        ),
      ...settings,
      ...run,
    },
    'a map with docker or command, and input',
  ),
  (value, context) => {
    if (value['docker'] === undefined && value['command'] === undefined)
      addIssue(context, 'neither docker nor command is there', 'say what each task runs');
    for (const key of ['worker_resources', 'shards'])
      if (value['portable'] === true && value[key] !== undefined)
        addIssue(context, `portable and ${key} do not go together`, 'leave one of them');
    if (value['retry_delay'] !== undefined && value['retry-delay'] !== undefined)
      addIssue(context, 'retry_delay is there twice, once as retry-delay', 'leave one of them');
  },
).meta({ anyOf: [{ required: ['docker'] }, { required: ['command'] }] });

export type FanOutFileConfig = z.output<typeof fanOutFileSchema>;

/** More failed tasks than these end the run. */
export type MaxFailures =
  | { readonly kind: 'tasks'; readonly tasks: number }
  /** Of all tasks, from 0 to 1. */
  | { readonly kind: 'share'; readonly share: number };

function parseFailures(value: string): MaxFailures | undefined {
  const share = /^(\d{1,3}(?:\.\d{1,6})?)\s*%$/.exec(value.trim())?.[1];
  if (share !== undefined)
    return Number(share) <= 100 ? { kind: 'share', share: Number(share) / 100 } : undefined;
  return /^\d{1,9}$/.test(value.trim()) ? { kind: 'tasks', tasks: Number(value) } : undefined;
}

function readName(value: string): string | undefined {
  const fits = value !== '' && !value.startsWith('.') && !/[/\0]|~$|\.tmp$/.test(value);
  return fits && Buffer.byteLength(value) <= 200 ? value : undefined;
}
