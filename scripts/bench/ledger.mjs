/**
 * Loaded before a program of fjr's (`node --import`): when that ends, it writes into the file FJR_BENCH_LEDGER what it
 * has used. Nobody else could know: a process that has ended has no /proc any more.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const ledger = process.env.FJR_BENCH_LEDGER;
// Only this process: those that it starts would write over it.
for (const name of ['NODE_OPTIONS', 'FJR_BENCH_LEDGER']) delete process.env[name];

process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  // Not maxRSS of the resource usage, which begins with what the parent had when it forked.
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024;
  writeFileSync(ledger, JSON.stringify({ cpu: (user + system) / 1e6, peak }));
});
