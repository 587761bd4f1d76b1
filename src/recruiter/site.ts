import type { SessionKind } from '../system/multiplexer.js';
import type { KeyTable, Section } from './remote-conf.js';
import type { RemoteReport } from './remote-report.js';
import { parseLabels } from '../job/labels.js';
import { parseWhole } from '../job/quantities.js';
import { parseEnvironment } from '../job/settings.js';

/** What every section of remote.conf may say of the crew it asks for, whatever engine starts it. */
export interface CrewSettings {
  /** How the section's host is called; for ssh the name to connect to. */
  readonly name: string;
  /** Which engine starts crews there; `ssh` if nothing is said. */
  readonly via: string;
  readonly workers: number | 'auto';
  /** The directory jobs start in. */
  readonly workdir: string;
  readonly multiplexer: SessionKind | 'auto';
  /** The path of node there. */
  readonly node: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: readonly string[];
  readonly gpus: number;
  /** Least niceness of jobs there. */
  readonly nice: number;
}

export const crewKeys: KeyTable<CrewSettings> = {
  name: { key: 'name', expected: "a host's name", read: nonEmpty },
  via: { key: 'via', expected: 'the name of an engine: ssh or slurm', read: nonEmpty },
  workers: { key: 'workers', expected: 'a whole number from 1 to 10000, or auto', read: readWorkers },
  workdir: { key: 'workdir', expected: 'an absolute directory', read: absolute },
  multiplexer: {
    key: 'multiplexer',
    expected: 'auto, tmux, screen or none',
    read: (text) => (['auto', 'tmux', 'screen', 'none'] as const).find((kind) => kind === text),
  },
  node: { key: 'node', expected: 'the absolute path of node there', read: absolute },
  env: {
    key: 'env',
    expected: 'NAME=value, one on each line (further lines indented)',
    read: parseEnvironment,
  },
  labels: { key: 'labels', expected: 'words separated by commas', read: parseLabels },
  gpus: { key: 'gpus', expected: 'a whole number from 0', read: (text) => parseWhole(text, 0, 1e4) },
  nice: { key: 'nice', expected: 'a whole number from -20 to 19', read: (text) => parseWhole(text, -20, 19) },
};

/** A crew that was asked for and has no pod yet. */
export interface Pending {
  /** The engine's name for it: a Slurm job's id. */
  readonly id: string;
  readonly state: string;
  readonly reason: string;
}

/** What came of asking a site. `lines` are for people; a failure costs this site and no other. */
export interface SiteReport {
  readonly lines: readonly string[];
  readonly failure?: { readonly reason: string; readonly hint: string } | undefined;
  /** The crew that works there now, where it is born at once. */
  readonly hired?: RemoteReport['hired'];
  readonly fired?: RemoteReport['fired'];
  /** The same once more, with a person at the terminal who could help: give a password, accept a host's key. */
  readonly again?: (() => Promise<SiteReport>) | undefined;
}

/** A place where crews are hired: one for each section of remote.conf. */
export interface Site {
  /** As it is shown: `Host NAME: …`. */
  readonly name: string;
  hire(): Promise<SiteReport>;
  fire(drain: boolean): Promise<SiteReport>;
  /** Runs any command of the recruiter there, `seconds` at most. Left out where hosts come and go. */
  ask?(command: readonly string[], seconds: number): Promise<SiteReport>;
  /** Crews asked for and not yet born; where crews are born at once, none. */
  pending(): Promise<readonly Pending[]>;
  /**
   * Whether a crew whose host calls itself so may be this site's. Left out where hosts come and go: then the site
   * itself knows whom it has hired, and is always asked to fire.
   */
  covers?(host: string): boolean;
}

/** A way to get crews onto machines. One file each: ssh, Slurm, and whatever comes. */
export interface Engine {
  /** The word in `via:`. */
  readonly via: string;
  /** Reads its keys; throws FjrError for a section that it cannot use. */
  open(section: Section): Site;
}

function nonEmpty(text: string): string | undefined {
  return text === '' || /[\0\n]/.test(text) ? undefined : text;
}

function absolute(text: string): string | undefined {
  return text.startsWith('/') ? nonEmpty(text) : undefined;
}

function readWorkers(text: string): number | 'auto' | undefined {
  return text === 'auto' ? text : parseWhole(text, 1, 10_000);
}
