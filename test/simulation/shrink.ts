import type { Schedule } from './schedule.js';
import type { Choice, Setup } from './setup.js';

/** Fewer than these make no world. */
const least: Setup = {
  hosts: 1,
  dispatchers: 1,
  crews: 1,
  workers: 1,
  early: 0,
  late: 0,
  whims: 0,
  items: 1,
  strangers: 0,
  born: 1,
};

/** A shorter schedule that fails like the given one: fewer choices, plainer ones, and fewer to take part. */
export function shrink(schedule: Schedule, fails: (schedule: Schedule) => boolean): Schedule {
  let best = schedule;
  const attempt = (candidate: Schedule): boolean => {
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let before = ''; before !== JSON.stringify(best);) {
    before = JSON.stringify(best);
    dropChoices(
      () => best.choices,
      (choices) => attempt({ ...best, choices }),
    );
    simplifyChoices(
      () => best.choices,
      (choices) => attempt({ ...best, choices }),
    );
    for (const key of Object.keys(best.setup) as (keyof Setup)[])
      while (
        best.setup[key] > least[key] &&
        attempt({ ...best, setup: { ...best.setup, [key]: best.setup[key] - 1 } })
      );
  }
  return best;
}

type Attempt = (choices: readonly Choice[]) => boolean;

/** Leaves out half of them, a quarter, and so on down to each single one. */
function dropChoices(current: () => readonly Choice[], attempt: Attempt): void {
  for (let size = current().length; size >= 1; size = Math.floor(size / 2))
    for (let start = current().length - size; start >= 0; start -= size)
      attempt(current().toSpliced(start, size));
}

function simplifyChoices(current: () => readonly Choice[], attempt: Attempt): void {
  for (let index = 0; index < current().length; index++) {
    const choice = current()[index];
    if (choice === undefined) continue;
    if (choice.what !== 'go') attempt(current().with(index, { ...choice, what: 'go' }));
    if (choice.pick !== 0) attempt(current().with(index, { ...(current()[index] ?? choice), pick: 0 }));
  }
}
