import type { CommandResult } from '../system/commands.js';
import type { Heard } from './remote-script.js';
import type { RemoteReport } from './remote-report.js';
import type { SiteReport } from './site.js';

export type Failure = Exclude<SiteReport['failure'], undefined> & {
  /** Whether a person at a terminal could help. */
  readonly canAsk?: boolean;
  /** Whether only what was printed tells more. */
  readonly seeLines?: boolean;
};

/** What a failure is told with. */
export interface Surroundings {
  /** As it is connected to. */
  readonly host: string;
  /** `[host2] in /…/remote.conf (line 6)`. */
  readonly where: string;
  /** The command line that connects by hand. */
  readonly byHand: string;
  readonly root: string;
  readonly node: string;
  readonly program: string;
  /** Seconds it had. */
  readonly limit: number;
}

/** The oldest Node that fjr runs on; package.json says the same. */
export const oldestNode = [20, 19] as const;

/** Why nothing, or the wrong thing, came of it; undefined: all is well. */
export function explain(
  result: CommandResult,
  { marks, lines }: Heard,
  report: RemoteReport | undefined,
  at: Surroundings,
): Failure | undefined {
  const node = marks.get('node') ?? '';
  if (marks.get('ended') === '0' && report !== undefined && report.failure === undefined) return undefined;
  if (isOld(node))
    return {
      reason: `Node ${node} at ${at.node} is too old`,
      hint: `fjr needs Node ${oldestNode.join('.')} or later: set \`node\` for ${at.where}`,
    };
  if (report?.failure !== undefined) return report.failure;
  return (
    missing(marks, at) ?? (marks.has('ended') ? ended(marks, lines, node, at) : unreached(result, marks, at))
  );
}

function isOld(version: string): boolean {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return false;
  return Number(major) < oldestNode[0] || (Number(major) === oldestNode[0] && Number(minor) < oldestNode[1]);
}

function missing(marks: Heard['marks'], { root, node, program, where }: Surroundings): Failure | undefined {
  if (marks.has('no-home'))
    return {
      reason: `no shared home: it does not see what is written here to ${root}`,
      hint: 'all hosts of a project must share the directory in which it lies: set FJR_HOME to one that they do',
    };
  if (marks.has('no-node'))
    return { reason: `there is no Node at ${node}`, hint: `set \`node\` for ${where} to its path there` };
  if (marks.has('no-program'))
    return {
      reason: `there is no fjr at ${program}`,
      hint: 'install fjr in the shared home, or on each host at the same path',
    };
  return undefined;
}

/** The recruiter ended without a word of how. */
function ended(marks: Heard['marks'], lines: readonly string[], node: string, at: Surroundings): Failure {
  if (lines.some((line) => line.startsWith('fjr-recruiter: Unknown argument')))
    return {
      reason: `another version of fjr is installed at ${at.program}`,
      hint: 'install the same on all hosts',
    };
  if (!/^v\d/.test(node))
    return {
      reason: `${at.node} is no Node that can be run`,
      hint: `set \`node\` for ${at.where} to the path of one that can`,
    };
  const last = lines.at(-1);
  return {
    reason: `fjr-recruiter ended there with exit code ${marks.get('ended') ?? ''}${last === undefined ? '' : `: ${last}`}`,
    hint: `see what happens there: ${at.byHand}`,
    seeLines: true,
  };
}

/** ssh did not get there, or did not stay. */
function unreached(result: CommandResult, marks: Heard['marks'], at: Surroundings): Failure {
  if (result.notFound)
    return {
      reason: 'ssh is not installed here',
      hint: 'install it (Debian: apt-get install openssh-client)',
    };
  if (result.timedOut)
    return { reason: `no answer within ${at.limit} s`, hint: `see what it does: ${at.byHand}` };
  const known = sshFailures.find(({ pattern }) => pattern.test(result.stderr));
  if (known !== undefined) {
    const { reason, hint, canAsk = false } = known;
    return { reason: reason(result.stderr, at), hint: hint(at), canAsk };
  }
  if (marks.has('begin'))
    return { reason: 'the connection was lost', hint: `see what goes on there: ${at.byHand}` };
  const last = lastLine(result.stderr) ?? lastLine(result.stdout);
  const code = result.exitCode === undefined ? 'was killed' : `ended with exit code ${result.exitCode}`;
  return {
    reason: `nothing could be started there: ssh ${code}${last === undefined ? '' : ` (${last})`}`,
    hint: `see what it says: ${at.byHand}`,
  };
}

function lastLine(text: string): string | undefined {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .findLast((line) => line !== '');
}

interface SshFailure {
  readonly pattern: RegExp;
  readonly reason: (stderr: string, at: Surroundings) => string;
  readonly hint: (at: Surroundings) => string;
  readonly canAsk?: boolean;
}

/** What OpenSSH says, whose words are the same in all languages; the first that fits counts. */
const sshFailures: readonly SshFailure[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    reason: () => 'its host key is another than it was: a new machine, or somebody in between',
    hint: ({ host, byHand }) =>
      `if you know why, remove the old key (ssh-keygen -R ${host}) and connect once: ${byHand}`,
  },
  {
    pattern: /Host key verification failed|host key is known for/,
    reason: () => 'its host key is not known here',
    hint: ({ byHand }) => `connect once by hand and look at the key: ${byHand}`,
    canAsk: true,
  },
  {
    pattern: /Permission denied \(|Too many authentication failures|No supported authentication methods/,
    reason: () => 'permission denied',
    hint: ({ host }) =>
      `let it accept your key (ssh-copy-id ${host}), or hire from a terminal, where ssh can ask you`,
    canAsk: true,
  },
  {
    pattern: /Could not resolve hostname/,
    reason: () => 'no such host is known here',
    hint: ({ where }) => `check \`name\` of ${where}, or say in ~/.ssh/config what it means`,
  },
  {
    pattern: /Connection refused/,
    reason: () => 'connection refused',
    hint: () => 'is sshd running there, and on this port?',
  },
  {
    pattern: /No route to host|Network is unreachable/,
    reason: () => 'there is no way to it from here',
    hint: () => 'is it on, and in the same network?',
  },
  {
    pattern: /[Tt]imed out|Timeout, server|connect to host .* Operation now in progress/,
    reason: () => 'no answer',
    hint: () => 'is it on, and does it respond to others?',
  },
  {
    pattern: /Connection (closed|reset)|kex_exchange_identification|Broken pipe|closed by remote host/,
    reason: () => 'it closed the connection',
    hint: ({ byHand }) => `its sshd may take no more connections, or not you: ${byHand}`,
  },
  {
    pattern:
      /Bad configuration option|command-line:? line|unknown option|illegal option|Can't open user config|terminating, \d+ bad/,
    reason: (stderr) =>
      `ssh does not take its options: ${lastLine(stderr.replace(/\n?usage: ssh.*/s, '')) ?? ''}`,
    hint: ({ where }) => `check \`ssh_options\` of ${where}, and ~/.ssh/config`,
  },
];
