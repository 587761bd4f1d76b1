import type { SshWorkers } from '../job/fan-out.js';
import { type SshHost, formatSshHost } from '../job/fan-out-file/ssh-host.js';
import type { Files } from '../system/files.js';
import { farEnd } from './far-end.js';
import type { SshLink } from './ssh-process.js';
import { sshProcess } from './ssh-process.js';
import type { Ended, Starter } from './starter.js';
import { after } from './timers.js';

export interface SshHostsSystem {
  readonly starter: Pick<Starter, 'run'>;
  readonly files: Files;
  /** Where what is tried prints. */
  readonly scratch: (slot: number, stream: 'out' | 'err') => string;
  readonly script: string;
  readonly directory: string;
}

export interface SshHostsEvents {
  /** These workers may be given tasks. */
  readonly reached: (workers: readonly number[]) => void;
  /** It answers again, after it was told that it does not. */
  readonly back: (host: string, workers: readonly number[]) => void;
  readonly away: (host: string, workers: readonly number[], reason: string) => void;
  /** None was ever reached. */
  readonly none: () => void;
}

interface KnownHost {
  readonly name: string;
  readonly host: SshHost;
  readonly workers: number[];
  readonly slot: number;
  isAway: boolean;
  /** Whether people know. */
  told: boolean;
  /** Connections that stand, of those being made. */
  connected: number;
  /** Times that it was tried in vain since it answered last. */
  tries: number;
}

/** Slots of the starter in which hosts are tried: there is no worker with such a number. */
const firstSlot = 20_001;
/** Tasks that share a connection: sshd takes ten, unless it is told otherwise. */
const shared = 8;
/** Seconds that logging in and running a shell may take. */
const patience = 30;
/** Seconds until a host is tried again, doubled each time, and at most. */
const firstPause = 1;
const longestPause = 30;
/** The exit code of what is tried: one that no login shell has that runs something else. */
const answer = 86;

/**
 * The hosts of a crew's workers, each of which works on one. A worker takes tasks only while its host answers: a host
 * is tried before its first task and, when a connection was lost, until it is there again. So it costs one task for each
 * of its workers that runs one at that time, and no more.
 */
export class SshHosts {
  readonly #ssh: SshWorkers;
  readonly #system: SshHostsSystem;
  readonly #events: SshHostsEvents;
  readonly #hosts = new Map<string, KnownHost>();
  readonly #timers = new Set<() => void>();
  #reachedAny = false;

  constructor(ssh: SshWorkers, system: SshHostsSystem, events: SshHostsEvents) {
    this.#ssh = ssh;
    this.#system = system;
    this.#events = events;
    ssh.hosts.forEach((host, index) => {
      const name = formatSshHost(host);
      const known = this.#hosts.get(name);
      if (known !== undefined) known.workers.push(index + 1);
      else
        this.#hosts.set(name, {
          ...{ name, host, workers: [index + 1], slot: firstSlot + this.#hosts.size },
          ...{ isAway: true, told: false, connected: 0, tries: 0 },
        });
    });
  }

  start(): void {
    for (const host of this.#hosts.values()) this.#try(host);
  }

  stop(): void {
    for (const stop of this.#timers) stop();
    this.#timers.clear();
  }

  isAway(worker: number): boolean {
    return this.#of(worker)?.isAway ?? true;
  }

  nameOf(worker: number): string {
    return this.#of(worker)?.name ?? '';
  }

  /** Its how manieth worker on its host it is, from 0. */
  rankOf(worker: number): number {
    return this.#of(worker)?.workers.indexOf(worker) ?? 0;
  }

  linkOf(worker: number): SshLink | undefined {
    const known = this.#of(worker);
    return known === undefined ? undefined : this.#link(known, Math.floor(this.rankOf(worker) / shared));
  }

  /** A task's connection was lost: nobody uses this host until it answers. Returns its workers. */
  lost(worker: number): readonly number[] {
    const known = this.#of(worker);
    if (known === undefined || known.isAway) return [];
    known.isAway = true;
    this.#tryLater(known);
    return known.workers;
  }

  /** Whether what ended in this slot of the starter was one of ours. */
  onEnded(slot: number, ended: Ended): boolean {
    const known = [...this.#hosts.values()].find((host) => host.slot === slot);
    if (known === undefined) return false;
    const printed = this.#takePrinted(slot);
    const end = farEnd(ended, () => undefined);
    if (end.kind === 'exit' && end.code === answer) this.#connected(known);
    else if (end.kind !== 'dropped') this.#failed(known, this.#reason(ended, printed));
    return true;
  }

  #of(worker: number): KnownHost | undefined {
    const host = this.#ssh.hosts[worker - 1];
    return host === undefined ? undefined : this.#hosts.get(formatSshHost(host));
  }

  #link({ host, slot }: KnownHost, connection: number): SshLink {
    const { script, directory } = this.#system;
    return { host, ssh: this.#ssh, script, directory, socket: `${slot - firstSlot}.${connection}` };
  }

  #try(known: KnownHost): void {
    const { starter, scratch } = this.#system;
    const task = { argv: ['/bin/sh', '-c', `exit ${answer}`], env: {}, workdir: undefined, nice: 0 };
    starter.run(known.slot, {
      ...sshProcess(this.#link(known, known.connected), { ...task, mark: `fjr-ready-${known.slot}` }),
      ...{ cwd: '', nice: 0, timeout: patience },
      out: scratch(known.slot, 'out'),
      err: scratch(known.slot, 'err'),
    });
  }

  #tryLater(known: KnownHost): void {
    known.connected = 0;
    const pause = Math.min(longestPause, firstPause * 2 ** known.tries);
    known.tries += 1;
    const stop = after(pause * 1000, () => {
      this.#timers.delete(stop);
      this.#try(known);
    });
    this.#timers.add(stop);
  }

  /** One after another: so many at once are more than sshd lets in. */
  #connected(known: KnownHost): void {
    known.connected += 1;
    if (known.connected * shared < known.workers.length) {
      this.#try(known);
      return;
    }
    this.#reachedAny = true;
    known.isAway = false;
    known.tries = 0;
    if (known.told) this.#events.back(known.name, known.workers);
    known.told = false;
    this.#events.reached(known.workers);
  }

  #failed(known: KnownHost, reason: string): void {
    const isNews = !known.told;
    known.told = true;
    if (isNews) this.#events.away(known.name, known.workers, reason);
    const all = [...this.#hosts.values()];
    if (!this.#reachedAny && all.every(({ told }) => told)) this.#events.none();
    else this.#tryLater(known);
  }

  #takePrinted(slot: number): string {
    const { files, scratch } = this.#system;
    const path = scratch(slot, 'err');
    const text = Buffer.from(files.readFrom(path, 0, 65_536) ?? '').toString('utf8');
    for (const stream of ['out', 'err'] as const) files.call({ op: 'unlink', path: scratch(slot, stream) });
    return text;
  }

  /** What ssh says last is why. */
  #reason(ended: Ended, printed: string): string {
    if (ended.kind === 'failed') return ended.reason;
    if (ended.kind !== 'dropped' && ended.why === 'timeout') return `no answer within ${patience} s`;
    const last = printed.split(/[\r\n]+/).findLast((line) => line.trim() !== '') ?? 'no reason is known';
    // Our own line begins with the host, which is told anyway.
    return last.replace(/^fjr: [^ ]+: /, '').trim();
  }
}
