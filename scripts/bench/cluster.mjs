// A cluster of scripts/cluster for a benchmark.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../setup.mjs';
import { Interrupted } from './processes.mjs';

const program = join(root, 'scripts', 'cluster', 'cluster');

/** Why there can be no such cluster here; undefined if there can. Installs what it needs. */
export function whyNot(filesystem) {
  if (process.getuid() !== 0) return 'only root can start a cluster';
  spawnSync(program, ['install', filesystem], { stdio: 'ignore' });
  const reasons = spawnSync(program, ['check', filesystem], { encoding: 'utf8' }).stdout.trim();
  return reasons === '' ? undefined : reasons.replaceAll('\n', '; ');
}

/** Brings up two hosts, h1 and h2, for as long as the work lasts. */
export async function onCluster(bench, filesystem, work) {
  // Not in /tmp: hosts have one of their own.
  const directory = mkdtempSync('/var/tmp/fjr-bench-');
  const env = { FJR_CLUSTER: join(directory, 'cluster'), FJR_CLUSTER_PREFIX: basename(directory) };
  try {
    await bench.processes.time([program, 'up', filesystem, '2'], { env });
    await work(new Cluster(bench.processes, env));
  } finally {
    // Also for an `up` that was interrupted, after which nothing else is started.
    spawnSync(program, ['down'], { env: { ...process.env, ...env }, stdio: 'ignore' });
    rmSync(directory, { recursive: true, force: true });
  }
}

class Cluster {
  #env;

  constructor(processes, env) {
    this.processes = processes;
    this.#env = env;
  }

  /** Runs a shell script on a host as its user; returns what it printed. */
  on(host, script) {
    return this.#printed([program, 'run', host, 'bash', '-c', script]);
  }

  onAsRoot(host, script) {
    return this.#printed([program, 'run', '-r', host, 'bash', '-c', script]);
  }

  /** The same for a look that can be had again: a host with much to do may let nobody in for a while. */
  async look(host, script) {
    try {
      return await this.onAsRoot(host, script);
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      return '';
    }
  }

  /** Starts a program on a host as root. */
  startAsRoot(host, ...argv) {
    return this.processes.start([program, 'run', '-r', host, ...argv], { env: this.#env });
  }

  /** Starts a program of fjr's there, and waits until it says that it has started. Its log is no shared file. */
  async startProgram(host, name, ...args) {
    const log = `/tmp/${name}-${args.join('')}.log`;
    const command = `node ${root}/dist/${name}.js ${args.join(' ')}`;
    await this.on(host, `nohup ${command} >${log} 2>&1 </dev/null &`);
    await this.processes.until(
      `${name} has started on ${host}`,
      async () => (await this.onAsRoot(host, `cat ${log}`)).includes('Started'),
      { every: 200 },
    );
  }

  #printed(argv) {
    return this.processes.read(argv, { env: this.#env });
  }
}
