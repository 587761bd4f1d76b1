import { type ChildProcess, spawn } from 'node:child_process';
import { waitUntil } from './wait-until.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** A process that a test has started, and all that it has printed. */
export class Background {
  readonly name: string;
  readonly #child: ChildProcess;
  stdout = '';
  stderr = '';
  /** When its output has ended, too. */
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;

  constructor(name: string, argv: readonly string[], options: RunOptions) {
    this.name = name;
    const [program = '', ...args] = argv;
    this.#child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
    // Whoever is interested awaits it; a process that a test abandons is the leak check's business.
    this.exited.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for a line on standard output. */
  async says(text: string | RegExp, seconds?: number): Promise<void> {
    const isThere = (seen: string): boolean =>
      typeof text === 'string' ? seen.includes(text) : text.test(seen);
    const look = (): string =>
      `${this.stdout}${this.stderr}${this.exit === undefined ? '' : `(exited: ${JSON.stringify(this.exit)})`}`;
    await waitUntil(`${this.name} says ${String(text)}`, look, isThere, seconds);
  }

  async ends(seconds?: number): Promise<Result> {
    const look = (): string | Exit => this.exit ?? `${this.stdout}${this.stderr}`;
    await waitUntil(`${this.name} exits`, look, (seen) => typeof seen !== 'string', seconds);
    return { code: this.exit?.code ?? null, stdout: this.stdout, stderr: this.stderr };
  }

  /** Ends it as a user would. */
  async stop(): Promise<Result> {
    this.signal('SIGTERM');
    return this.ends();
  }
}
