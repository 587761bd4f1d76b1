import type { Rig } from './rig.js';
import { waitUntil } from './wait-until.js';

/** A real terminal: a pane of a tmux server that belongs to the test. */
export class Terminal {
  readonly #rig: Rig;
  readonly #name: string;

  private constructor(rig: Rig, name: string) {
    this.#rig = rig;
    this.#name = name;
  }

  /** Runs a shell's command line in a new terminal. When it has ended, its exit code is shown as `[exit code N]`. */
  static async open(rig: Rig, name: string, commandLine: string): Promise<Terminal> {
    const terminal = new Terminal(rig, name);
    // The shell outlives a Ctrl-C; what it runs gets the default back.
    const script = `trap : INT; ${commandLine}; echo "[exit code $?]"; trap - INT; exec cat`;
    const size = ['-x', '100', '-y', '30'];
    await terminal.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-s', 'test', 'sh', '-c', script);
    return terminal;
  }

  async keys(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', '-t', 'test', ...keys);
  }

  async screen(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-t', 'test')).replace(/\n+$/, '\n');
  }

  async shows(text: string | RegExp): Promise<string> {
    const look = (): Promise<string> => this.screen();
    return waitUntil(`the terminal shows ${String(text)}`, look, (seen) =>
      typeof text === 'string' ? seen.includes(text) : text.test(seen),
    );
  }

  async close(): Promise<void> {
    await this.#tmux('kill-server');
  }

  async #tmux(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#rig.run('tmux', ['-L', this.#name, ...args]);
    if (code !== 0) throw new Error(`tmux ${args.join(' ')} failed: ${stderr}`);
    return stdout;
  }
}
