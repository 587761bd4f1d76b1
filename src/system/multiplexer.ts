import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { FjrError } from '../job/fjr-error.js';
import { onPath } from './on-path.js';

export type SessionKind = 'tmux' | 'screen' | 'none';

/** A program to run where it goes on after its starter has gone. */
export interface Session {
  /** Letters, digits, `-` and `_`. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly directory: string;
  /** Where the output goes if nobody can attach. */
  readonly logFile: string;
}

export interface Multiplexer {
  readonly kind: SessionKind;
  /** Whether its program is on the PATH. */
  isAvailable(): boolean;
  start(session: Session): Promise<void>;
  /** The command line that attaches to a session, or reads its output. */
  attachCommand(session: Pick<Session, 'name' | 'logFile'>): string;
}

/**
 * A tmux server of its own for each crew: a server keeps the environment of whoever started it, so a shared one would
 * give a crew some other session's. Its socket has the session's name; the user's own server is left alone.
 */
const tmux: Multiplexer = {
  kind: 'tmux',
  isAvailable: () => onPath('tmux') !== undefined,
  async start({ name, argv, directory }) {
    // No -c: tmux would expand formats in the directory's name, #(command) among them. It starts where we start it.
    // The user's configuration is not read: it may end sessions that nobody is attached to.
    const session = ['new-session', '-d', '-s', name, '-x', '200', '-y', '50', ...argv];
    await run('tmux', ['-L', name, '-f', '/dev/null', ...session], directory);
  },
  attachCommand: ({ name }) => `tmux -L ${name} attach -t ${name}`,
};

const screen: Multiplexer = {
  kind: 'screen',
  isAvailable: () => onPath('screen') !== undefined,
  async start({ name, argv, directory }) {
    await run('screen', ['-c', '/dev/null', '-d', '-m', '-S', name, ...argv], directory);
  },
  attachCommand: ({ name }) => `screen -r ${name}`,
};

const none: Multiplexer = {
  kind: 'none',
  isAvailable: () => true,
  start({ argv: [program = '', ...args], directory, logFile }) {
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(program, args, { cwd: directory, detached: true, stdio: ['ignore', log, log] });
    child.unref();
    closeSync(log);
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  },
  attachCommand: ({ logFile }) => `tail -f ${logFile}`,
};

export const multiplexers: Readonly<Record<SessionKind, Multiplexer>> = { tmux, screen, none };

/** The multiplexer asked for, or with `auto` the best there is. */
export function chooseMultiplexer(wanted: SessionKind | 'auto'): Multiplexer {
  if (wanted === 'auto') return [tmux, screen].find((one) => one.isAvailable()) ?? none;
  const chosen = multiplexers[wanted];
  if (chosen.isAvailable()) return chosen;
  throw new FjrError('no-multiplexer', `${wanted} is not installed here`, {
    hint: `install ${wanted}, or use --multiplexer none`,
  });
}

async function run(program: string, args: readonly string[], directory: string): Promise<void> {
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    cwd: directory,
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  });
  if (result.failed)
    throw new FjrError(
      'multiplexer',
      `${program} could not start a session: ${result.stderr || (result.shortMessage ?? '')}`,
      {
        hint: 'try --multiplexer none',
      },
    );
}
