import type { CrewId, Layout } from './layout.js';
import { type Steps, overwrite } from './steps.js';

/**
 * Beat: a crew shows that it lives, by new content in its heartbeat file.
 *
 * The file is opened by its path at each beat and never created: a crew that was fenced finds no file, and so learns
 * of it; one that created it anew would rise from the dead in a pod that nobody knows to be void.
 */
export function* beat(layout: Layout, crew: CrewId, content: string): Steps<'beaten' | 'fenced'> {
  return (yield* overwrite(layout.pod(crew).heartbeat, content)) === 'ok' ? 'beaten' : 'fenced';
}
