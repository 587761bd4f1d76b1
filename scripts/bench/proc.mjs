// Processes as /proc shows them.
import { readFileSync, readdirSync } from 'node:fs';

export function childrenOf(pid) {
  return processIds().filter((other) => {
    const stat = read(`/proc/${other}/stat`);
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
  });
}

/** Megabytes: resident (RSS), its proportional share of what it shares with others (PSS), and the most there was. */
export function memoryOf(pid) {
  const field = (file, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read(file))?.[1] ?? 0);
  const status = `/proc/${pid}/status`;
  return {
    rss: field(status, 'VmRSS') / 1024,
    pss: field(`/proc/${pid}/smaps_rollup`, 'Pss') / 1024,
    peak: field(status, 'VmHWM') / 1024,
  };
}

/** Whether a process was started with `NAME=value` in its environment. */
export function bears(pid, mark) {
  return `\0${read(`/proc/${pid}/environ`)}`.includes(`\0${mark}\0`);
}

export function processIds() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** '' for a process that has ended meanwhile, or is another user's. */
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
