import { readFileSync, readdirSync } from 'node:fs';

/** Looks at processes as /proc shows them. Zombies count as dead: they run nothing any more. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Whether SIGSTOP has taken effect. */
export function isStopped(pid: number): boolean {
  return stateOf(pid) === 'T';
}

export interface ProcessSeen {
  readonly pid: number;
  readonly command: string;
}

/** Live processes with `name=value` in their environment. */
export function processesWith(name: string, value: string): ProcessSeen[] {
  const wanted = `\0${name}=${value}\0`;
  return processIds()
    .filter((pid) => isAlive(pid) && `\0${read(`/proc/${pid}/environ`)}\0`.includes(wanted))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/** Live processes whose command line matches. */
export function commandsWith(pattern: string): ProcessSeen[] {
  return processIds()
    .map((pid) => ({ pid, command: commandOf(pid) }))
    .filter(({ pid, command }) => isAlive(pid) && new RegExp(pattern).test(command));
}

/** Live processes that a process has started, and those that they have. */
export function descendantsOf(ancestor: number): ProcessSeen[] {
  const children = processIds().filter((pid) => parentOf(pid) === ancestor && isAlive(pid));
  return children.flatMap((pid) => [{ pid, command: commandOf(pid) }, ...descendantsOf(pid)]);
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number);
}

function stateOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? undefined : stat[stat.lastIndexOf(')') + 2];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
