/** The composition root: the real system, handed to the parts that need it. */
import { constants, homedir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Pace, localPace, sharedPace } from '../queue/pace.js';
import { systemClock } from '../system/clock.js';
import { MountedFiles } from '../system/files.js';
import { systemHelpers } from '../system/helper.js';
import { onPath } from '../system/on-path.js';
import { type Host, LinuxHost } from '../system/host.js';
import { systemDoorbells } from '../system/watcher.js';
import type { Project } from './project.js';

export const clock = systemClock;
export const doorbells = systemDoorbells;
export const helpers = systemHelpers;
export const uid = process.getuid?.() ?? 0;

let knownHost: Host | undefined;
export function thisHost(): Host {
  return (knownHost ??= new LinuxHost());
}

/** File access that suits the filesystem a project lies on. */
export function filesFor({ layout }: Project, fsync = false): MountedFiles {
  return new MountedFiles({ shared: thisHost().isShared(layout.root), fsync });
}

/** How often things are looked at, by the same token. */
export function paceFor({ layout }: Project): Pace {
  return thisHost().isShared(layout.root) ? sharedPace : localPace;
}

/** Where the programs lie: all of them side by side. */
const programs = dirname(fileURLToPath(import.meta.url)).replace(/\/chunks$/, '');

/** The command line of one of fjr's programs, by absolute paths: no PATH is searched. */
export function programArgv(name: string): string[] {
  return [process.execPath, `${programs}/${name}.js`];
}

/** How a crew's starter is started: in Perl, which forks cheaply, or else in Node. */
export function starterArgv(): string[] {
  const perl = onPath('perl');
  return perl === undefined ? [process.execPath, `${programs}/starter.js`] : [perl, `${programs}/starter.pl`];
}

/** What runs tasks in containers. */
export const containerScript = `${programs}/container.sh`;

/** What runs tasks on other hosts. */
export const sshScript = `${programs}/ssh-task.sh`;

/** The page that servers show. */
export const pageDirectory = `${programs}/ui`;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export function signalName(number: number): string {
  return signalNames.get(number) ?? `signal ${number}`;
}

export function userHome(): string {
  return homedir();
}
