import type { TaskInput, TaskRange } from '../fan-out.js';
import { FjrError } from '../fjr-error.js';
import { quoted } from './each-line.js';
import { type NumberRange, numberAt } from './number-range.js';

/** So many inputs in contiguous pieces, none of them empty, of which none has two more than another. */
export function* shardsOf(inputs: number, shards: number): Generator<TaskRange> {
  const pieces = Math.min(inputs, shards);
  const [size, larger] = [Math.floor(inputs / pieces), inputs % pieces];
  let first = 0;
  for (let piece = 0; piece < pieces; piece++) {
    const last = first + size + (piece < larger ? 1 : 0) - 1;
    yield [first, last];
    first = last + 1;
  }
}

/** A piece's first and last number, or its positions in the list, from 1: FJR_RANGE_START and FJR_RANGE_END. */
export function boundsIn(
  range: NumberRange | undefined,
  [first, last]: TaskRange,
): readonly [start: string, end: string] {
  if (range === undefined) return [String(first + 1), String(last + 1)];
  return [numberAt(range, first), numberAt(range, last)];
}

/** The line that an input is in its shard's file: itself, or an object of its columns. Throws FjrError. */
export function shardLine(input: TaskInput, columns: readonly string[]): string {
  if (typeof input !== 'string')
    return JSON.stringify(Object.fromEntries(columns.map((column, index) => [column, input[index] ?? ''])));
  if (!input.includes('\n')) return input;
  throw new FjrError(
    'bad-input',
    `${quoted(input)} holds a line break, and a shard's file has an input a line`,
    {
      hint: 'leave out shards, or give the inputs as a table',
    },
  );
}
