/** How one execution of a job ended. */
export type Outcome =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly seconds: number }
  /** `host`: it is the connection to this one that was lost, and not the crew. */
  | { readonly kind: 'lost'; readonly crew: string; readonly host?: string }
  | { readonly kind: 'spawn-error'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string; readonly hint?: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'dependency'; readonly reason: string }
  /** A fan-out job: how many of its tasks failed, and how many were never begun. */
  | { readonly kind: 'tasks'; readonly tasks: number; readonly failed: number; readonly left: number };

export function isSuccess(outcome: Outcome): boolean {
  if (outcome.kind === 'tasks') return outcome.failed + outcome.left === 0;
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
      return outcome.host === undefined
        ? `lost with crew ${outcome.crew}`
        : `lost with the connection to ${outcome.host}`;
    case 'spawn-error':
      return `could not be started: ${outcome.reason}`;
    case 'rejected':
      return `rejected: ${outcome.reason}${outcome.hint === undefined ? '' : ` (${outcome.hint})`}`;
    case 'cancelled':
      return 'cancelled';
    case 'dependency':
      return outcome.reason;
    case 'tasks':
      return describeTasks(outcome);
  }
}

function describeTasks({ tasks, failed, left }: Extract<Outcome, { kind: 'tasks' }>): string {
  if (failed + left === 0) return 'done';
  const parts = [
    failed > 0 ? [`${failed} of ${tasks} tasks failed`] : [],
    left > 0 ? [`${left} not begun`] : [],
  ];
  return parts.flat().join(', ');
}
