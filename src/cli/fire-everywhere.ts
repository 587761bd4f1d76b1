import { FjrError } from '../job/fjr-error.js';
import { type CrewReport, isHere, reportCrews } from '../recruiter/crews-here.js';
import type { Fired } from '../recruiter/fire.js';
import type { SiteReport } from '../recruiter/site.js';
import { type OpenSite, type Sites, askAll } from '../recruiter/sites.js';
import { filesFor, thisHost } from './compose.js';
import { crewJson } from './crew-json.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { fireHere, sayFired } from './fire.js';
import type { Project } from './project.js';
import { hasTerminal, interruptible, sayFaults, sayReport, sitesOf } from './remote-hosts.js';
import { plural, printable, remark, sayJson } from './say.js';

/** Fires all crews of a project, wherever remote.conf says that they may be; also for dispatchers whose work is done. */
export async function fireAll(project: Project, drain: boolean, json = false): Promise<ExitCode> {
  return interruptible(async (interruption) => {
    const round = new Firing(project, drain, json, interruption);
    const sites = readSites(project, interruption);
    if (sites === undefined) return round.fireOnlyHere();
    return round.fireAt(sites);
  });
}

/** With a remote.conf that cannot be read, this host's crews go all the same. */
function readSites(project: Project, interruption: AbortSignal): Sites | undefined {
  try {
    return sitesOf(project, { directory: '/', multiplexer: 'auto', options: {}, interruption });
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    return { open: [], faults: [error] };
  }
}

class Firing {
  readonly #project: Project;
  readonly #drain: boolean;
  readonly #json: boolean;
  readonly #interruption: AbortSignal;
  readonly #reports = new Map<OpenSite, SiteReport>();
  #before: readonly CrewReport[] = [];

  constructor(project: Project, drain: boolean, json: boolean, interruption: AbortSignal) {
    this.#project = project;
    this.#drain = drain;
    this.#json = json;
    this.#interruption = interruption;
  }

  async fireOnlyHere(): Promise<ExitCode> {
    const fired = await fireHere(this.#project, this.#drain);
    if (this.#json) this.#sayJson(fired);
    else sayFired(this.#project, fired);
    return exitCode.fine;
  }

  /**
   * First those hosts are asked that seem to have crews, by their names. A host may call itself otherwise than
   * remote.conf does: while there are crews that nobody has fired, the others are asked, too.
   */
  async fireAt({ open, faults }: Sites): Promise<ExitCode> {
    sayFaults(faults);
    this.#before = this.#crews();
    await this.#ask(
      // A site that cannot say whom it covers may also have hired crews that are not born yet.
      open.filter(
        ({ site }) =>
          site.covers === undefined || this.#before.some(({ file }) => site.covers?.(file.host) === true),
      ),
    );
    const here = await fireHere(this.#project, this.#drain);
    if (!this.#json && here.length > 0) sayFired(this.#project, here);
    if (this.#unexplained().length > 0) await this.#ask(open.filter((site) => !this.#reports.has(site)));
    this.#sayLeft();
    if (this.#json) this.#sayJson(here);
    else if (this.#reports.size === 0 && here.length === 0) sayFired(this.#project, []);
    const failed =
      faults.length + [...this.#reports.values()].filter(({ failure }) => failure !== undefined).length;
    return failed > 0 ? exitCode.someFailed : exitCode.fine;
  }

  #crews(): CrewReport[] {
    return reportCrews(filesFor(this.#project), thisHost(), this.#project.layout);
  }

  async #ask(sites: readonly OpenSite[]): Promise<void> {
    const tell = (site: OpenSite, report: SiteReport): void => {
      this.#reports.set(site, report);
      if (!this.#interruption.aborted) sayReport(site, report, this.#json);
    };
    await askAll(sites, (site) => site.fire(this.#drain), tell, hasTerminal());
  }

  /** Crews of other hosts that are still there, although no host that could be theirs has failed. */
  #unexplained(): CrewReport[] {
    const failed = [...this.#reports].filter(([, { failure }]) => failure !== undefined);
    return this.#crews().filter(
      (crew) => !isHere(crew) && !failed.some(([{ site }]) => site.covers?.(crew.file.host) ?? false),
    );
  }

  #sayLeft(): void {
    if (this.#interruption.aborted) return;
    const { name } = this.#project;
    for (const { crew, file } of this.#unexplained()) {
      const host = printable(file.host);
      remark(
        `[fjr-recruiter] ${plural(file.workers, 'worker')} on ${host} (crew ${crew}) ${file.workers === 1 ? 'was' : 'were'} not fired: no host in remote.conf that answered has that crew.`,
      );
      remark(`hint: on ${host}: fjr-recruiter --project ${name} --local-only fire`);
    }
  }

  #sayJson(here: readonly Fired[]): void {
    const before = new Map(this.#before.map((report) => [report.crew, report]));
    const elsewhere = [...this.#reports.values()].flatMap(({ fired = [] }) =>
      fired.flatMap(({ crew, how }) => {
        const report = before.get(crew);
        return report === undefined ? [] : [{ how, crew: report }];
      }),
    );
    const failures = [...this.#reports].flatMap(([{ section, site }, { failure }]) =>
      failure === undefined ? [] : [{ section, name: site.name, ...failure }],
    );
    sayJson(firedJson(this.#project, [...elsewhere, ...here], failures));
  }
}

/** The shape of `fjr-recruiter --json fire`. */
export function firedJson(
  project: Project,
  fired: readonly Fired[],
  failures: readonly Record<string, unknown>[] = [],
): Record<string, unknown> {
  return { fired: fired.map(({ how, crew }) => ({ how, crew: crewJson(project, crew) })), failures };
}
