// `npm run simulate [-- --hosts N --tasks N …]`: what becomes of fjr at sizes that nobody has at hand.
import { limits } from './limits.js';
import { type Wanted, readOptions } from './options.js';
import { servers } from './server.js';
import { measureTally } from './tally-memory.js';
import { playAll, sweep, tableOf } from './sweep.js';

const wanted = read(process.argv.slice(2));
if (wanted !== undefined) simulate(wanted);

function read(args: readonly string[]): Wanted | undefined {
  try {
    return readOptions(args);
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    console.error(`simulate: ${line}`);
    process.exitCode = 2;
    return undefined;
  }
}

function simulate({ seed, row }: Wanted): void {
  const rows = row === undefined ? sweep(seed) : [row];
  // Before others fill the heap.
  const tally = row === undefined ? measureTally(1) : undefined;
  const figures = playAll(rows, ({ name, hosts, count, kind, taskSeconds }) => {
    process.stderr.write(`simulate: ${hosts} hosts, ${count} ${kind} of ${taskSeconds} s, ${name} server\n`);
  });
  console.log(tableOf(figures));
  if (tally !== undefined) console.log(`\n${limits(seed, tally)}`);
  for (const [name, { what }] of Object.entries(servers)) console.log(`\n${name}: ${what}.`);
}
