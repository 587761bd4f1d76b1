import { setMaxListeners } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { FjrError } from '../job/fjr-error.js';
import type { Errand } from '../recruiter/errand.js';
import type { SiteReport } from '../recruiter/site.js';
import { type OpenSite, type Sites, openSites } from '../recruiter/sites.js';
import { programArgv } from './compose.js';
import { enginesFor } from './engines.js';
import { type ExitCode, exitCode } from './exit-code.js';
import type { Project } from './project.js';
import { printable, remark, say } from './say.js';
import { version } from './version.js';

/** What an errand says besides where it starts from. */
export type Wishes = Pick<Errand, 'directory' | 'multiplexer' | 'options' | 'interruption'>;

/** The places that a project's remote.conf names; undefined: it has none. Throws for a file that is none. */
export function sitesOf(project: Project, wishes: Wishes): Sites | undefined {
  const path = project.layout.remoteConf;
  if (!existsSync(path)) return undefined;
  const [node = '', program = ''] = programArgv('fjr-recruiter');
  const errand = { project: project.name, layout: project.layout, node, program, version, ...wishes };
  return openSites(readConf(path), path, enginesFor(project, errand));
}

function readConf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new FjrError('remote-conf', `cannot read ${path}: ${code}`, {
      hint: 'make it readable, or use --local-only',
      cause: error,
    });
  }
}

/** Whether somebody sits here whom ssh could ask. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

export function sayFaults(faults: readonly FjrError[]): void {
  for (const { message, hint } of faults) {
    remark(`[fjr-recruiter] ${printable(message)}`);
    if (hint !== undefined) remark(`hint: ${printable(hint)}`);
  }
}

/** A host's own lines, and then what went wrong, as soon as it has answered. */
export function sayReport({ site }: OpenSite, { lines, failure }: SiteReport, json: boolean): void {
  const host = `[fjr-recruiter] Host ${printable(site.name)}:`;
  if (!json) for (const line of lines) say(`${host} ${printable(line)}`);
  if (failure === undefined) return;
  remark(`${host} ${printable(failure.reason)}.`);
  if (failure.hint !== '') remark(`hint: ${printable(failure.hint)}`);
}

/** Runs what can be broken off by a signal; what hosts were asked for before goes on there. */
export async function interruptible(work: (signal: AbortSignal) => Promise<ExitCode>): Promise<ExitCode> {
  const abort = new AbortController();
  // One for each connection: Node takes more than ten for a leak.
  setMaxListeners(Infinity, abort.signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => {
    abort.abort();
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    const code = await work(abort.signal);
    if (!abort.signal.aborted) return code;
    remark('[fjr-recruiter] Interrupted: hosts that were reached do what they were asked all the same.');
    return exitCode.interrupted;
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}
