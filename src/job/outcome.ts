/** How one execution of a job ended. */
export type Outcome =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly seconds: number }
  | { readonly kind: 'lost'; readonly crew: string }
  | { readonly kind: 'spawn-error'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string; readonly hint?: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'dependency'; readonly reason: string };

export function isSuccess(outcome: Outcome): boolean {
  return outcome.kind === 'exit' && outcome.code === 0;
}

/** One clause for people: `exit code 3`, `killed by SIGSEGV`. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'exit':
      return outcome.code === 0 ? 'done' : `exit code ${outcome.code}`;
    case 'signal':
      return `killed by ${outcome.signal}`;
    case 'timeout':
      return `timed out after ${outcome.seconds} s`;
    case 'lost':
      return `lost with crew ${outcome.crew}`;
    case 'spawn-error':
      return `could not be started: ${outcome.reason}`;
    case 'rejected':
      return `rejected: ${outcome.reason}${outcome.hint === undefined ? '' : ` (${outcome.hint})`}`;
    case 'cancelled':
      return 'cancelled';
    case 'dependency':
      return outcome.reason;
  }
}
