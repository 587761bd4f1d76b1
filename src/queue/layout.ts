/** The one place that knows how a project's directories and files are called. */

import { tokenAlphabet, tokenLength } from './token.js';

declare const crewId: unique symbol;
/** `host-k3f9q2m4`: names one crew for ever; a crew that starts afresh has a new one. */
export type CrewId = string & { readonly [crewId]: true };

/** A worker's badge: worker `worker` (from 1) of crew `crew`. Its file is called `crew.worker`. */
export interface Badge {
  readonly crew: CrewId;
  readonly worker: number;
}

const crewPattern = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,80}-[0-9a-z]{8}$/;
const fencedSuffix = '.fenced';

export function parseCrewId(text: string): CrewId | undefined {
  return crewPattern.test(text) ? (text as CrewId) : undefined;
}

/** Names of hosts have no more, and those of tokens neither: two of them are never taken for one. */
const longestHost = 64;

/** A crew's id from its host's name and eight random characters. */
export function makeCrewId(host: string, random: string): CrewId {
  const plain = host
    .replace(/\..*$/s, '')
    .replace(/[^A-Za-z0-9_-]/g, '_')
    .slice(0, longestHost);
  return `${plain === '' || plain.startsWith('-') ? 'host' : plain}-${random}` as CrewId;
}

/** A crew's host, as far as its id names it. */
export function hostOf(crew: CrewId): string {
  return crew.slice(0, crew.lastIndexOf('-'));
}

export function parseBadge(fileName: string): Badge | undefined {
  const dot = fileName.lastIndexOf('.');
  const crew = dot < 0 ? undefined : parseCrewId(fileName.slice(0, dot));
  const number = fileName.slice(dot + 1);
  return crew !== undefined && /^[1-9]\d{0,4}$/.test(number) ? { crew, worker: Number(number) } : undefined;
}

export function badgeName({ crew, worker }: Badge): string {
  return `${crew}.${worker}`;
}

/** What a directory in `jobpods` is. */
export type PodName =
  | { readonly kind: 'live'; readonly crew: CrewId }
  | { readonly kind: 'unborn'; readonly crew: CrewId }
  | { readonly kind: 'fenced'; readonly crew: CrewId };

export function parsePodName(fileName: string): PodName | undefined {
  const [kind, text] = fileName.endsWith(fencedSuffix)
    ? (['fenced', fileName.slice(0, -fencedSuffix.length)] as const)
    : fileName.startsWith('.')
      ? (['unborn', fileName.slice(1)] as const)
      : (['live', fileName] as const);
  const crew = parseCrewId(text);
  return crew === undefined ? undefined : { kind, crew };
}

/** The paths inside one pod, whatever the pod's directory is called at the moment. */
export class PodPaths {
  readonly directory: string;
  constructor(directory: string) {
    this.directory = directory;
  }
  get crewFile(): string {
    return `${this.directory}/crew.json`;
  }
  get heartbeat(): string {
    return `${this.directory}/heartbeat`;
  }
  get running(): string {
    return `${this.directory}/running`;
  }
  get items(): string {
    return `${this.directory}/items`;
  }
  badge(badge: Badge): string {
    return `${this.directory}/${badgeName(badge)}`;
  }
  /** How the name begins that a badge may have for a moment while it is moved. */
  badgeAside(badge: Badge): string {
    return `${this.directory}/.${badgeName(badge)}@`;
  }
  entry(name: string): string {
    return `${this.directory}/${name}`;
  }
  runningEntry(name: string): string {
    return `${this.directory}/running/${name}`;
  }
  item(name: string): string {
    return `${this.directory}/items/${name}`;
  }
  /** A person's wish that the entry with this token be stopped. */
  cancelMark(token: string): string {
    return `${this.directory}/${cancelPrefix}${token}`;
  }
}

export const probePrefix = '.probe-';
export const trialPrefix = '.doctor-';
export const cancelPrefix = 'cancel=';

/** Exactly a token behind it: an entry's name always has an "@", so that no job is ever taken for a mark. */
const cancelPattern = new RegExp(`^${cancelPrefix}([${tokenAlphabet}]{${tokenLength}})$`);

/** What a file directly in a pod is. */
export type PodFile =
  | { readonly kind: 'badge'; readonly badge: Badge }
  | { readonly kind: 'cancel'; readonly token: string }
  | { readonly kind: 'furniture' }
  | { readonly kind: 'entry' };

