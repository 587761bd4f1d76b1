import { setTimeout } from 'node:timers/promises';
import { answer } from '../doctor/hosts/far-side.js';
import { Meeting, isMeetingName } from '../doctor/hosts/meeting.js';
import { FjrError } from '../job/fjr-error.js';
import { MountedFiles } from '../system/files.js';
import { systemPremises } from '../system/premises.js';
import { wholeArgument } from './arguments.js';
import { clock, filesFor, thisHost } from './compose.js';
import { openTrialLine } from './hint-line.js';
import type { Project } from './project.js';

/** The far side of `fjr doctor`: what another host's doctor starts here, over ssh. */
export async function beExamined(project: Project, name: string, seconds: string): Promise<void> {
  if (!isMeetingName(name)) throw new FjrError('usage', `"${name}" is no meeting`);
  const { layout } = project;
  const files = filesFor(project);
  const hints = await openTrialLine(name, 'far');
  const { type, shared } = systemPremises.filesystem(layout.root);
  const facts = {
    host: thisHost().name,
    node: process.version,
    programs: ['tmux', 'screen', 'perl'].filter((program) => systemPremises.program(program) !== undefined),
    filesystem: { type, shared },
    serverAhead: files.serverAhead(layout.root) / 1000,
    hints: hints?.addresses,
  };
  const plainFiles = new MountedFiles({ shared: false, fsync: false });
  const system = { files, plainFiles, clock, random: Math.random, hints, wait };
  await answer(system, new Meeting(layout, name), facts, wholeArgument('seconds', seconds, 1));
  await hints?.close();
}

async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}
