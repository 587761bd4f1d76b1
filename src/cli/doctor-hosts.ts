import { setTimeout } from 'node:timers/promises';
import { type Finding, fault, fine, note } from '../doctor/finding.js';
import {
  type FarHost,
  type HostSystem,
  type Round,
  examineHost,
  turns,
} from '../doctor/hosts/examine-host.js';
import { FjrError } from '../job/fjr-error.js';
import { sharedPace } from '../queue/pace.js';
import { newToken } from '../queue/token.js';
import type { OpenSite } from '../recruiter/sites.js';
import { systemPremises } from '../system/premises.js';
import { clock, filesFor } from './compose.js';
import { openTrialLine } from './hint-line.js';
import type { Project } from './project.js';
import { sitesOf } from './remote-hosts.js';

/** Seconds for a thing to be seen on another host: enough where all is well, and for what caches remember at most. */
const quick = 5;
const thorough = 65;
/** Connections at once. */
const atOnce = 16;

/** Examines all hosts that remote.conf names. */
export async function examineHosts(
  project: Project,
  isThorough: boolean,
  interruption: AbortSignal,
): Promise<Finding[]> {
  try {
    const sites = sitesOf(project, { directory: '/', multiplexer: 'auto', options: {}, interruption });
    if (sites === undefined) return [confFinding(fine('none: this host only'))];
    const faults = sites.faults.map(({ message, hint }) => confFinding(fault(message, hint)));
    return [...faults, ...(await meetAll(project, sites.open, isThorough ? thorough : quick))];
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    return [confFinding(fault(error.message, error.hint))];
  }
}

function confFinding(verdict: Omit<Finding, 'check' | 'host'>): Finding {
  return { check: 'remote.conf', ...verdict };
}

async function meetAll(project: Project, sites: readonly OpenSite[], patience: number): Promise<Finding[]> {
  const { type, shared } = systemPremises.filesystem(project.layout.root);
  const near = { type, shared, patience, sweep: sharedPace.sweepPod / 1000 };
  const round: Round = { layout: project.layout, near, hosts: sites.length, inTurn: turns() };
  const found = new Map<OpenSite, Finding[]>();
  const waiting = [...sites.entries()];
  const next = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      found.set(one[1], await examineSite(project, round, ...one));
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return sites.flatMap((site) => found.get(site) ?? []);
}

async function examineSite(
  project: Project,
  round: Round,
  index: number,
  { section, via, site }: OpenSite,
): Promise<Finding[]> {
  if (site.ask === undefined)
    return [{ check: 'connection', host: section, ...note(`its hosts come by ${via}, and are not asked`) }];
  const host: FarHost = {
    section,
    call: async (meeting, seconds) =>
      // The limit is for what hangs: the far side itself ends in time.
      (await site.ask?.(['examine', meeting, String(seconds)], seconds + 30))?.failure,
  };
  const name = `${newToken()}-${index}`;
  const hints = await openTrialLine(name, 'near');
  const files = filesFor(project);
  const system: HostSystem = { files, clock, random: Math.random, hints, premises: systemPremises, wait };
  try {
    return await examineHost(system, round, name, host);
  } finally {
    await hints?.close();
  }
}

async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}
