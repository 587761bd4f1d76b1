import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Helpers, systemHelpers } from '../../src/system/helper.js';
import { type Ended, type Launch, type SeriesTask, Starter } from '../../src/worker/starter.js';
import { isAlive } from '../rig/processes.js';
import { waitUntil } from '../rig/wait-until.js';

/** Where the built programs are; another place while several people build at once. */
const dist = process.env['FJR_TEST_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));

/** The two programs that must not be told apart. */
export const starters: readonly (readonly [string, readonly string[]])[] = [
  ['perl', ['perl', fileURLToPath(new URL('../../src/worker/starter.pl', import.meta.url))]],
  ['node', [process.execPath, `${dist}/starter.js`]],
];

/** How a job or task ended, as it is reported. */
export function exit(code: number, why = 'own'): unknown {
  return { kind: 'exit', code, why };
}

export function signal(number: number, why = 'own'): unknown {
  return { kind: 'signal', number, why };
}

/** What this process has open is handed down to those that it starts. */
export function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

/** Waits until `look` gives something else than undefined or false; a wait in vain tells what `seen` saw last. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false,
  seen: () => unknown = () => 'nothing',
): Promise<T> {
  let found: T | undefined | false;
  await waitUntil(
    what,
    () => (found = look()) ?? seen(),
    () => found !== undefined && found !== false,
  );
  return found as T;
}

/** A starter, a directory for what its jobs print, and what it has reported. */
export class StarterRig {
  readonly directory = mkdtempSync(join(tmpdir(), 'fjr-starter-'));
  readonly starter: Starter;
  /** Everything reported, in order. */
  readonly reports: [number, Ended][] = [];
  gone = false;
  readonly closed: number[] = [];
  readonly #waiting = new Map<number, (ended: Ended) => void>();

  constructor(argv: readonly string[], helpers: Helpers = systemHelpers) {
    this.starter = new Starter(
      helpers,
      argv,
      {
        onEnded: (slot, ended) => {
          this.reports.push([slot, ended]);
          const waiting = this.#waiting.get(slot);
          this.#waiting.delete(slot);
          waiting?.(ended);
        },
        onClosed: (slot) => this.closed.push(slot),
        onGone: () => (this.gone = true),
      },
      (group) => {
        try {
          process.kill(-group, 'SIGKILL');
        } catch {
          // It ended with the starter.
        }
      },
    );
  }

  /** Starts a job in a slot; resolves with how it ended. */
  run(slot: number, argv: readonly string[], rest: Partial<Launch> = {}): Promise<Ended> {
    const ended = new Promise<Ended>((resolve) => this.#waiting.set(slot, resolve));
    const out = `${this.directory}/${slot}.out`;
    const err = `${this.directory}/${slot}.err`;
    this.starter.run(slot, { argv, env: {}, cwd: '', nice: 0, timeout: undefined, out, err, ...rest });
    return ended;
  }

  sh(slot: number, script: string, rest: Partial<Launch> = {}): Promise<Ended> {
    return this.run(slot, ['/bin/sh', '-c', script], rest);
  }

  /** A task of a series, which prints to files of its own: `SLOT.NAME.out`. */
  task(slot: number, name: string, argv: readonly string[], rest: Partial<SeriesTask> = {}): void {
    const [out, err] = [`${this.directory}/${slot}.${name}.out`, `${this.directory}/${slot}.${name}.err`];
    this.starter.runTask(slot, { argv, env: {}, timeout: undefined, out, err, ...rest });
  }

  shTask(slot: number, name: string, script: string, rest: Partial<SeriesTask> = {}): void {
    this.task(slot, name, ['/bin/sh', '-c', script], rest);
  }

  taskPrinted(slot: number, name: string, stream: 'out' | 'err' = 'out'): string {
    const path = `${this.directory}/${slot}.${name}.${stream}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** How the jobs and tasks of a slot ended, once there are so many. */
  async ends(slot: number, count: number): Promise<Ended[]> {
    const ends = (): Ended[] => this.reports.filter(([of]) => of === slot).map(([, ended]) => ended);
    await until(
      `${count} ends in slot ${slot}`,
      () => ends().length >= count,
      () => JSON.stringify(ends()),
    );
    return ends();
  }

  async closing(slot: number): Promise<void> {
    this.starter.closeSeries(slot);
    await until(`the series in slot ${slot} is closed`, () => this.closed.includes(slot));
  }

  printed(slot: number, stream: 'out' | 'err' = 'out'): string {
    const path = `${this.directory}/${slot}.${stream}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Waits for a job's output to match; returns the match. */
  printing(slot: number, pattern: RegExp): Promise<RegExpExecArray> {
    return until(
      `slot ${slot} prints ${String(pattern)}`,
      () => pattern.exec(this.printed(slot)) ?? undefined,
      () => JSON.stringify([this.printed(slot), this.printed(slot, 'err'), this.reports]),
    );
  }

  file(name: string, content: string, mode = 0o644): string {
    const path = `${this.directory}/${name}`;
    writeFileSync(path, content, { mode });
    return path;
  }

  async end(): Promise<void> {
    const { pid } = this.starter;
    this.starter.close();
    await until('the starter ends', () => this.gone && !isAlive(pid));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A crew that hangs: it tells its starter what to do and does not hear what that says. */
export class DeafHelpers implements Helpers {
  #child: ChildProcess | undefined;
  heard = '';

  start(...[[program = '', ...args], events]: Parameters<Helpers['start']>): ReturnType<Helpers['start']> {
    const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    child.on('exit', events.onEnd);
    return {
      pid: child.pid ?? 0,
      send: (bytes) => child.stdin.write(bytes),
      close: () => child.stdin.end(),
      kill: () => child.kill('SIGKILL'),
    };
  }

  listen(): void {
    this.#child?.stdout?.on('data', (bytes: Buffer) => (this.heard += bytes.toString('latin1')));
  }
}
