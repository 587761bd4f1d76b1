import { didYouMean } from '../job/did-you-mean.js';
import { FjrError } from '../job/fjr-error.js';
import { badValue, readRemoteConf, type Section } from './remote-conf.js';
import type { Engine, Site, SiteReport } from './site.js';

/** A section of remote.conf that can be used. */
export interface OpenSite {
  readonly section: string;
  readonly via: string;
  readonly site: Site;
}

export interface Sites {
  readonly open: readonly OpenSite[];
  /** Why the other sections cannot be used. */
  readonly faults: readonly FjrError[];
}

/** The sites of a remote.conf. A bad section costs itself and nothing else; throws for what is no such file at all. */
export function openSites(text: string, path: string, engines: readonly Engine[]): Sites {
  const sections = readRemoteConf(text, path);
  if (sections.length === 0)
    throw new FjrError('remote-conf', `${path} names no host`, {
      hint: 'add a section for each, such as [host1] with the lines `name: localhost` and `workers: 3`, or remove the file',
    });
  const open: OpenSite[] = [];
  const faults: FjrError[] = [];
  for (const section of sections)
    try {
      const engine = engineOf(section, engines);
      open.push({ section: section.name, via: engine.via, site: engine.open(section) });
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      faults.push(error);
    }
  return { open, faults };
}

function engineOf(section: Section, engines: readonly Engine[]): Engine {
  const written = section.keys.get('via');
  const via = written?.value.trim() ?? 'ssh';
  const engine = engines.find((one) => one.via === via);
  if (engine !== undefined) return engine;
  const known = engines.map((one) => one.via);
  const near = didYouMean(via, known);
  const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
  throw badValue(section, written?.line ?? section.line, `via is "${via}"`, hint);
}

/** Connections at once: sshd itself turns some away from ten unauthenticated ones on, but these are different hosts. */
const atOnce = 16;

/**
 * Asks all sites the same, at once; `tell` hears of each as soon as it has answered. Those with which a person at the
 * terminal could help come again at the end, one after another, if there is one.
 */
export async function askAll(
  sites: readonly OpenSite[],
  ask: (site: Site) => Promise<SiteReport>,
  tell: (site: OpenSite, report: SiteReport) => void,
  hasTerminal: boolean,
): Promise<void> {
  const later: { site: OpenSite; again: () => Promise<SiteReport> }[] = [];
  const waiting = [...sites];
  const askNext = async (): Promise<void> => {
    for (let site = waiting.shift(); site !== undefined; site = waiting.shift()) {
      const report = await ask(site.site);
      if (hasTerminal && report.again !== undefined) later.push({ site, again: report.again });
      else tell(site, report);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, askNext));
  for (const { site, again } of later) tell(site, await again());
}
