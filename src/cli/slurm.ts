import { setTimeout } from 'node:timers/promises';
import { SlurmEngine, type SlurmEngineContext } from '../recruiter/slurm-engine.js';
import { systemCommands } from '../system/commands.js';
import { clock, filesFor, programArgv, thisHost, uid } from './compose.js';
import { type Project, fjrHome } from './project.js';

/** What a hire says of its crews. */
export type SlurmWishes = Pick<SlurmEngineContext, 'directory' | 'options'> & {
  readonly interruption?: AbortSignal | undefined;
};

/** The engine `slurm`, with the real Slurm behind it. */
export function slurmEngine(
  project: Project,
  { directory, options, interruption }: SlurmWishes,
): SlurmEngine {
  const [node = '', program = ''] = programArgv('fjr-worker');
  return new SlurmEngine({
    system: { files: filesFor(project), host: thisHost(), clock, wait, interruption },
    commands: systemCommands,
    uid,
    project: project.name,
    layout: project.layout,
    home: fjrHome(),
    directory,
    worker: [node, program],
    options,
  });
}

async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}
