/** How a program that was run to its end came out. */
export interface CommandResult {
  /** Undefined: it could not be started, or was killed. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** There is no such program. */
  readonly notFound: boolean;
}

export interface CommandOptions {
  /** Seconds after which it is killed; 0: never. */
  readonly timeout: number;
  /** What it reads; nothing by default. */
  readonly input?: string;
  /** Let it talk with the person at the terminal: passwords are asked for on it. */
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Kills it. */
  readonly interruption?: AbortSignal | undefined;
}

/** Runs other programs to their end; never throws for what they do. */
export interface Commands {
  run(argv: readonly string[], options: CommandOptions): Promise<CommandResult>;
}

/** Milliseconds from SIGTERM to SIGKILL. */
const grace = 1000;

export const systemCommands: Commands = {
  async run([program = '', ...args], { timeout, input = '', terminal = false, env = {}, interruption }) {
    const { execa } = await import('execa');
    // A session of its own has no terminal, so nothing in it can hang on a question that nobody sees.
    const running = execa(program, args, { env, input, reject: false, detached: !terminal });
    let timedOut = false;
    const end = (): void => {
      // All of its session: a ProxyCommand that hangs would keep the output open, and us waiting for its end.
      const target = running.pid === undefined || terminal ? running.pid : -running.pid;
      kill(target, 'SIGTERM');
      setTimeout(kill, grace, target, 'SIGKILL').unref();
    };
    const limit = setTimeout(
      () => {
        timedOut = true;
        end();
      },
      timeout === 0 ? never : timeout * 1000,
    );
    interruption?.addEventListener('abort', end);
    if (interruption?.aborted === true) end();
    const result = await running;
    clearTimeout(limit);
    interruption?.removeEventListener('abort', end);
    const { exitCode, stdout, stderr, code } = result;
    return { exitCode, stdout, stderr, timedOut, notFound: code === 'ENOENT' };
  },
};

/** Milliseconds: the longest time that a timer takes, 24 days. */
const never = 2 ** 31 - 1;

function kill(target: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (target !== undefined) process.kill(target, signal);
  } catch {
    // It has ended meanwhile.
  }
}
