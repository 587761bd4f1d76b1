import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Background } from '../rig/background.js';
import { dist } from '../rig/rig.js';

const program = fileURLToPath(new URL('../../scripts/cluster/cluster', import.meta.url));
const execute = promisify(execFile);

/** Why a cluster on this filesystem cannot be here, or nothing. */
export function obstacleTo(filesystem: string): string {
  const { stdout } = spawnSync(program, ['check', filesystem], { encoding: 'utf8' });
  return stdout.trim().replaceAll('\n', ', ');
}

/** Hosts `h1`, `h2` with a home on one filesystem: see scripts/cluster. */
export class Cluster {
  readonly filesystem: string;
  readonly #env: NodeJS.ProcessEnv;
  /** Undefined for a cluster that somebody else has started, and will end. */
  readonly #directory: string | undefined;

  private constructor(filesystem: string, state: string, directory: string | undefined) {
    this.filesystem = filesystem;
    this.#directory = directory;
    this.#env = environment(state, directory);
  }

  /** One that is up already: its state directory. */
  static at(state: string): Cluster {
    const status = execFileSync(program, ['status'], {
      env: environment(state, undefined),
      encoding: 'utf8',
    });
    return new Cluster(status.split(' ')[0] ?? '', state, undefined);
  }

  static async up(filesystem: string): Promise<Cluster> {
    const directory = mkdtempSync('/var/tmp/fjr-test-');
    const cluster = new Cluster(filesystem, `${directory}/cluster`, directory);
    try {
      await execute(program, ['up', filesystem, '2'], { env: cluster.#env });
    } catch (error) {
      await cluster.down();
      throw error;
    }
    return cluster;
  }

  async down(): Promise<void> {
    if (this.#directory === undefined) return;
    await execute(program, ['down'], { env: this.#env });
    rmSync(this.#directory, { recursive: true });
  }

  /** A program on one of the hosts, as the user, in the shared home. */
  readonly start = (host: string, ...command: string[]): Background =>
    new Background(`${command.join(' ')} on ${host}`, [program, 'run', host, ...command], {
      env: this.#env,
    });

  /** Puts fjr into `fjr/` of the shared home: where it lies here hosts need not see. */
  async install(): Promise<void> {
    const unpack = 'mkdir fjr && tar -x -C fjr';
    const packed = execFileSync('tar', ['-C', dist, '-c', '.'], { maxBuffer: 2 ** 30 });
    const unpacking = execute(program, ['run', 'h1', 'sh', '-c', unpack], { env: this.#env });
    unpacking.child.stdin?.end(packed);
    await unpacking;
  }

  /** Puts a file into the shared home. */
  write(name: string, text: string): void {
    execFileSync(program, ['run', 'h1', 'sh', '-c', 'cat >"$0"', name], { env: this.#env, input: text });
  }
}

function environment(state: string, directory: string | undefined): NodeJS.ProcessEnv {
  const prefix = directory === undefined ? {} : { FJR_CLUSTER_PREFIX: basename(directory) };
  return { ...process.env, FJR_CLUSTER: state, ...prefix };
}
