import { createHash } from 'node:crypto';
import type { FanOut, ShardInput } from '../job/fan-out.js';
import { FanOutBook } from '../queue/fan-out-book.js';
import { FanOutInputs } from '../queue/fan-out-inputs.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { read } from '../queue/steps.js';
import type { Files } from '../system/files.js';
import type { Task } from './fan-out-door.js';

/**
 * The tasks of a planned run that an earlier one has not done, with the same command: told by what they are and not by
 * where they stand, so that the list may have changed meanwhile. Of equal ones as many are left out as are done. A shard
 * is the same if it has the same inputs.
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
  if (commandOf(book.fanOut) !== commandOf(what)) return tasks;
  return { [Symbol.iterator]: () => openAmong(tasks[Symbol.iterator](), earlierTasks(files, paths, book)) };
}

/** A task of the earlier run. */
interface EarlierTask {
  readonly key: string;
  readonly isDone: boolean;
}

/** As far as both lists are alike, which is all the way if nobody has changed the file, nothing need be remembered. */
function* openAmong(tasks: Iterator<Task>, earlier: Iterator<EarlierTask>): Generator<Task> {
  const open: Task[] = [];
  let [mine, its] = [tasks.next(), earlier.next()];
  while (mine.done !== true && its.done !== true && keyOf(mine.value) === its.value.key) {
    if (!its.value.isDone) open.push(mine.value);
    [mine, its] = [tasks.next(), earlier.next()];
  }
  const done = new Map<string, number>();
  for (; its.done !== true; its = earlier.next())
    if (its.value.isDone) done.set(its.value.key, (done.get(its.value.key) ?? 0) + 1);
  for (const task of open) if (!takeFrom(done, task)) yield task;
  for (; mine.done !== true; mine = tasks.next()) if (!takeFrom(done, mine.value)) yield mine.value;
}

function takeFrom(done: Map<string, number>, task: Task): boolean {
  const key = keyOf(task);
  const left = done.get(key) ?? 0;
  if (left > 0) done.set(key, left - 1);
  return left > 0;
}

/** Of two runs of one file, only `{{ .RunID }}` makes the commands differ. */
function commandOf({ command, id, shards }: Pick<FanOut, 'command' | 'id' | 'shards'>): string {
  return JSON.stringify([command ?? null, shards?.count ?? null]).replaceAll(id, '');
}

function* earlierTasks(
  files: Files,
  paths: FanOutPaths,
  { fanOut: { shards }, tally }: FanOutBook,
): Generator<EarlierTask> {
  let task = 0;
  for (const line of new FanOutInputs(files, paths).lines()) {
    const key = shards === undefined ? shortened(line) : keyOf(shardOf(files, paths, shards.listed, line));
    yield { key, isDone: tally.stateOf(task) === 'done' };
    task += 1;
  }
}

function shardOf(files: Files, paths: FanOutPaths, listed: boolean, line: string): Task {
  const input = JSON.parse(line) as ShardInput;
  const lines = listed ? perform(files, read(paths.shard(input[2]))) : undefined;
  return { input, lines: lines === undefined ? undefined : Buffer.from(lines).toString('utf8') };
}

function keyOf(task: Task): string {
  return shortened(JSON.stringify(task));
}

/** Characters of the longest text that is its own key: a hash would take as much, and time besides. */
const longestKey = 60;

function shortened(text: string): string {
  return text.length <= longestKey ? text : createHash('sha256').update(text).digest('base64');
}
