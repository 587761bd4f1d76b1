import { buryPod } from './bury-pod.js';
import type { CrewId, Layout } from './layout.js';
import { releaseAllItems } from './pool.js';
import { type ReturnedEntry, type Returning, returnEntries } from './return-entries.js';
import { salvageOutput } from './salvage-output.js';
import type { Steps } from './steps.js';

export interface Resting extends Returning {
  /** Whether the pod's items may go home: only when the processes that used them are known to be dead. */
  readonly releaseItems: boolean;
}

/** Something may land in a fenced pod while it is emptied, through a path resolved before. More often is no accident. */
const rounds = 5;

/**
 * Everything that is to be done about a fenced pod: return, release, bury. Any number of actors may do it at once, and
 * any of them may die: each of its renames has one winner, and whoever comes next goes on.
 */
export function* layToRest(
  layout: Layout,
  crew: CrewId,
  how: Resting,
): Steps<{ readonly returned: ReturnedEntry[]; readonly buried: boolean }> {
  const returned: ReturnedEntry[] = [];
  for (let round = 0; round < rounds; round++) {
    returned.push(...(yield* returnEntries(layout, crew, how)));
    if (how.releaseItems) yield* releaseAllItems(layout, layout.fencedPod(crew));
    // Before the burial: a pod that is gone reminds nobody of what is left to do.
    yield* salvageOutput(layout, crew);
    if ((yield* buryPod(layout, crew)) !== 'buried') continue;
    return { returned, buried: true };
  }
  return { returned, buried: false };
}