export function classifyPodFile(fileName: string): PodFile {
  if (['crew.json', 'heartbeat', 'running', 'items'].includes(fileName)) return { kind: 'furniture' };
  const [, token] = cancelPattern.exec(fileName) ?? [];
  if (token !== undefined) return { kind: 'cancel', token };
  const badge = parseBadge(fileName);
  return badge === undefined ? { kind: 'entry' } : { kind: 'badge', badge };
}

export class Layout {
  /** Absolute, without a trailing slash. */
  readonly root: string;
  readonly jobqueue: string;
  readonly workerqueue: string;
  readonly jobpods: string;
  readonly done: string;
  readonly failed: string;
  readonly journal: string;
  readonly logs: string;
  readonly resources: string;

  constructor(root: string) {
    this.root = root;
    this.jobqueue = `${root}/jobqueue`;
    this.workerqueue = `${root}/workerqueue`;
    this.jobpods = `${root}/jobpods`;
    this.done = `${root}/done`;
    this.failed = `${root}/failed`;
    this.journal = `${root}/journal`;
    this.logs = `${root}/logs`;
    this.resources = `${root}/resources`;
  }

  /** All directories of a project; one filesystem must hold them, since jobs move between them by rename. */
  get directories(): readonly string[] {
    const { jobqueue, workerqueue, jobpods, done, failed, journal, logs, resources } = this;
    return [jobqueue, workerqueue, jobpods, done, failed, journal, logs, resources];
  }

  queued(name: string): string {
    return `${this.jobqueue}/${name}`;
  }
  announced(badge: Badge): string {
    return `${this.workerqueue}/${badgeName(badge)}`;
  }
  pod(crew: CrewId): PodPaths {
    return new PodPaths(`${this.jobpods}/${crew}`);
  }
  unbornPod(crew: CrewId): PodPaths {
    return new PodPaths(`${this.jobpods}/.${crew}`);
  }
  fencedPod(crew: CrewId): PodPaths {
    return new PodPaths(`${this.jobpods}/${crew}${fencedSuffix}`);
  }
  finished(verdict: Verdict, name: string): string {
    return `${this[verdict]}/${name}`;
  }
  /** The journal of a crew or a dispatcher: one writer each. */
  journalOf(writer: string): string {
    return `${this.journal}/${writer}.jsonl`;
  }
  log(name: string, stream: LogStream): string {
    return `${this.logs}/${name}.${stream}`;
  }
  /** Where a crew's workers print before it is known whether they print anything. */
  scratch(crew: CrewId): string {
    return `${this.logs}/.${crew}`;
  }
  /** Commands that others may have run: `NAME.toml`, written by people. */
  get jobspecs(): string {
    return `${this.root}/jobspecs`;
  }
  /** Directories in which executions of jobs of specs work. */
  get workDirectories(): string {
    return `${this.root}/work`;
  }
  /** The directory in which one execution of a spec's job works. */
  work(entry: string): string {
    return `${this.workDirectories}/${entry}`;
  }
  /** What it leaves there for others. */
  artifacts(entry: string): string {
    return `${this.work(entry)}/artifacts`;
  }
  /** Files that jobs of workers name which share nothing with the project. */
  get files(): string {
    return `${this.root}/files`;
  }
  /** What servers remember. */
  get server(): string {
    return `${this.root}/server`;
  }
  pool(name: string): string {
    return `${this.resources}/${name}`;
  }
  poolItem(pool: string, item: string): string {
    return `${this.resources}/${pool}/${item}`;
  }
  poolLock(pool: string, item: string): string {
    return `${this.resources}/${pool}/${item}${lockSuffix}`;
  }
  get dispatcherLock(): string {
    return `${this.root}/dispatcher.lock`;
  }
  /** What hints are sealed with. */
  get hintKey(): string {
    return `${this.root}/hint.key`;
  }
  get remoteConf(): string {
    return `${this.root}/remote.conf`;
  }
  /** How hosts of remote.conf call themselves. */
  get hostNames(): string {
    return `${this.root}/hosts.json`;
  }
  /** A directory for a moment, in which the filesystem is tried. */
  trial(nonce: string): string {
    return `${this.root}/${trialPrefix}${nonce}`;
  }
  /** A file for a moment: another host that sees it shares the directory, and it is as old as its server thinks. */
  probe(nonce: string): string {
    return `${this.root}/${probePrefix}${nonce}`;
  }
}

export type Verdict = 'done' | 'failed';
export type LogStream = 'out' | 'err';
export const lockSuffix = '.lock';
