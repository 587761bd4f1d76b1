import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { jobDefaults } from '../../src/job/job.js';
import { FanOutTally } from '../../src/queue/fan-out-tally.js';
import { formatTaskLine, parseTaskLines } from '../../src/queue/task-line.js';
import { newToken } from '../../src/queue/token.js';

/** What a dispatcher keeps of a run, and what reading costs it. */
export interface TallyCost {
  readonly bytesPerTask: number;
  readonly bytesPerSlice: number;
  /** Microseconds of processor time. */
  readonly perLine: number;
}

/** Slices that are really counted. */
const slices = 100_000;

/** Measures the tally that dispatchers use, with lines as crews write them. `size`: tasks of a slice. */
export function measureTally(size: number): TallyCost {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage();
  const tally = new FanOutTally({ tasks: slices * size, job: jobDefaults });
  collect();
  const empty = process.memoryUsage();
  let micros = 0;
  for (let slice = 0; slice < slices; slice++) {
    const text = linesOf(slice, size);
    const start = process.cpuUsage();
    for (const line of parseTaskLines(text)) if ('ms' in line) tally.add(line, 'host1-00000001');
    const { user, system } = process.cpuUsage(start);
    micros += user + system;
  }
  collect();
  const full = process.memoryUsage();
  if (tally.done !== slices * size) throw new Error('the tally has lost tasks');
  return {
    bytesPerTask: (empty.arrayBuffers - before.arrayBuffers) / (slices * size),
    bytesPerSlice: (full.heapUsed - empty.heapUsed) / slices,
    perLine: micros / (slices * size),
  };
}

function linesOf(slice: number, size: number): string {
  const token = newToken();
  const lines = Array.from({ length: size }, (_, index) =>
    formatTaskLine({
      task: slice * size + index,
      token,
      ms: 1000,
      at: 1_800_000_000_000 + slice,
      worker: 1 + (slice % 64),
    }),
  );
  return lines.join('');
}
