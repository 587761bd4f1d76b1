import type { Helper, HelperEvents, Helpers } from '../../src/system/helper.js';
import { refusedInSilence } from '../../src/worker/starter.js';
import { Actor, type Agenda } from './agenda.js';
import { framesIn } from './tasks.js';

/** A process on some host. */
export interface Process {
  /** The entry it belongs to. */
  readonly token: string;
  /** Undefined: of a plain job. */
  readonly task: number | undefined;
  readonly attempt: number;
  /** Ends it by itself. Once. */
  end(code: number): void;
}

/** Says how long processes take, and hears what becomes of them. */
export interface Fates {
  /** It runs until somebody calls its `end`. */
  begun(process: Process): void;
  /** `killed`: it did not end by itself. */
  gone(process: Process, how: 'ended' | 'killed'): void;
}

interface Slot {
  readonly token: string;
  readonly isSeries: boolean;
  isClosing: boolean;
  /** Those behind it are dropped when it has ended. */
  drops: boolean;
  readonly waiting: (readonly string[])[];
  running: Process | undefined;
}

/** Milliseconds that a process takes at most to end when it is told to. */
const dying = 2000;

/**
 * A crew's starter, whose processes do nothing but to be there. It lives on when its crew is stopped, kills when no beat
 * comes, and dies with its crew.
 */
export class RankStarter implements Helpers {
  readonly #agenda: Agenda;
  readonly #crew: Actor;
  readonly #actor = new Actor();
  readonly #fates: Fates;
  readonly #random: () => number;
  readonly #slots = new Map<string, Slot>();
  #silenceAt = Infinity;
  #tell: (line: string) => void = () => undefined;

  constructor(agenda: Agenda, crew: Actor, fates: Fates, random: () => number) {
    this.#agenda = agenda;
    this.#crew = crew;
    this.#fates = fates;
    this.#random = random;
  }

  start(_: readonly string[], { onOutput }: HelperEvents): Helper {
    this.#tell = (line) => {
      this.#agenda.at(this.#agenda.now, this.#crew, () => {
        onOutput(`${line}\n`);
      });
    };
    return {
      pid: 1,
      send: (bytes) => {
        for (const [verb = '', ...fields] of framesIn(Buffer.from(bytes))) this.#obey(verb, fields);
      },
      close: () => {
        this.#killAll();
      },
      kill: () => {
        this.#killAll();
      },
    };
  }

  /** Its crew was killed. */
  die(): void {
    this.#killAll();
    this.#actor.isGone = true;
  }

  #obey(verb: string, fields: readonly string[]): void {
    const [name = '', first = ''] = fields;
    const slot = this.#slots.get(name);
    switch (verb) {
      case 'beat':
        this.#hearBeat(Number(name));
        return;
      case 'series':
      case 'run':
        this.#slots.set(name, {
          token: variable(fields, 'FJR_TOKEN'),
          isSeries: verb === 'series',
          isClosing: false,
          drops: false,
          waiting: verb === 'run' ? [fields] : [],
          running: undefined,
        });
        this.#next(name);
        return;
      case 'task':
        slot?.waiting.push(fields);
        this.#next(name);
        return;
      case 'close':
        if (slot !== undefined) slot.isClosing = true;
        this.#next(name);
        return;
      case 'stop':
        if (slot !== undefined) this.#stop(name, slot, Number(first));
    }
  }

  #hearBeat(milliseconds: number): void {
    const at = this.#agenda.now + milliseconds;
    this.#silenceAt = at;
    this.#agenda.at(at, this.#actor, () => {
      if (this.#silenceAt === at) this.#killAll();
    });
  }

  #next(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined || slot.running !== undefined) return;
    const fields = slot.waiting.shift();
    if (fields === undefined) {
      if (!slot.isClosing) return;
      this.#slots.delete(name);
      this.#tell(`closed ${name}`);
    } else if (this.#silenceAt <= this.#agenda.now) {
      this.#tell(`failed ${name} ${refusedInSilence}`);
      this.#next(name);
    } else this.#begin(name, slot, fields);
  }

  #begin(name: string, slot: Slot, fields: readonly string[]): void {
    const process: Process = {
      token: slot.token,
      task: slot.isSeries ? Number(variable(fields, 'FJR_TASK_INDEX')) : undefined,
      attempt: Number(variable(fields, 'FJR_ATTEMPT')),
      end: (code) => {
        if (slot.running === process) this.#over(name, slot, `exit ${code} own`, 'ended');
      },
    };
    slot.running = process;
    this.#fates.begun(process);
  }

  #stop(name: string, slot: Slot, grace: number): void {
    const { running } = slot;
    if (running === undefined) return;
    slot.drops = true;
    const at = this.#agenda.now + Math.min(grace, dying) * this.#random();
    this.#agenda.at(at, this.#actor, () => {
      if (slot.running === running) this.#over(name, slot, 'signal 15 stopped', 'killed');
    });
  }

  #killAll(): void {
    for (const [name, slot] of [...this.#slots]) {
      if (slot.running === undefined) continue;
      slot.drops = true;
      this.#over(name, slot, 'signal 9 silence', 'killed');
    }
  }

  #over(name: string, slot: Slot, how: string, word: 'ended' | 'killed'): void {
    const { running } = slot;
    slot.running = undefined;
    if (running !== undefined) this.#fates.gone(running, word);
    this.#tell(`ended ${name} ${how}`);
    for (; slot.drops && slot.waiting.length > 0; slot.waiting.shift()) this.#tell(`dropped ${name}`);
    if (slot.isSeries) this.#next(name);
    else this.#slots.delete(name);
  }
}

/** What a process sees in its environment. */
function variable(fields: readonly string[], name: string): string {
  return fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}
