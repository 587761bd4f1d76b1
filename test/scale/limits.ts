import { getHeapStatistics } from 'node:v8';
import { play } from './scenario.js';
import { type FileServer, servers } from './server.js';
import { inBytes, inDigits, inTime, table } from './table.js';
import type { TallyCost } from './tally-memory.js';

/** Entries that a Map of V8 can have; the tally keeps one for each slice. */
const mostOfAMap = 2 ** 24;

const workersPerHost = 64;
/** Of which rows tell what they come to. */
const tasks = 1e8;

interface Limit {
  readonly server: string;
  readonly what: string;
  readonly at: string;
  readonly known: 'simulated' | 'measured' | 'extrapolated';
}

/** What becomes too much, and at what number: from what each thing costs where it is still cheap. */
export function limits(seed: number, tally: TallyCost): string {
  const all = [
    ...Object.entries(servers).flatMap(([name, server]) => limitsOf(name, server, seed)),
    ...limitsOfMemory(tally),
  ];
  return table(
    ['server', 'what', 'at what number', 'how it is known'],
    all.map(({ server, what, at, known }) => [server, what, at, known]),
  );
}

function limitsOf(name: string, server: FileServer, seed: number): Limit[] {
  const base = { workersPerHost, server, seed, seconds: 60, taskSeconds: 1 } as const;
  const hosts = 100;
  const idle = play({ ...base, hosts, kind: 'files', count: 0 });
  const last = play({ ...base, hosts, kind: 'tasks', count: 1, taskSeconds: 1e5 });
  const busy = play({ ...base, hosts: 10, kind: 'tasks', count: tasks });
  const inHosts = (share: number): string => `${inDigits(hosts / share)} hosts`;
  const row = (what: string, at: string, known: Limit['known'] = 'extrapolated'): Limit => ({
    server: name,
    what,
    at,
    known,
  });
  return [
    row('slices that are handed out to ten hosts', `${inDigits(busy.slices)} a second`, 'simulated'),
    row('the dispatcher does nothing but look at crews, while the last task runs', inHosts(last.waiting)),
    row('the same, while nothing waits', inHosts(idle.waiting)),
    row('the server does nothing but answer idle crews and who looks at them', inHosts(idle.server)),
    row('the same, but for who looks at them', inHosts(idle.serverForCrews)),
    row('lines of outcomes', inBytes((busy.outcomes / busy.ended) * tasks)),
    row('lines of journals, with a slice for each task', inBytes((busy.journals / busy.ended) * tasks)),
  ];
}

function limitsOfMemory({ bytesPerSlice, bytesPerTask, perLine }: TallyCost): Limit[] {
  const heap = getHeapStatistics().heap_size_limit;
  const row = (what: string, at: string, known: Limit['known']): Limit => ({ server: '', what, at, known });
  return [
    row(
      `the dispatcher's heap of ${inBytes(heap)} is full, at ${inBytes(bytesPerSlice)} for a slice`,
      `${inDigits(heap / bytesPerSlice)} slices`,
      'extrapolated',
    ),
    row('its tally can tell no more slices apart', `${inDigits(mostOfAMap)} slices`, 'measured'),
    row(`its bytes for tasks, ${bytesPerTask} for each`, inBytes(bytesPerTask * tasks), 'measured'),
    row(
      `its CPU for lines, ${inDigits(perLine)} µs for each with a slice of its own`,
      inTime((perLine * tasks) / 1e6),
      'extrapolated',
    ),
  ];
}
