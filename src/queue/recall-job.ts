import type { CrewId, Layout } from './layout.js';
import { type Steps, rename } from './steps.js';

/**
 * Recall: an entry that has not started goes back into the queue, under its own name: the token stays, no count rises.
 *
 * Atomic: the rename of the entry. Its crew's start competes for the same name; one of them finds it gone.
 */
export function* recallJob(layout: Layout, crew: CrewId, entry: string): Steps<'recalled' | 'gone'> {
  return (yield* rename(layout.pod(crew).entry(entry), layout.queued(entry))) === 'ok' ? 'recalled' : 'gone';
}
