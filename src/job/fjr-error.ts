/** An expected failure: what went wrong, where, and what to do. Anything else that is thrown is a bug. */
export class FjrError extends Error {
  /** Stable and machine-readable, e.g. `bad-job-file`. */
  readonly code: string;
  /** What the user can do about it; one sentence without a full stop. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FjrError';
    this.code = code;
    this.hint = options.hint;
  }
}
