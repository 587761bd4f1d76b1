import type { FileCall, FileReply, Steps } from './steps.js';

/** Drives a verb's steps with synchronous calls, to its end. */
export function perform<T>(files: { call(call: FileCall): FileReply }, steps: Steps<T>): T {
  let next = steps.next();
  while (next.done !== true) next = steps.next(files.call(next.value));
  return next.value;
}
