import type { SshWorkers } from '../job/fan-out.js';
import { type SshHost, formatSshHost } from '../job/fan-out-file/ssh-host.js';
import { quote } from '../job/template.js';
import type { Launch } from './starter.js';

/** How a host is reached. */
export interface SshLink {
  readonly host: SshHost;
  readonly ssh: Pick<SshWorkers, 'privateKey' | 'options'>;
  /** The path of ssh-task.sh. */
  readonly script: string;
  /** A directory of the crew's own, with a short path: it holds sockets. */
  readonly directory: string;
  /** The socket there of a connection that several tasks share. */
  readonly socket: string;
}

/** What is to run on a host. */
export interface FarTask {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** As the host means it; undefined: where its login shells begin. */
  readonly workdir: string | undefined;
  readonly nice: number;
  /** A word that nobody there would print. */
  readonly mark: string;
}

/** Seconds that a connection stays when nobody uses it: longer than any gap between two tasks. */
const persist = 10;

/** The command line and the variables of the process that runs a task on a host (see ssh-task.sh). */
export function sshProcess(link: SshLink, task: FarTask): Pick<Launch, 'argv' | 'env'> {
  const { script, directory, host, ssh } = link;
  // ssh takes the first value of an option that it meets: what must be, what the file says, what is good for most.
  const musts = {
    BatchMode: 'yes',
    ControlMaster: 'auto',
    ControlPath: `${directory}/${link.socket}`,
    ControlPersist: String(persist),
    RemoteCommand: 'none',
    RequestTTY: 'no',
  };
  const defaults = {
    ...(ssh.privateKey === undefined ? {} : { IdentitiesOnly: 'yes' }),
    ConnectTimeout: '10',
    // The host has killed the task by then: it waits 12 s for a line.
    ServerAliveInterval: '5',
    ServerAliveCountMax: '3',
    ClearAllForwardings: 'yes',
    LogLevel: 'ERROR',
  };
  const argv = [
    ...['/bin/sh', script, directory, task.mark, formatSshHost(host)],
    ...options(musts),
    ...(ssh.privateKey === undefined ? [] : ['-i', ssh.privateKey]),
    ...ssh.options,
    ...(host.user === undefined ? [] : ['-l', host.user]),
    ...(host.port === undefined ? [] : ['-p', String(host.port)]),
    ...options(defaults),
    ...['--', host.host],
  ];
  return { argv, env: { ...parts(farScript(task)), ...tokenOf(task.env) } };
}

function options(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Whoever looks for processes of this execution finds the one here. */
function tokenOf({ FJR_TOKEN: token }: FarTask['env']): Record<string, string> {
  return token === undefined ? {} : { FJR_TOKEN: token };
}

/** What far-task.sh is called with. */
function farScript({ argv, env, workdir = '', nice, mark }: FarTask): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  const words = [mark, workdir, String(nice), ...argv].map(quote);
  return `fjr_variables() {\n${exports.join('')}:\n}\nfjr_run ${words.join(' ')}\n`;
}

/** Letters of a part: a variable may hold 128 KiB, and a letter may take four bytes. */
const longestPart = 30_000;

/** A text in as many variables as it takes. */
function parts(text: string): Record<string, string> {
  const pieces = text.match(new RegExp(`[^]{1,${longestPart}}`, 'gu')) ?? [];
  const env: Record<string, string> = { FJR_PARTS: String(pieces.length) };
  pieces.forEach((piece, index) => (env[`FJR_PART_${index + 1}`] = piece));
  return env;
}
