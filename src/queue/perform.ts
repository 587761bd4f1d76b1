import type { FileCall, FileReply, Steps } from './steps.js';

/** Drives a verb's steps with synchronous calls, to its end. */
export function perform<T>(files: { call(call: FileCall): FileReply }, steps: Steps<T>): T {
  let next = steps.next();
  while (next.done !== true) next = steps.next(files.call(next.value));
  return next.value;
}

/** The same with calls that take their time. Others make theirs in between. */
export async function carryOut<T>(
  files: { call(call: FileCall): Promise<FileReply> },
  steps: Steps<T>,
): Promise<T> {
  let next = steps.next();
  while (next.done !== true) next = steps.next(await files.call(next.value));
  return next.value;
}
