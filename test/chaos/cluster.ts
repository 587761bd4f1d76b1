import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isStopped, signal } from '../rig/processes.js';

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

export type Filesystem = 'local' | 'sshfs' | 'sshfs-stale' | 'gluster';

/** Where the files of the shared home lie on the machine: they are read there, whatever the hosts believe. */
const homes: Readonly<Record<Filesystem, string>> = {
  local: 'disks/home',
  sshfs: 'disks/fs/home',
  'sshfs-stale': 'disks/fs/home',
  gluster: 'disks/fs/brick/home',
};

export function isFilesystem(name: string): name is Filesystem {
  return Object.hasOwn(homes, name);
}

/** The hosts of scripts/cluster, made for one seed. */
export class Cluster {
  readonly filesystem: Filesystem;
  readonly hosts: readonly string[];
  readonly #program: string;
  readonly #state: string;
  /** Commands that have not ended, and when they began. */
  readonly #running = new Map<ChildProcess, readonly [words: string, began: number]>();
  /** Hosts of which something is stopped on purpose. */
  readonly #held = new Set<string>();

  /** `root`: the checkout. `state`: a directory for this cluster alone. */
  constructor(root: string, state: string, filesystem: Filesystem, hosts: number) {
    this.filesystem = filesystem;
    this.hosts = Array.from({ length: hosts }, (_, index) => `h${index + 1}`);
    this.#program = `${root}/scripts/cluster/cluster`;
    this.#state = state;
  }

  /** The shared home, as the machine sees it. */
  get home(): string {
    return `${this.#state}/${homes[this.filesystem]}`;
  }

  get hasServer(): boolean {
    return this.filesystem !== 'local';
  }

  async up(): Promise<void> {
    await this.#call('down');
    const { code, output } = await this.#call('up', this.filesystem, String(this.hosts.length));
    if (code !== 0) throw new Error(`the cluster does not come up: ${output}`);
  }

  async down(): Promise<void> {
    await this.#call('down');
  }

  async fault(what: string, host: string): Promise<Ran> {
    return this.#call('fault', what, host);
  }

  /** As the user of the shared home, to its end. */
  async run(host: string, ...command: string[]): Promise<Ran> {
    return this.#call('run', host, ...command);
  }

  async runAsRoot(host: string, ...command: string[]): Promise<Ran> {
    return this.#call('run', '-r', host, ...command);
  }

  /** The same, with something to read on standard input. */
  async feed(host: string, input: string, ...command: string[]): Promise<Ran> {
    return this.#spawn(['run', host, ...command], input);
  }

  /** Commands that have taken longer than so many seconds; dispatchers are meant to. */
  slow(seconds: number): string[] {
    const latest = performance.now() - seconds * 1000;
    return [...this.#running.values()]
      .filter(([words, began]) => began < latest && !words.includes('fjr-dispatcher'))
      .map(([words]) => words);
  }

  hold(host: string): void {
    this.#held.add(host);
  }

  release(host: string): void {
    this.#held.delete(host);
  }

  /**
   * nsenter stops itself when it sees its child stopped, and continues the child when it is continued; it may see so
   * when the child has long gone on. Only those are continued of whom nothing is stopped on purpose.
   */
  nudge(): void {
    for (const [{ pid = 0 }, [words]] of this.#running) {
      if ([...this.#held].some((host) => words.includes(` ${host} `))) continue;
      for (const child of childrenOf(pid)) if (isStopped(child)) signal(child, 'SIGCONT');
    }
  }

  async #call(...words: string[]): Promise<Ran> {
    return this.#spawn(words, '');
  }

  async #spawn(words: readonly string[], input: string): Promise<Ran> {
    const options: SpawnOptions = {
      env: { ...process.env, FJR_CLUSTER: this.#state, FJR_CLUSTER_PREFIX: basename(this.#state) },
      stdio: ['pipe', 'pipe', 'pipe'],
    };
    const child = spawn(this.#program, words, options);
    this.#running.set(child, [words.join(' '), performance.now()]);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    // Who does not read to the end has ended: its exit code tells.
    child.stdin?.on('error', () => undefined).end(input);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        this.#running.delete(child);
        resolve({ code, output });
      });
    });
  }
}

export const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
