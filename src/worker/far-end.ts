import type { Ended } from './starter.js';

/** `cut`: the connection failed, or was lost. What the task came to is not known. */
export type FarEnded = Ended | { readonly kind: 'cut' };

/** The exit code of ssh-task.sh that stands for what the last line of standard error tells. */
const seeLastLine = 254;
/** Up to here the exit code is the task's. */
const own = 128;

/**
 * How a task on another host ended, by how the process here did: with an exit code that ssh has for itself, the
 * connection was lost. `takeLine`: takes a line away from the end of what the task printed on standard error.
 */
export function farEnd(ended: Ended, takeLine: (pattern: RegExp) => readonly string[] | undefined): FarEnded {
  if (ended.kind === 'failed' || ended.kind === 'dropped') return ended;
  const { why } = ended;
  if (ended.kind === 'exit' && ended.code <= own) return ended;
  const [, verb, text = ''] =
    (ended.kind === 'exit' && ended.code === seeLastLine
      ? takeLine(/\nfjr: (\w+) ([^\n]*)\n$/)
      : undefined) ?? [];
  if (verb === 'exit') return { kind: 'exit', code: Number(text), why };
  if (verb === 'signal') return { kind: 'signal', number: Number(text), why };
  if (verb === 'failed') return { kind: 'failed', reason: text };
  // Who stopped it knows why it ended.
  return why === 'own' ? { kind: 'cut' } : ended;
}
