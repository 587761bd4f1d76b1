import { createHash } from 'node:crypto';
import type { FanOut, Shard, TaskInput } from '../job/fan-out.js';
import { FanOutBook } from '../queue/fan-out-book.js';
import { FanOutInputs, offsetStride } from '../queue/fan-out-inputs.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { read } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Task } from './fan-out-door.js';

/**
 * The tasks of a planned run that an earlier one has not done, with the same command: told by what they are and not by
 * where they stand, so that the list may have changed meanwhile. A shard is the same if it has the same inputs.
 */
export function openTasksOf(
  files: Files,
  earlier: string,
  what: Pick<FanOut, 'command' | 'id' | 'shards'>,
  tasks: Iterable<Task>,
): Iterable<Task> {
  const paths = new FanOutPaths(earlier);
  const book = new FanOutBook(files, paths);
  book.refresh();
  const { fanOut, tally } = book;
  if (commandOf(fanOut) !== commandOf(what)) return tasks;
  const inputs = new FanOutInputs(files, paths);
  const done = new Set<string>();
  for (let first = 0; first < fanOut.tasks; first += offsetStride) {
    const part = inputs.read(first, Math.min(fanOut.tasks, first + offsetStride) - 1) ?? [];
    part.forEach((input, index) => {
      if (tally.stateOf(first + index) === 'done') done.add(keyOf(taskOf(files, paths, fanOut, input)));
    });
  }
  return {
    *[Symbol.iterator]() {
      for (const task of tasks) if (!done.has(keyOf(task))) yield task;
    },
  };
}

/** Of two runs of one file, only `{{ .RunID }}` makes the commands differ. */
function commandOf({ command, id, shards }: Pick<FanOut, 'command' | 'id' | 'shards'>): string {
  return JSON.stringify([command ?? null, shards?.count ?? null]).replaceAll(id, '');
}

function taskOf(files: Files, paths: FanOutPaths, { shards }: FanOut, input: TaskInput): Task {
  if (shards === undefined) return input;
  const lines = shards.listed ? perform(files, read(paths.shard(input[2] ?? ''))) : undefined;
  return { input, lines: lines === undefined ? undefined : Buffer.from(lines).toString('utf8') } as Shard;
}

function keyOf(task: Task): string {
  return createHash('sha256').update(JSON.stringify(task)).digest('base64').slice(0, 16);
}
