import type { CrewId, Layout } from './layout.js';
import { type Steps, create, unlink } from './steps.js';
import type { Token } from './token.js';

/**
 * Cancel an entry that a crew holds: a mark in the pod asks the crew to stop it and to commit it as cancelled. A wish,
 * not a transition: the crew's finish stays the arbiter, and a job that ends first has simply ended. The mark goes
 * with its pod.
 */
export function* markCancelled(layout: Layout, crew: CrewId, token: Token): Steps<'marked' | 'pod-gone'> {
  const status = yield* create(layout.pod(crew).cancelMark(token), 'cancelled by its user\n');
  return status === 'missing' ? 'pod-gone' : 'marked';
}

/** The crew has seen the mark. */
export function* clearCancelMark(layout: Layout, crew: CrewId, token: string): Steps<void> {
  yield* unlink(layout.pod(crew).cancelMark(token));
}
