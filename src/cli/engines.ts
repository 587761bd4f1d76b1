import type { Errand } from '../recruiter/errand.js';
import type { Engine } from '../recruiter/site.js';
import { sshEngine } from '../recruiter/ssh-site.js';
import { systemCommands } from '../system/commands.js';
import { filesFor, thisHost } from './compose.js';
import type { Project } from './project.js';
import { slurmEngine } from './slurm.js';

/** All ways to get crews onto machines: `via` in remote.conf chooses one. */
export function enginesFor(project: Project, errand: Errand): Engine[] {
  const system = { commands: systemCommands, files: filesFor(project), here: thisHost().name };
  return [sshEngine(system, errand), slurmEngine(project, errand)];
}
