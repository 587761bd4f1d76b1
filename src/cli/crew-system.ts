import type { HintLine } from '../queue/hint.js';
import { findProgram } from '../system/on-path.js';
import type { CrewSystem } from '../worker/crew-setup.js';
import { Starter, type StarterEvents } from '../worker/starter.js';
import {
  clock,
  containerScript,
  doorbells,
  filesFor,
  helpers,
  paceFor,
  programArgv,
  signalName,
  sshScript,
  starterArgv,
  userHome,
} from './compose.js';
import type { Project } from './project.js';

/** What a crew has of its own of the outside world. */
export interface CrewFurniture {
  /** A directory for connections; undefined: it works for no hosts. */
  readonly sockets: string | undefined;
  readonly ownDisk: string | undefined;
  readonly gpuNames: readonly string[];
  readonly hints: HintLine | undefined;
}

/** The outside world of a crew of this process. */
export function crewSystem(
  project: Project,
  { sockets, ownDisk, gpuNames, hints }: CrewFurniture,
): CrewSystem {
  return {
    files: filesFor(project),
    clock,
    doorbells,
    makeStarter: (events: StarterEvents) => new Starter(helpers, starterArgv(), events, killGroup),
    signalName,
    home: userHome(),
    directory: process.cwd(),
    gpuNames,
    findProgram,
    fjr: programArgv('fjr'),
    specRunner: programArgv('spec-runner'),
    containerScript,
    ssh: sockets === undefined ? undefined : { script: sshScript, directory: sockets },
    ownDisk,
    pace: paceFor(project),
    hints,
  };
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}
