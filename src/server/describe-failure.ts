import { FjrError } from '../job/fjr-error.js';

/** What went wrong with a request, for whoever runs the server: an expected failure in a line, a bug with its stack. */
export function describeFailure(error: unknown): string {
  if (error instanceof FjrError)
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return `this is a bug in fjr:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
