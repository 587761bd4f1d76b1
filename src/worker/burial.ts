import type { CrewEvents } from './crew-events.js';
import type { OwnPod } from './own-pod.js';
import { after } from './timers.js';

/** How often a crew that leaves tries to bury its pod … */
const burials = 5;
/** … and milliseconds between two tries: whoever comes by may bury it, too. */
const buryAgain = 1000;

/**
 * Gives back what is in a crew's fenced pod, and buries it. Something may still land there, by the hand of who does not
 * know yet: it has some seconds for that. `fenced`: when that was.
 */
export function bury(
  pod: OwnPod,
  workers: Iterable<number>,
  fenced: string,
  events: CrewEvents,
  over: () => void,
): void {
  const numbers = [...workers];
  const attempt = (tries: number): void => {
    if (isBuried(pod, numbers, fenced, events) || tries <= 1) over();
    else
      after(buryAgain, () => {
        attempt(tries - 1);
      });
  };
  attempt(burials);
}

function isBuried(pod: OwnPod, workers: readonly number[], fenced: string, events: CrewEvents): boolean {
  let done = false;
  events.guard(() => {
    const buried = pod.layToRest(fenced);
    for (const worker of workers) pod.removeOffer(worker);
    done = buried;
  });
  return done;
}
