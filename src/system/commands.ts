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
  /** Seconds after which it is killed. */
  readonly timeout: number;
  /** What it reads; nothing by default. */
  readonly input?: string;
  /** Let it talk with the person at the terminal: passwords are asked for on it. */
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs other programs to their end; never throws for what they do. */
export interface Commands {
  run(argv: readonly string[], options: CommandOptions): Promise<CommandResult>;
}

export const systemCommands: Commands = {
  async run([program = '', ...args], { timeout, input = '', terminal = false, env = {} }) {
    const { execa } = await import('execa');
    const result = await execa(program, args, {
      env,
      input,
      reject: false,
      timeout: timeout * 1000,
      // A session without a terminal cannot hang on a question that nobody sees.
      detached: !terminal,
      forceKillAfterDelay: 1000,
    });
    return {
      exitCode: result.exitCode,
      stdout: result.stdout,
      stderr: result.stderr,
      timedOut: result.timedOut,
      notFound: result.code === 'ENOENT',
    };
  },
};
