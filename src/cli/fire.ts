import { setTimeout } from 'node:timers/promises';
import { type Fired, fire } from '../recruiter/fire.js';
import { clock, filesFor, thisHost } from './compose.js';
import type { Project } from './project.js';
import { plural, remark, say } from './say.js';

/** Fires on this host. */
export async function fireHere(project: Project, drain: boolean): Promise<Fired[]> {
  return fire({ files: filesFor(project), host: thisHost(), clock, wait, signal }, project.layout, drain);
}

async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone by itself.
  }
}

export function sayFired(project: Project, fired: readonly Fired[]): void {
  const workers = fired.reduce((sum, { crew }) => sum + crew.file.workers, 0);
  if (fired.length === 0) say(`[fjr-recruiter] There was nobody to fire in project "${project.name}".`);
  else say(`[fjr-recruiter] Fired ${plural(workers, 'worker')} in project "${project.name}".`);
  for (const { crew, how } of fired) {
    if (how === 'killed') remark(`[fjr-recruiter] Crew ${crew.crew} did not go when told, and was killed.`);
    if (how === 'dead')
      remark(`[fjr-recruiter] Crew ${crew.crew} had died; what it held is back in the queue.`);
  }
}
