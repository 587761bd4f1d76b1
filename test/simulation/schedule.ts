import type { Choice, Setup, What } from './setup.js';

/** A world, and everything that happens in it: the whole run follows from this. */
export interface Schedule {
  readonly setup: Setup;
  readonly choices: readonly Choice[];
}

/** 32 random bits at a time (sfc32), the same for the same seed everywhere. */
export function randomFrom(seed: number): () => number {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

/** What may go wrong, with how often it does among a thousand steps when a schedule has it at all. */
const troubles: readonly (readonly [what: What, mostPerThousand: number])[] = [
  ['late', 60],
  ['lost', 60],
  ['error', 30],
  ['error-after', 30],
  ['kill', 25],
  ['pause', 30],
  ['suspect', 12],
];

/** What time does, whoever has bad luck. */
const courses: readonly (readonly [what: What, perThousand: number])[] = [
  ['wake', 30],
  ['expire', 15],
  ['guardian', 10],
  ['land', 30],
];

/**
 * A schedule from a seed. Each has only some kinds of trouble, and its own share of each: where everything goes wrong
 * at once, nobody gets far enough for anything to go wrong in earnest. Actors go on for several steps in a row more
 * often than pure chance would have it.
 */
export function scheduleFrom(seed: number, limits: Partial<Setup> = {}): Schedule {
  const random = randomFrom(seed);
  const below = (limit: number): number => random() % limit;
  const setup: Setup = {
    hosts: 1 + below(3),
    dispatchers: 1 + below(2),
    crews: 1 + below(3),
    workers: 1 + below(2),
    early: 1 + below(4),
    late: below(5),
    whims: below(4),
    items: 1 + below(2),
    strangers: below(2),
    born: Math.min(1, below(4)),
    ...limits,
  };
  const rates: (readonly [What, number])[] = [...courses];
  for (const [what, most] of troubles) if (below(2) === 0) rates.push([what, 1 + below(most)]);
  const length = 80 + below(220);
  const sticky = below(9);
  const choices: Choice[] = [];
  let who = 0;
  for (let step = 0; step < length; step++) {
    if (below(10) >= sticky) who = random() >>> 16;
    choices.push({ what: whatFrom(rates, below(1000)), who, pick: random() >>> 8 });
  }
  return { setup, choices };
}

function whatFrom(rates: readonly (readonly [What, number])[], dice: number): What {
  let sum = 0;
  for (const [what, rate] of rates) {
    sum += rate;
    if (dice < sum) return what;
  }
  return 'go';
}
