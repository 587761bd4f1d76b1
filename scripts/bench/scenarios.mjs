import { files } from './files.mjs';
import { growth } from './growth.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { real } from './real.mjs';
import { slow } from './slow.mjs';
import { startup } from './startup.mjs';
import { tasks } from './tasks.mjs';

/**
 * Each has a title, text for the help, how many rounds are made of it, `round`, which adds one value of each figure to the
 * sheet, and its goals. `subject` is the figure that the others are compared with.
 */
export const scenarios = { files, tasks, real, latency, growth, memory, startup, slow };
