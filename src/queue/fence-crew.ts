import type { CrewId, Layout } from './layout.js';
import { type Steps, rename } from './steps.js';

/**
 * Fence: a crew that is dead, or counts as dead, loses its pod and with it the right to commit anything.
 *
 * Atomic: the rename of the pod's directory: every path the crew knows stops working at once, however late it wakes.
 * A crash right after it leaves `C.fenced`, which any dispatcher returns and buries on its next pass.
 */
export function* fenceCrew(layout: Layout, crew: CrewId): Steps<'fenced' | 'gone'> {
  const { directory } = layout.fencedPod(crew);
  if ((yield* rename(layout.pod(crew).directory, directory)) === 'ok') return 'fenced';
  // It may have died before its birth was complete.
  return (yield* rename(layout.unbornPod(crew).directory, directory)) === 'ok' ? 'fenced' : 'gone';
}
