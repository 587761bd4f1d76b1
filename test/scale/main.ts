// `npm run simulate [-- --hosts N --tasks N …]`: what becomes of fjr at sizes that nobody has at hand.
import { parseArgs } from 'node:util';
import { limits } from './limits.js';
import { servers } from './server.js';
import { measureTally } from './tally-memory.js';
import { type Row, playAll, sweep, tableOf } from './sweep.js';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string' },
    'workers-per-host': { type: 'string', default: '64' },
    tasks: { type: 'string' },
    files: { type: 'string' },
    'task-seconds': { type: 'string', default: '1' },
    server: { type: 'string', default: 'measured' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});

const seed = numberOf('seed', values.seed);
const isOne = [values.hosts, values.tasks, values.files].some((value) => value !== undefined);
const rows = isOne ? [asked()] : sweep(seed);
// Before others fill the heap.
const tally = isOne ? undefined : measureTally(1);
const figures = playAll(rows, ({ name, hosts, count, kind, taskSeconds }) => {
  process.stderr.write(`simulate: ${hosts} hosts, ${count} ${kind} of ${taskSeconds} s, ${name} server\n`);
});
console.log(tableOf(figures));
if (tally !== undefined) console.log(`\n${limits(seed, tally)}`);
for (const [name, { what }] of Object.entries(servers)) console.log(`\n${name}: ${what}.`);

/** What was asked for in options. */
function asked(): Row {
  const name = values.server;
  if (!isServer(name))
    throw new Error(`--server is "${name}": expected ${Object.keys(servers).join(' or ')}`);
  return {
    name,
    server: servers[name],
    hosts: numberOf('hosts', values.hosts ?? '1000'),
    workersPerHost: numberOf('workers-per-host', values['workers-per-host']),
    kind: values.files === undefined ? 'tasks' : 'files',
    count: numberOf('tasks', values.files ?? values.tasks ?? '1e8'),
    taskSeconds: numberOf('task-seconds', values['task-seconds']),
    seconds: numberOf('seconds', values.seconds),
    seed,
  };
}

function isServer(name: string): name is keyof typeof servers {
  return name in servers;
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (text !== '' && number > 0) return number;
  throw new Error(`--${option} is "${text}": expected a number above 0, such as 1e6`);
}
