import { watchLease } from '../../src/dispatcher/lease-watch.js';
import type { Token } from '../../src/queue/token.js';
import { queueVerbs } from '../model/verbs.js';
import type { Habits } from './acting.js';

/** Everything as it is in src. */
export const right: Habits = {
  verbs: queueVerbs,
  freshen: true,
  restAll: true,
  reannounce: true,
  waitForDeath: true,
  giveBackStray: true,
  everyLineCounts: false,
  workAhead: true,
  watchLease,
  token: (count) => String(count).padStart(10, '0') as Token,
};
