import { spawn } from 'node:child_process';

/** A child process that talks over its standard input and output. */
export interface Helper {
  readonly pid: number;
  send(bytes: Uint8Array): void;
  /** Ends its input. */
  close(): void;
  kill(): void;
}

export interface HelperEvents {
  readonly onOutput: (text: string) => void;
  /** Once, when the process is gone and all it said was heard. */
  readonly onEnd: () => void;
}

export interface Helpers {
  start(argv: readonly string[], events: HelperEvents): Helper;
}

export const systemHelpers: Helpers = {
  start([program = '', ...args], events) {
    // A session of its own: Ctrl-C or a closing terminal reach the crew, who decides, and not its helper.
    const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', events.onOutput);
    // Writing to a helper that has died is no news: its end is reported by `close`.
    child.stdin.on('error', () => undefined);
    child.on('error', () => undefined);
    child.on('close', events.onEnd);
    return {
      pid: child.pid ?? 0,
      send: (bytes) => {
        child.stdin.write(bytes);
      },
      close: () => {
        child.stdin.end();
      },
      kill: () => {
        child.kill('SIGKILL');
      },
    };
  },
};
