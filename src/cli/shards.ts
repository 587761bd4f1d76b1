import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Shard, Sharding, TaskInput } from '../job/fan-out.js';
import type { InputSource } from '../job/fan-out-file/input-source.js';
import { type NumberRange, numberAt } from '../job/fan-out-file/number-range.js';
import { boundsIn, shardLine, shardsOf } from '../job/fan-out-file/shards.js';
import { linesOf } from './fan-out-world.js';

/** Characters of lines that are written at a time. */
const chunk = 1024 * 1024;
/** Numbers of the longest range that is also written down, one by one. */
const mostListed = 10_000_000;

/** A run's inputs, split into pieces. */
export interface Shards extends Sharding {
  readonly shards: Iterable<Shard>;
  /** No more are wanted. */
  readonly close: () => void;
}

/**
 * Splits inputs into at most so many contiguous pieces. They are read once: a command runs once. Throws FjrError.
 * `seesFiles`: tasks can read files of this host; else it is a range, of which the bounds say all.
 */
export function splitInputs(source: InputSource, pieces: number, seesFiles: boolean): Shards {
  const { range } = source;
  return range === undefined ? splitList(source, pieces) : splitRange(range, pieces, seesFiles);
}

function splitRange(range: NumberRange, pieces: number, seesFiles: boolean): Shards {
  const listed = seesFiles && range.count <= mostListed;
  const makeShards = function* (): Generator<Shard> {
    let shard = 0;
    for (const piece of shardsOf(range.count, pieces)) {
      let lines = '';
      if (listed)
        for (let index = piece[0]; index <= piece[1]; index++) lines += `${numberAt(range, index)}\n`;
      yield { input: [...boundsIn(range, piece), String(shard)], lines: listed ? lines : undefined };
      shard += 1;
    }
  };
  return { count: Math.min(range.count, pieces), listed, shards: makeShards(), close: () => undefined };
}

/** How many inputs a piece has is known when all have been read: meanwhile they lie in a file. */
function splitList({ inputs, columns }: InputSource, pieces: number): Shards {
  const directory = mkdtempSync(join(tmpdir(), 'fjr-shards-'));
  const close = (): void => {
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const path = join(directory, 'inputs');
    const count = writeLines(path, inputs, columns);
    return { count: Math.min(count, pieces), listed: true, shards: shardsIn(path, count, pieces), close };
  } catch (error) {
    close();
    throw error;
  }
}

function writeLines(path: string, inputs: Iterable<TaskInput>, columns: readonly string[]): number {
  const fd = openSync(path, 'w', 0o600);
  try {
    let [count, text] = [0, ''];
    for (const input of inputs) {
      text += `${shardLine(input, columns)}\n`;
      count += 1;
      if (text.length < chunk) continue;
      writeFileSync(fd, text);
      text = '';
    }
    writeFileSync(fd, text);
    return count;
  } finally {
    closeSync(fd);
  }
}

function* shardsIn(path: string, count: number, pieces: number): Generator<Shard> {
  const lines = linesOf(path, path);
  let shard = 0;
  for (const piece of shardsOf(count, pieces)) {
    let text = '';
    for (let index = piece[0]; index <= piece[1]; index++) text += `${lines.next().value ?? ''}\n`;
    yield { input: [...boundsIn(undefined, piece), String(shard)], lines: text };
    shard += 1;
  }
}
