import type { TaskRange } from '../fan-out.js';
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

/** A piece's first and last number: FJR_RANGE_START and FJR_RANGE_END. */
export function boundsIn(
  range: NumberRange,
  [first, last]: TaskRange,
): readonly [start: string, end: string] {
  return [numberAt(range, first), numberAt(range, last)];
}
