import { type CrewFile, parseCrewFile } from '../queue/crew-file.js';
import { fenceCrew } from '../queue/fence-crew.js';
import { layToRest } from '../queue/lay-to-rest.js';
import { type CrewId, type Layout, parsePodName } from '../queue/layout.js';
import { perform } from '../queue/perform.js';
import { parseHeldItem } from '../queue/pool.js';
import { podAnswers } from '../queue/pod-answers.js';
import { list, read, unlink } from '../queue/steps.js';
import type { Clock } from '../system/clock.js';
import type { Files } from '../system/files.js';
import type { Host, ProcessIdentity } from '../system/host.js';
import { type CrewReport, isHere, reportCrews, unlessGone } from './crews-here.js';

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
  const fired = await Promise.all(crews.map((crew) => fireOne(system, layout, crew, drain)));
  restLeftPods(system, layout);
  return fired;
}

/** Pods of this host that somebody fenced and did not live to bury. */
function restLeftPods(system: FireSystem, layout: Layout): void {
  for (const name of perform(system.files, list(layout.jobpods)) ?? []) {
    const pod = parsePodName(name);
    if (pod?.kind !== 'fenced') continue;
    unlessGone(system.files, layout, name, () => {
      const bytes = perform(system.files, read(layout.fencedPod(pod.crew).crewFile));
      const file = bytes === undefined ? undefined : parseCrewFile(bytes);
      if (file !== undefined && system.host.judge(file) === 'dead') giveBack(system, layout, pod.crew, file);
    });
  }
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
  if (how !== 'left') {
    await untilGuardianIsGone(system, crew.file);
    perform(system.files, fenceCrew(layout, crew.crew));
    giveBack(system, layout, crew.crew, crew.file);
  }
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

/** The guardian kills a dead crew's jobs, and then ends. */
async function untilGuardianIsGone({ host, wait }: FireSystem, file: CrewFile): Promise<void> {
  for (let waited = 0; waited < 2000 && host.judge(guardianOf(file)) === 'alive'; waited += lookEvery)
    await wait(lookEvery);
}

function guardianOf(file: CrewFile): ProcessIdentity {
  return { ...file, pid: file.guardianPid, started: file.guardianStarted };
}

/** What a crew that died can no longer do. Its items stay in its fenced pod until its jobs are known to be dead. */
function giveBack({ files, host, clock }: FireSystem, layout: Layout, crew: CrewId, file: CrewFile): void {
  const writer = `recruiter-${host.name}`;
  // The guardian may have been killed, too: then only a look at the processes tells.
  const tokens = (perform(files, list(layout.fencedPod(crew).items)) ?? []).map(
    (name) => parseHeldItem(name)?.token,
  );
  const inUse = tokens.some(
    (token) => token !== undefined && host.withEnvironment('FJR_TOKEN', token).length > 0,
  );
  const releaseItems = host.judge(guardianOf(file)) === 'dead' && !inUse;
  const { losses } = file;
  const how = { writer, time: clock.timestamp(), countLost: true, releaseItems, losses };
  perform(files, layToRest(layout, crew, how));
  for (let worker = 1; worker <= file.workers; worker++)
    perform(files, unlink(layout.announced({ crew, worker })));
}
