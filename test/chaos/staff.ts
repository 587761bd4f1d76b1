import { setTimeout } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { checkout } from './cluster.js';
import type { Diary } from './diary.js';
import { processesOf, signalProcess } from './processes.js';

export const project = 'chaos';
const dist = `${checkout}/dist`;

/** Times that a hire is tried while hosts and the file server come and go. */
const tries = 15;

export interface StaffOptions {
  readonly workers: number;
  /** Seconds. */
  readonly lease: number;
  /** A directory of the machine, for what crews print. */
  readonly logs: string;
}

/** Crews and dispatchers, and the person who starts them again when they are gone. */
export class Staff {
  readonly #cluster: Cluster;
  readonly #diary: Diary;
  readonly #options: StaffOptions;
  /** Hosts whose dispatcher is to be started again. */
  readonly #dispatching = new Map<string, Promise<void>>();
  #over = false;

  constructor(cluster: Cluster, diary: Diary, options: StaffOptions) {
    this.#cluster = cluster;
    this.#diary = diary;
    this.#options = options;
  }

  /** All hosts at once, over ssh from one of them. */
  async hireAll(from: string): Promise<void> {
    const ran = await this.#cluster.run(from, ...this.#recruiter('hire'));
    this.#diary.heard(`hire from ${from} (${ran.code})`, ran.output);
    if (ran.code !== 0) throw new Error(`nobody could be hired: ${ran.output}`);
    await Promise.all(this.#cluster.hosts.map((host) => this.#listenToCrew(host)));
  }

  /** One host, by somebody who sits there, until there is a crew. */
  async hireHere(host: string): Promise<void> {
    for (let attempt = 1; attempt <= tries && !this.#over; attempt++) {
      const words = this.#recruiter('--local-only', 'hire', String(this.#options.workers));
      const { code, output } = await this.#cluster.run(host, ...words);
      this.#diary.heard(`hire on ${host} (${code})`, output);
      if (code === 0) return this.#listenToCrew(host);
      await setTimeout(2000);
    }
  }

  /** Hires where nobody is left. */
  async fillUp(): Promise<void> {
    for (const host of this.#cluster.hosts)
      if ((await processesOf(this.#cluster, host, 'crew')).length === 0) await this.hireHere(host);
  }

  async fireAll(from: string): Promise<void> {
    const { code, output } = await this.#cluster.run(from, ...this.#recruiter('fire'));
    this.#diary.heard(`fire from ${from} (${code})`, output);
  }

  /** Starts a dispatcher that stands by, and again whenever it ends. */
  dispatch(host: string): void {
    this.#dispatching.set(host, this.#keepDispatching(host));
  }

  async stopDispatching(): Promise<void> {
    this.#over = true;
    for (const host of this.#cluster.hosts)
      for (const pid of await processesOf(this.#cluster, host, 'dispatcher'))
        await signalProcess(this.#cluster, host, pid, 'TERM');
    await Promise.all(this.#dispatching.values());
  }

  async #keepDispatching(host: string): Promise<void> {
    for (;;) {
      const words = ['--project', project, '--keep-running', '--standby'];
      const { code, output } = await this.#cluster.run(host, 'node', `${dist}/fjr-dispatcher.js`, ...words);
      this.#diary.note(`the dispatcher of ${host} ended (${code})`);
      this.#diary.heard(`dispatcher on ${host} (${code})`, output);
      if (this.#over) return;
      await setTimeout(2000);
    }
  }

  #recruiter(...words: string[]): string[] {
    const lease = String(this.#options.lease);
    return ['node', `${dist}/fjr-recruiter.js`, '--project', project, '--lease', lease, ...words];
  }

  /** A crew's terminal goes with it; what it said is wanted. */
  async #listenToCrew(host: string): Promise<void> {
    const log = `${this.#options.logs}/crew-${host}`;
    const script = `for socket in /tmp/tmux-*/*; do tmux -S "$socket" pipe-pane -o "cat >>${log}"; done`;
    await this.#cluster.run(host, 'sh', '-c', script);
  }
}
