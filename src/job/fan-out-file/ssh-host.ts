import { inputError, numberedLines, quoted } from './each-line.js';

/** A worker's host, as a line of `workers.file` names it. */
export interface SshHost {
  readonly user: string | undefined;
  /** A name or an address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

// Nothing may begin with "-", which ssh would take for an option, or mean anything to a shell.
const user = String.raw`(?:([A-Za-z0-9_.][A-Za-z0-9_.+-]*)@)?`;
const name = String.raw`(?:\[([0-9A-Fa-f:.%a-z]+)\]|([A-Za-z0-9_][A-Za-z0-9_.-]*))`;
const plain = new RegExp(String.raw`^${user}${name}(?::(\d{1,5}))?$`);
const bareAddress = new RegExp(`^${user}([0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$`);

/** `user@host`, `host`, `user@host:port`, `user@[::1]:port`, `ssh://…`; undefined for anything else. */
export function parseSshHost(text: string): SshHost | undefined {
  const line = text.replace(/^ssh:\/\//, '').replace(/^(.*[^/])\/$/, '$1');
  const address = bareAddress.exec(line);
  if (address !== null) return { user: address[1], host: address[2] ?? '', port: undefined };
  const match = plain.exec(line);
  if (match === null) return undefined;
  const port = match[4] === undefined ? undefined : Number(match[4]);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  return { user: match[1], host: match[2] ?? match[3] ?? '', port };
}

/** As people write it. */
export function formatSshHost({ user: login, host, port }: SshHost): string {
  const address = host.includes(':') && port !== undefined ? `[${host}]` : host;
  return `${login === undefined ? '' : `${login}@`}${address}${port === undefined ? '' : `:${port}`}`;
}

/** A host for each line; empty ones and comments are none. Throws FjrError with file and line. */
export function* readSshHosts(source: string, lines: Iterable<string>): Generator<SshHost> {
  for (const { text, line } of numberedLines(source, lines)) {
    const name = text.trim();
    if (name === '' || name.startsWith('#')) continue;
    const host = parseSshHost(name);
    if (host === undefined)
      throw inputError(source, line, `${quoted(name)} is no host`, 'expected user@host or user@host:port');
    yield host;
  }
}
