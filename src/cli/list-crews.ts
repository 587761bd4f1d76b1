import { FjrError } from '../job/fjr-error.js';
import type { CrewId } from '../queue/layout.js';
import { type CrewReport, reportCrews } from '../recruiter/crews-here.js';
import { heartbeatAges, isStale } from '../recruiter/heartbeat-ages.js';
import type { Pending, Site } from '../recruiter/site.js';
import type { OpenSite } from '../recruiter/sites.js';
import { filesFor, thisHost } from './compose.js';
import { attachCommand, crewJson, whoDoesWhat } from './crew-json.js';
import { type ExitCode, exitCode } from './exit-code.js';
import type { Project } from './project.js';
import { sayFaults, sitesOf } from './remote-hosts.js';
import { duration, plural, printable, say, sayJson } from './say.js';

export type Ages = ReadonlyMap<CrewId, number>;

/** What is known of a section of remote.conf without asking its host. */
export interface HostStanding {
  readonly section: string;
  readonly name: string;
  readonly via: string;
  readonly crews: readonly CrewId[];
  readonly pending: readonly Pending[];
}

/** `fjr-recruiter list`: reads files only, and asks no host. */
export async function listCommand(project: Project, json: boolean): Promise<ExitCode> {
  const files = filesFor(project);
  const crews = reportCrews(files, thisHost(), project.layout);
  const ages = heartbeatAges(files, project.layout, crews);
  const hosts = await hostsOf(project, crews);
  if (json)
    sayJson({
      project: project.name,
      crews: crews.map((crew) => crewJson(project, crew, ages.get(crew.crew))),
      hosts,
    });
  else sayList(project, crews, ages, hosts);
  return exitCode.fine;
}

function sayList(
  project: Project,
  crews: readonly CrewReport[],
  ages: Ages,
  hosts: readonly HostStanding[],
): void {
  if (crews.length === 0) say(`No workers in project "${project.name}".`);
  for (const crew of crews) sayCrew(project, crew, ages.get(crew.crew));
  for (const host of hosts) sayHost(host);
}

/** The sections of remote.conf; [] where there is none. What is wrong with it is told aside. */
export async function hostsOf(project: Project, crews: readonly CrewReport[]): Promise<HostStanding[]> {
  try {
    const sites = sitesOf(project, { directory: '/', multiplexer: 'auto', options: {} });
    sayFaults(sites?.faults ?? []);
    return await Promise.all((sites?.open ?? []).map((site) => standingOf(site, crews)));
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    sayFaults([error]);
    return [];
  }
}

async function standingOf(
  { section, via, site }: OpenSite,
  crews: readonly CrewReport[],
): Promise<HostStanding> {
  const own = crews.filter(({ file }) => site.covers?.(file.host) ?? false).map(({ crew }) => crew);
  return { section, name: site.name, via, crews: own, pending: await pendingAt(site) };
}

/** A site that does not answer hides no other. */
async function pendingAt(site: Site): Promise<readonly Pending[]> {
  try {
    return await site.pending();
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    sayFaults([error]);
    return [];
  }
}

/** A host without a crew, and crews that an engine was asked for. */
export function sayHost({ section, name, via, crews, pending }: HostStanding, indent = ''): void {
  const host = `${indent}[${printable(section)}] ${printable(name)}`;
  for (const { id, state, reason } of pending)
    say(`${host}: ${via} ${printable(`${id} ${state}${reason === '' ? '' : ` (${reason})`}`)}`);
  if (crews.length === 0 && pending.length === 0 && via === 'ssh') say(`${host}: no crew`);
}

/** `alive`, `dead`, and for a crew of another host what its heartbeat tells. */
export function describeLife(report: CrewReport, age: number | undefined): string {
  if (report.liveness === 'dead') return 'dead';
  if (age !== undefined && isStale(report, age)) return `stale: no heartbeat for ${duration(age)}`;
  if (report.liveness === 'alive') return 'alive';
  return age === undefined ? 'on another host' : `heartbeat ${duration(age)} ago`;
}

function sayCrew(project: Project, report: CrewReport, age: number | undefined): void {
  const { crew, file, liveness, running } = report;
  const host = printable(file.host);
  const where = file.remote === undefined ? `pid ${file.pid} on ${host}` : `of ${host}, over HTTP`;
  say(
    `${crew}  ${plural(file.workers, 'worker')}, ${running.length} busy, ${describeLife(report, age)}, ${where}`,
  );
  if (file.remote === undefined)
    say(`    attach${liveness === 'elsewhere' ? ` (on ${host})` : ''}: ${attachCommand(project, report)}`);
  const work = whoDoesWhat(report);
  for (const [worker, job] of work)
    say(`    worker ${worker}: ${job === undefined ? 'free' : printable(job)}`);
  const placed = new Set(work.values());
  for (const entry of running) if (!placed.has(entry)) say(`    just started: ${printable(entry)}`);
}
