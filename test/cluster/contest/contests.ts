import type { Contest } from './contest.js';
import { crewContests } from './crew-contests.js';
import { poolContests } from './pool-contests.js';
import { queueContests } from './queue-contests.js';

export const contests: readonly Contest[] = [...queueContests, ...crewContests, ...poolContests];
