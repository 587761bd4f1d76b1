import { formatEntryName, parseEntryName } from './entry-name.js';
import type { Layout } from './layout.js';
import { type Steps, rename } from './steps.js';
import type { Token } from './token.js';

/**
 * Retry, at a person's wish: a failed job goes back into the queue, with all its budgets whole again. A new
 * token makes its name unique there.
 *
 * Atomic: the rename out of `failed`; of two people who retry one job, one finds it gone.
 */
export function* retryFailed(layout: Layout, entry: string, token: Token): Steps<'queued' | 'gone'> {
  const fresh = formatEntryName({ ...parseEntryName(entry), token, counts: {} });
  return (yield* rename(layout.finished('failed', entry), layout.queued(fresh))) === 'ok' ? 'queued' : 'gone';
}
