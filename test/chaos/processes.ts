import type { Cluster } from './cluster.js';
import type { Target } from './plan.js';

/** What command lines of processes look like. The brackets: a shell that is told to look must not find itself. */
const patterns: Readonly<Record<Target, string>> = {
  crew: '^[^ ]*node .*fjr-worke[r]',
  starter: '^[^ ]*perl .*starte[r][.]pl',
  dispatcher: '^[^ ]*node .*fjr-dispatche[r]',
  tmux: '^tmux .*fj[r]-',
  job: '^/bin/bash .*/chaos-jo[b] ',
};

/** Process ids as the host counts them. */
export async function processesOf(cluster: Cluster, host: string, target: Target): Promise<number[]> {
  const { output } = await cluster.runAsRoot(host, 'pgrep', '-f', patterns[target]);
  return output
    .split('\n')
    .filter((line) => /^\d+$/.test(line))
    .map(Number);
}

export async function signalProcess(
  cluster: Cluster,
  host: string,
  pid: number,
  signal: 'KILL' | 'STOP' | 'CONT' | 'TERM',
): Promise<void> {
  await cluster.runAsRoot(host, 'kill', `-${signal}`, String(pid));
}

/** Command lines of everything that the user runs on a host, but for what serves the home. */
export async function userProcesses(cluster: Cluster, host: string): Promise<string[]> {
  const { output } = await cluster.runAsRoot(host, 'ps', '-u', 'fjr', '-o', 'pid=,stat=,etimes=,args=');
  return output.split('\n').filter((line) => line.trim() !== '' && !/^\s*\d+ Z/.test(line));
}
