import { filesFor, thisHost } from './compose.js';
import { type CrewReport, reportCrews } from '../recruiter/crews-here.js';
import type { SiteReport } from '../recruiter/site.js';
import { type OpenSite, type Sites, askAll } from '../recruiter/sites.js';
import { crewJson } from './crew-json.js';
import { type ExitCode, exitCode } from './exit-code.js';
import type { HireOptions } from './hire.js';
import type { Project } from './project.js';
import { hasTerminal, interruptible, sayFaults, sayReport, sitesOf } from './remote-hosts.js';
import { plural, remark, sayJson } from './say.js';

/** Hires on all hosts of remote.conf at once; undefined: there is no such file. */
export async function hireEverywhere(
  project: Project,
  options: HireOptions,
  json: boolean,
): Promise<ExitCode | undefined> {
  const { directory, multiplexer, passed, workers } = options;
  let sites: Sites | undefined;
  const code = await interruptible(async (interruption) => {
    sites = sitesOf(project, { directory, multiplexer, options: passed, interruption });
    return sites === undefined ? exitCode.fine : hireOn(project, sites, workers, json, interruption);
  });
  return sites === undefined ? undefined : code;
}

async function hireOn(
  project: Project,
  { open, faults }: Sites,
  workers: number | undefined,
  json: boolean,
  interruption: AbortSignal,
): Promise<ExitCode> {
  if (workers !== undefined)
    remark(
      `[fjr-recruiter] ${project.layout.remoteConf} says how many workers each host gets: "hire ${workers}" is taken as "hire".`,
    );
  sayFaults(faults);
  const reports = new Map<OpenSite, SiteReport>();
  const tell = (site: OpenSite, report: SiteReport): void => {
    reports.set(site, report);
    if (!interruption.aborted) sayReport(site, report, json);
  };
  await askAll(open, (site) => site.hire(), tell, hasTerminal());
  const failed = [...reports.values()].filter(({ failure }) => failure !== undefined).length + faults.length;
  if (failed > 0 && failed < open.length + faults.length && !interruption.aborted)
    remark(
      `[fjr-recruiter] ${plural(failed, 'host')} of ${open.length + faults.length} could not be hired on.`,
    );
  if (json) sayHiredJson(project, reports);
  return failed > 0 ? exitCode.someFailed : exitCode.fine;
}

function sayHiredJson(project: Project, reports: ReadonlyMap<OpenSite, SiteReport>): void {
  const crews = new Map(
    reportCrews(filesFor(project), thisHost(), project.layout).map((report) => [report.crew, report]),
  );
  sayJson({
    project: project.name,
    hosts: [...reports].map(([{ section, site }, report]) => {
      const crew = report.hired === undefined ? undefined : crews.get(report.hired.crew);
      return hostJson(project, section, site.name, report, crew);
    }),
  });
}

/** `asked`: its crews are born later. */
export function hostJson(
  project: Project,
  section: string | null,
  name: string,
  { hired, failure, lines }: SiteReport,
  crew: CrewReport | undefined,
): Record<string, unknown> {
  const outcome = hired === undefined ? 'asked' : hired.isNew ? 'hired' : 'already';
  return {
    section,
    name,
    outcome: failure === undefined ? outcome : 'failed',
    crew: crew === undefined ? null : crewJson(project, crew),
    lines,
    failure: failure ?? null,
  };
}
