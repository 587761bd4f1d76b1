import { setTimeout } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import type { Diary } from './diary.js';
import { type Fault, type Target, describeFault } from './plan.js';
import { processesOf, signalProcess } from './processes.js';
import type { Staff } from './staff.js';

/** How often something was really hit. */
export interface Hits {
  kills: number;
  stops: number;
  cuts: number;
  pauses: number;
  reboots: number;
}

export class Faults {
  readonly #cluster: Cluster;
  readonly #staff: Staff;
  readonly #diary: Diary;
  readonly hits: Hits = { kills: 0, stops: 0, cuts: 0, pauses: 0, reboots: 0 };

  constructor(cluster: Cluster, staff: Staff, diary: Diary) {
    this.#cluster = cluster;
    this.#staff = staff;
    this.#diary = diary;
  }

  /** Does all of a plan, and returns when everything that was broken is whole again. */
  async carryOut(plan: readonly Fault[]): Promise<void> {
    await Promise.all(
      plan.map(async (fault) => {
        await setTimeout(Math.max(0, (fault.at - this.#diary.seconds) * 1000));
        const stops = fault.kind.startsWith('stop') || fault.kind === 'pause';
        if (stops) this.#cluster.hold(fault.host);
        await this.#one(fault);
        if (stops) this.#cluster.release(fault.host);
      }),
    );
  }

  async #one(fault: Fault): Promise<void> {
    const { kind, host, seconds } = fault;
    switch (kind) {
      case 'cut':
        this.hits.cuts++;
        return this.#doAndUndo(fault, 'cut', 'heal');
      case 'pause':
        this.hits.pauses++;
        return this.#doAndUndo(fault, 'pause', 'resume');
      case 'reboot':
        this.hits.reboots++;
        await this.#doAndUndo(fault, 'crash', 'boot');
        return this.#staff.hireHere(host);
      default: {
        const [verb, target] = kind.split(' ') as ['kill' | 'stop', Target];
        const pid = await this.#choose(fault, target);
        if (pid === undefined) return;
        if (verb === 'stop') {
          this.hits.stops++;
          await signalProcess(this.#cluster, host, pid, 'STOP');
          await setTimeout(seconds * 1000);
          return signalProcess(this.#cluster, host, pid, 'CONT');
        }
        this.hits.kills++;
        await signalProcess(this.#cluster, host, pid, 'KILL');
        await setTimeout(seconds * 1000);
        if (target === 'crew' || target === 'tmux') await this.#staff.hireHere(host);
      }
    }
  }

  async #choose(fault: Fault, target: Target): Promise<number | undefined> {
    const pids = await processesOf(this.#cluster, fault.host, target);
    const pid = pids[Math.floor(fault.which * pids.length)];
    this.#diary.note(`${describeFault(fault).trim()}: ${pid ?? 'nothing to hit'}`);
    return pid;
  }

  async #doAndUndo(fault: Fault, does: string, undoes: string): Promise<void> {
    this.#diary.note(describeFault(fault).trim());
    await this.#call(does, fault.host);
    await setTimeout(fault.seconds * 1000);
    await this.#call(undoes, fault.host);
    this.#diary.note(`${undoes} ${fault.host}`);
  }

  async #call(what: string, host: string): Promise<void> {
    const { code, output } = await this.#cluster.fault(what, host);
    if (code !== 0) this.#diary.note(`${what} ${host} failed: ${output}`);
  }
}
