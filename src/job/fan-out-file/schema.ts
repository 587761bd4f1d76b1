import * as z from 'zod';
import { parseLabels } from '../labels.js';
import { parseDuration, parseMemory } from '../quantities.js';
import { dockerSchema } from './docker-schema.js';
import { inputSchema } from './input-schema.js';
import {
  environment,
  listOf,
  parsed,
  readOrComplain,
  section,
  text,
  whole,
  word,
  words,
  yesNo,
} from './schema-parts.js';
import { addIssue, ruled } from './schema-rules.js';
import { resourcesSchema, workersSchema } from './workers-schema.js';

const duration = 'a duration such as 90, 90s, 5m or 1h30m';

const retryDelay = () => parsed(parseDuration, duration).optional();

const settings = {
  timeout: parsed((value) => positive(parseDuration(value)), duration)
    .optional()
    .describe('How long a task may take: seconds, or 90s, 5m, 1h30m. Without it, as long as it takes.'),
  retries: whole(0, 1000, 'a whole number from 0 to 1000')
    .optional()
    .describe('How often each kind of failure of a task is tried again. The default is 0.'),
  retry_delay: retryDelay().describe(
    'How long to wait before the first retry, doubled before each further one. The default is 1s.',
  ),
  'retry-delay': retryDelay().describe('The same as retry_delay, as job files spell it.'),
  priority: whole(-1e9, 1e9, 'a whole number, higher goes first')
    .optional()
    .describe('Higher goes first. The default is 0.'),
  nice: whole(-20, 19, 'a whole number from -20 to 19')
    .optional()
    .describe('Niceness of the processes. The default is 9.'),
  cpus: whole(1, 1e6, 'a whole number from 1')
    .optional()
    .describe('CPUs that a task needs. The default is 1.'),
  memory: parsed(parseMemory, 'a size such as 512M or 4G')
    .optional()
    .describe('Memory that a task needs: bytes, or 512M, 4G; units are powers of 1024.'),
  gpus: whole(0, 1e4, 'a whole number from 0')
    .optional()
    .describe('GPUs that a task needs. The default is 0.'),
  labels: labels().optional().describe('Labels that a crew must have: a list, or words separated by commas.'),
  workdir: text('a directory')
    .optional()
    .describe('Directory in which tasks run. With docker, see docker.workdir.'),
  env: environment(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name: letters, digits and "_"')
    .optional()
    .describe('Variables that each task gets, in a container too.'),
};

const run = {
  max_failures: parsed(parseFailures, 'a whole number, or a share such as 5%')
    .optional()
    .describe(
      'How many tasks may fail, or which share of all (5%). When more have failed, no more are begun.',
    ),
  fail_fast: yesNo()
    .optional()
    .describe('Whether the first failed task ends the run; the same as max_failures: 0.'),
  shards: whole(1, 1e6, 'a whole number from 1')
    .optional()
    .describe(
      'Splits the inputs into so many contiguous pieces. Each piece is one task, which gets FJR_SHARD (from 0), ' +
        'FJR_SHARD_COUNT, FJR_RANGE_START, FJR_RANGE_END, and a file with its inputs.',
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
      command: z
        .union([commandLine(), words()], { error: 'a command line, or a list of words' })
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
            'workers than items.',
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
    if (value['retry_delay'] !== undefined && value['retry-delay'] !== undefined)
      addIssue(context, 'retry_delay is there twice, once as retry-delay', 'leave one of them');
  },
).meta({ anyOf: [{ required: ['docker'] }, { required: ['command'] }] });

export type FanOutFileConfig = z.output<typeof fanOutFileSchema>;

function commandLine() {
  const expected = 'a command line';
  return word(expected).refine((line) => line.trim() !== '', { error: expected });
}

function labels() {
  const expected = 'a list of words, or words separated by commas';
  return z
    .union([word(), listOf(word())], { error: expected })
    .transform((value, context): readonly string[] => {
      const lines = typeof value === 'string' ? value : value.join('\n');
      return readOrComplain(parseLabels, lines, expected, context);
    });
}

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

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
