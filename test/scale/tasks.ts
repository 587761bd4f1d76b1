import type { Helper, HelperEvents, Helpers } from '../../src/system/helper.js';
import type { Random } from '../chaos/random.js';
import type { Actor } from './agenda.js';
import type { Share } from './files.js';

/** Milliseconds that it takes to start a process. */
const startCost = 1;

/** What a worker has to do: how long each takes is drawn from a distribution. */
interface Slot {
  /** Tasks that were given to it and have not begun. */
  waiting: number;
  isBusy: boolean;
  isSeries: boolean;
  isClosing: boolean;
}

/** What all workers of all crews have done. */
export class Work {
  ended = 0;
  /** Milliseconds of workers, of the time that is looked at. */
  busy = 0;
  /** When the first of all began. */
  began: number | undefined;
  readonly #meanMs: number;
  readonly #random: Random;
  readonly #from: number;
  readonly #until: number;

  /** `from`, `until`: the time that is looked at. */
  constructor(meanMs: number, random: Random, from: number, until: number) {
    this.#meanMs = meanMs;
    this.#random = random;
    this.#from = from;
    this.#until = until;
  }

  /** When a task that begins now ends: it takes from half to one and a half of the mean, each as likely. */
  begin(start: number): number {
    this.began ??= start;
    const end = start + this.#meanMs * (0.5 + this.#random.next());
    this.busy += Math.max(0, Math.min(end, this.#until) - Math.max(start, this.#from));
    return end;
  }
}

/** Starters whose processes take time and do nothing. They understand what the crew's end of a starter says. */
export class ModelledTasks implements Helpers {
  readonly #share: Share;
  readonly #actor: Actor;
  readonly #work: Work;
  readonly #slots = new Map<string, Slot>();

  constructor(share: Share, actor: Actor, work: Work) {
    this.#share = share;
    this.#actor = actor;
    this.#work = work;
  }

  start(_: readonly string[], { onOutput }: HelperEvents): Helper {
    return {
      pid: 1,
      send: (bytes) => {
        for (const [verb = '', slot = ''] of framesIn(Buffer.from(bytes), 2))
          this.#hear(verb, slot, onOutput);
      },
      close: () => undefined,
      kill: () => undefined,
    };
  }

  #hear(verb: string, name: string, tell: (text: string) => void): void {
    const slot = this.#slots.get(name) ?? { waiting: 0, isBusy: false, isSeries: false, isClosing: false };
    this.#slots.set(name, slot);
    if (verb === 'series') Object.assign(slot, { isSeries: true, isClosing: false });
    if (verb === 'run') slot.isSeries = false;
    if (verb === 'task' || verb === 'run') slot.waiting += 1;
    if (verb === 'close') slot.isClosing = true;
    this.#next(name, slot, this.#actor.now, tell);
  }

  #next(name: string, slot: Slot, now: number, tell: (text: string) => void): void {
    if (slot.isBusy) return;
    if (slot.waiting > 0) this.#begin(name, slot, now, tell);
    else if (slot.isClosing) {
      slot.isClosing = false;
      tell(`closed ${name}\n`);
    }
  }

  #begin(name: string, slot: Slot, now: number, tell: (text: string) => void): void {
    const { agenda } = this.#share;
    slot.waiting -= 1;
    slot.isBusy = true;
    // A job opens a file each for what it prints; those of tasks are on the host's own disk.
    let start = now + startCost;
    for (let file = 0; file < 2 && !slot.isSeries; file++)
      start = this.#share.ask(start, 'read', 'output of tasks');
    const end = this.#work.begin(start);
    agenda.at(end, this.#actor, () => {
      this.#work.ended += 1;
      slot.isBusy = false;
      tell(`ended ${name} exit 0 own\n`);
      // A shell goes on with its next task without asking.
      this.#next(name, slot, end, tell);
    });
  }
}

/** What was said, in frames of a length and fields; of each so many fields. */
export function* framesIn(bytes: Buffer, fields?: number): Generator<string[]> {
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    yield bytes.toString('latin1', at + 4, at + 4 + length).split('\0', fields);
    at += 4 + length;
  }
}
