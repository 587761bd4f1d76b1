import type { Helper, Helpers } from '../system/helper.js';

/** One process to start. */
export interface Launch {
  readonly argv: readonly string[];
  /** Added to the crew's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** '' for the crew's own. */
  readonly cwd: string;
  readonly nice: number;
  /** Seconds. */
  readonly timeout: number | undefined;
  /** Files that standard output and error are appended to. */
  readonly out: string;
  readonly err: string;
}

/** What tasks have in common that run one after another in a slot. */
export type Series = Pick<Launch, 'env' | 'cwd' | 'nice'>;

/** One of them: what it has for itself. The first word of `argv` is a path with a slash. */
export type SeriesTask = Pick<Launch, 'argv' | 'env' | 'timeout' | 'out' | 'err'>;

/** Why a process ended: by itself, or because the starter ended it. */
export type Why = 'own' | 'timeout' | 'stopped' | 'silence';

export type Ended =
  | { readonly kind: 'exit'; readonly code: number; readonly why: Why }
  | { readonly kind: 'signal'; readonly number: number; readonly why: Why }
  | { readonly kind: 'failed'; readonly reason: string }
  /** A task that waited behind one that was stopped, and was never started. */
  | { readonly kind: 'dropped' };

export interface StarterEvents {
  /** Once for each job and task, in the order of those of that slot. */
  readonly onEnded: (slot: number, ended: Ended) => void;
  /** Once for each `close`, when nothing is left of what its tasks started. */
  readonly onClosed: (slot: number) => void;
  /** The starter itself is gone. Jobs that ran under it have been reported by `onEnded`. */
  readonly onGone: () => void;
}

/** What a starter says of a job that it does not start since no beat came in time. */
export const refusedInSilence = "the crew's heartbeat has stopped";

/** Seconds between SIGTERM and SIGKILL. */
export const killGrace = 5;

/** The crew's end of the starter (see starter.pl, or starter-process.ts where there is no Perl). */
export class Starter {
  readonly #helper: Helper;
  readonly #events: StarterEvents;
  /** By slot: the process that runs there, 0 before it is known, and how many runs have not ended. */
  readonly #slots = new Map<number, { pid: number; runs: number; readonly inSeries: boolean }>();
  readonly #kill: (group: number) => void;
  #text = '';
  #outbox: Buffer[] = [];

  /** `argv`: how the starter's own process is started. `kill`: SIGKILL to a process group. */
  constructor(
    helpers: Helpers,
    argv: readonly string[],
    events: StarterEvents,
    kill: (group: number) => void,
  ) {
    this.#events = events;
    this.#kill = kill;
    this.#helper = helpers.start(argv, {
      onOutput: (text) => {
        this.#hear(text);
      },
      onEnd: () => {
        this.#end();
      },
    });
  }

  get pid(): number {
    return this.#helper.pid;
  }

  /** Starts a process in a slot where none runs. */
  run(slot: number, launch: Launch): void {
    this.#expectEnd(slot);
    const { argv, env, cwd, nice, timeout, out, err } = launch;
    const limits = [nice, inMilliseconds(timeout), killGrace * 1000];
    this.#send(['run', slot, ...limits, out, err, cwd, argv.length, ...argv, ...pairs(env)]);
  }

  /**
   * Begins a series of short tasks in a slot: `runTask` starts each right when the one before has ended, at a fraction of
   * what `run` costs. Until the series is closed they share a process group; an exit code from 129 to 192 is told as the
   * signal that it stands for.
   */
  beginSeries(slot: number, { env, cwd, nice }: Series): void {
    this.#slots.set(slot, { pid: 0, runs: 0, inSeries: true });
    this.#send(['series', slot, nice, killGrace * 1000, cwd, ...pairs(env)]);
  }

  runTask(slot: number, { argv, env, timeout, out, err }: SeriesTask): void {
    this.#expectEnd(slot);
    this.#send(['task', slot, inMilliseconds(timeout), out, err, argv.length, ...argv, ...pairs(env)]);
  }

  /** There are no more tasks: what they left running is killed. */
  closeSeries(slot: number): void {
    this.#send(['close', slot]);
  }

  #expectEnd(slot: number): void {
    const state = this.#slots.get(slot);
    if (state === undefined) this.#slots.set(slot, { pid: 0, runs: 1, inSeries: false });
    else state.runs += 1;
  }

  /** SIGTERM to the job's whole group, SIGKILL after `grace` seconds. Tasks that wait behind it are dropped. */
  stop(slot: number, grace: number): void {
    this.#send(['stop', slot, grace * 1000]);
  }

  /** All is well; if the next beat is more than `seconds` away, the jobs are to be killed. */
  beat(seconds: number): void {
    this.#send(['beat', Math.round(seconds * 1000)]);
  }

  close(): void {
    this.#helper.close();
  }

  /** Frames of one turn of the event loop go out in one write. */
  #send(fields: readonly (string | number)[]): void {
    const payload = Buffer.from(fields.join('\0'));
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(payload.length);
    this.#outbox.push(length, payload);
    if (this.#outbox.length === 2)
      setImmediate(() => {
        this.flush();
      });
  }

  flush(): void {
    if (this.#outbox.length === 0) return;
    const bytes = Buffer.concat(this.#outbox);
    this.#outbox = [];
    this.#helper.send(bytes);
  }

  #hear(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#hearLine(line);
  }

  #hearLine(line: string): void {
    const [verb, slotText, first, ...rest] = line.split(' ');
    const slot = Number(slotText);
    const state = this.#slots.get(slot);
    if (verb === 'started') {
      if (state !== undefined) state.pid = Number(first);
      return;
    }
    if (verb === 'idle') {
      if (state !== undefined) state.pid = 0;
      return;
    }
    if (verb === 'closed') {
      this.#slots.delete(slot);
      this.#events.onClosed(slot);
      return;
    }
    if (state !== undefined) {
      state.runs -= 1;
      // The shell of a series is there for all of its tasks.
      if (!state.inSeries) state.pid = 0;
      if (!state.inSeries && state.runs === 0) this.#slots.delete(slot);
    }
    const why = (rest[1] ?? 'own') as Why;
    if (verb === 'failed') this.#events.onEnded(slot, { kind: 'failed', reason: [first, ...rest].join(' ') });
    else if (verb === 'dropped') this.#events.onEnded(slot, { kind: 'dropped' });
    else if (first === 'exit') this.#events.onEnded(slot, { kind: 'exit', code: Number(rest[0]), why });
    else this.#events.onEnded(slot, { kind: 'signal', number: Number(rest[0]), why });
  }

  /** The starter died: what it started must not go on unwatched. */
  #end(): void {
    const slots = [...this.#slots];
    this.#slots.clear();
    for (const [slot, { pid, runs }] of slots) {
      if (pid > 0) this.#kill(pid);
      if (runs > 0)
        this.#events.onEnded(slot, { kind: 'failed', reason: 'the process that starts jobs died' });
      for (let behind = 1; behind < runs; behind++) this.#events.onEnded(slot, { kind: 'dropped' });
    }
    this.#events.onGone();
  }
}

function inMilliseconds(seconds: number | undefined): number | '' {
  return seconds === undefined ? '' : Math.ceil(seconds * 1000);
}

function pairs(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}
