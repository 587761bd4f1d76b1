import { fenceCrew } from '../queue/fence-crew.js';
import { layToRest } from '../queue/lay-to-rest.js';
import type { Layout } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { podAnswers } from '../queue/pod-answers.js';
import { unlink } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Host } from '../system/host.js';
import { type CrewReport, isHere, reportCrews } from './crews-here.js';

export interface FireSystem {
  readonly files: Files;
  readonly host: Host;
  readonly clock: Clock;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly signal: (pid: number, signal: 'SIGTERM' | 'SIGUSR2' | 'SIGKILL' | 'SIGCONT') => void;
}

export interface Fired {
  readonly crew: CrewReport;
  /** `killed`: it did not go when it was told. `dead`: it had died before. */
  readonly how: 'left' | 'killed' | 'dead';
}

/** Milliseconds that a crew has to stop its jobs and go. */
const patience = 15_000;
const lookEvery = 20;

/**
 * Ends this project's crews on this host and no other: crews are found by their pods, not by the names of sessions.
 * `drain`: what runs may end first, however long it takes.
 */
export async function fire(system: FireSystem, layout: Layout, drain: boolean): Promise<Fired[]> {
  const crews = reportCrews(system.files, system.host, layout).filter(isHere);
  return Promise.all(crews.map((crew) => fireOne(system, layout, crew, drain)));
}

async function fireOne(system: FireSystem, layout: Layout, crew: CrewReport, drain: boolean): Promise<Fired> {
  const { pid } = crew.file;
  let how: Fired['how'] = 'dead';
  if (crew.liveness === 'alive') {
    system.signal(pid, drain ? 'SIGUSR2' : 'SIGTERM');
    how = (await isGone(system, layout, crew, drain ? Infinity : patience)) ? 'left' : 'killed';
    if (how === 'killed') {
      system.signal(pid, 'SIGKILL');
      await isGone(system, layout, crew, 2000);
    }
  }
  if (how !== 'left') giveBack(system, layout, crew);
  return { crew, how };
}

/** Waits until a crew's process has ended, or only its pod where it cannot be seen. */
async function isGone(
  system: FireSystem,
  layout: Layout,
  crew: CrewReport,
  milliseconds: number,
): Promise<boolean> {
  for (let waited = 0; waited <= milliseconds; waited += lookEvery) {
    const dead = system.host.judge(crew.file) !== 'alive';
    if (dead) return !perform(system.files, podAnswers(layout, crew.crew));
    await system.wait(lookEvery);
  }
  return false;
}

/** What a crew that died can no longer do. Its items stay in its fenced pod until its jobs are known to be dead. */
function giveBack({ files, host, clock }: FireSystem, layout: Layout, { crew, file }: CrewReport): void {
  perform(files, fenceCrew(layout, crew));
  const writer = `recruiter-${host.name}`;
  const guardian = { ...file, pid: file.guardianPid, started: file.guardianStarted };
  const releaseItems = host.judge(guardian) === 'dead';
  perform(files, layToRest(layout, crew, { writer, time: clock.timestamp(), countLost: true, releaseItems }));
  for (let worker = 1; worker <= file.workers; worker++)
    perform(files, unlink(layout.announced({ crew, worker })));
}
