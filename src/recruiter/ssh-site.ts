import { dirname } from 'node:path';
import { parseWhole } from '../job/quantities.js';
import { perform } from '../queue/perform.js';
import { create, unlink } from '../queue/steps.js';
import { newToken } from '../queue/token.js';
import type { Commands } from '../system/commands.js';
import type { Files } from '../system/files.js';
import { FjrError } from '../job/fjr-error.js';
import type { Errand } from './errand.js';
import { HostNames } from './host-names.js';
import { type KeyTable, type Section, badValue, keysOf, readKeys, refuseUnknownKeys } from './remote-conf.js';
import { parseRemoteReport, reportMark } from './remote-report.js';
import { hear, remoteScript } from './remote-script.js';
import { shellWords } from './shell-words.js';
import { type CrewSettings, type Engine, type Site, type SiteReport, crewKeys } from './site.js';
import { type Failure, type Surroundings, explain } from './ssh-failure.js';

export interface SshSystem {
  readonly commands: Commands;
  readonly files: Files;
  /** This host's own name. */
  readonly here: string;
}

interface SshSettings {
  readonly user: string;
  readonly port: number;
  readonly options: readonly string[];
}

const sshKeys: KeyTable<SshSettings> = {
  user: {
    key: 'user',
    expected: "a user's name",
    read: (text) => (/^[^\s-]\S*$/.test(text) ? text : undefined),
  },
  port: { key: 'port', expected: 'a port from 1 to 65535', read: (text) => parseWhole(text, 1, 65_535) },
  options: { key: 'ssh_options', expected: 'options of ssh, with all quotes closed', read: shellWords },
};

/**
 * Crews over the system's own ssh, so that ~/.ssh/config, agents, jump hosts and keys work as always. One connection
 * for each host and command. This host itself needs none: the same script goes straight to a shell.
 */
export function sshEngine(system: SshSystem, errand: Errand): Engine {
  const seen = new Map<string, string>();
  return {
    via: 'ssh',
    open(section) {
      const settings = readSettings(section);
      const identity = [settings.name, settings.user, settings.port, settings.options?.join(' ')].join('\0');
      const before = seen.get(identity);
      if (before !== undefined)
        throw badValue(
          section,
          section.keys.get('name')?.line ?? Infinity,
          `name is "${settings.name}", as in [${before}]`,
          'a host has one section: add up its workers',
        );
      seen.set(identity, section.name);
      return new SshSite(system, errand, section, settings);
    },
  };
}

type Settings = Partial<CrewSettings> & Partial<SshSettings> & Pick<CrewSettings, 'name'>;

function readSettings(section: Section): Settings {
  refuseUnknownKeys(section, [...keysOf(crewKeys), ...keysOf(sshKeys)]);
  const { name, ...crew } = readKeys(section, crewKeys);
  if (name === undefined)
    throw badValue(section, section.line, 'has no name', "add `name: ` and the host's name");
  const line = section.keys.get('name')?.line ?? section.line;
  // ssh would take it for an option.
  if (name.startsWith('-') || /\s/.test(name))
    throw badValue(section, line, `name is "${name}"`, "expected a host's name");
  return { name, ...crew, ...readKeys(section, sshKeys) };
}

/** Seconds that a host has for a command. */
const limit = 60;
/** The same where a person is asked, who has to find the password first. */
const limitForPeople = 300;

class SshSite implements Site {
  readonly name: string;
  readonly #system: SshSystem;
  readonly #errand: Errand;
  readonly #section: Section;
  readonly #settings: Settings;
  readonly #isHere: boolean;

  constructor(system: SshSystem, errand: Errand, section: Section, settings: Settings) {
    this.name = settings.name;
    this.#system = system;
    this.#errand = errand;
    this.#section = section;
    this.#settings = settings;
    const { user, port, options } = settings;
    this.#isHere =
      [user, port, options].every((value) => value === undefined) && isThisHost(this.name, system.here);
  }

  async hire(): Promise<SiteReport> {
    const { workers, workdir, multiplexer, labels, gpus, nice } = this.#settings;
    const { options } = this.#errand;
    const passed = {
      ...options,
      ...(labels === undefined ? {} : { label: labels.join(',') }),
      ...(gpus === undefined ? {} : { gpus: String(gpus) }),
      ...(nice === undefined ? {} : { nice: String(nice) }),
    };
    return this.#run(
      [
        ...['--curdir', workdir ?? this.#errand.directory],
        ...['--multiplexer', multiplexer ?? this.#errand.multiplexer],
        // As one word, since a niceness may begin with a dash.
        ...Object.entries(passed).map(([name, value]) => `--${name}=${value}`),
        'hire',
        ...(workers === undefined || workers === 'auto' ? [] : [String(workers)]),
      ],
      limit,
    );
  }

  async fire(drain: boolean): Promise<SiteReport> {
    // What runs may take as long as it does.
    return drain ? this.#run(['fire', '--drain'], 0) : this.#run(['fire'], limit);
  }

  ask(command: readonly string[], seconds: number): Promise<SiteReport> {
    return this.#run(command, seconds);
  }

  pending(): Promise<[]> {
    return Promise.resolve([]);
  }

  covers(host: string): boolean {
    return shortName(this.#ownName()) === shortName(host);
  }

  /** What its crews call their host, as far as we know. */
  #ownName(): string {
    if (this.#isHere) return this.#system.here;
    return this.#names().of(this.#address()) ?? this.name.replace(/^.*@/s, '');
  }

  #names(): HostNames {
    return new HostNames(this.#system.files, this.#errand.layout);
  }

  #address(): string {
    return [...this.#connection(), this.name].join(' ');
  }

  async #run(command: readonly string[], seconds: number, terminal = false): Promise<SiteReport> {
    const nonce = newToken();
    const token = this.#isHere ? undefined : this.#errand.layout.probe(nonce);
    try {
      if (token !== undefined) perform(this.#system.files, create(token, `${nonce}\n`));
      return await this.#runScript(nonce, token, command, seconds, terminal);
    } catch (error) {
      if (!(error instanceof FjrError)) throw error;
      return { lines: [], failure: { reason: error.message, hint: error.hint ?? '' } };
    } finally {
      if (token !== undefined) this.#remove(token);
    }
  }

  #remove(token: string): void {
    try {
      perform(this.#system.files, unlink(token));
    } catch {
      // `fjr gc` will.
    }
  }

  async #runScript(
    nonce: string,
    token: string | undefined,
    command: readonly string[],
    seconds: number,
    terminal: boolean,
  ): Promise<SiteReport> {
    const { commands } = this.#system;
    const { project, layout, node, program, version, interruption } = this.#errand;
    const home = dirname(layout.root);
    const script = remoteScript({
      nonce,
      token,
      above: [home, layout.root],
      node: this.#settings.node ?? node,
      program,
      args: [
        '--project',
        project,
        '--local-only',
        '--expect-version',
        version,
        '--report',
        nonce,
        ...command,
      ],
      env: { ...this.#settings.env, FJR_HOME: home },
    });
    const timeout = terminal && seconds > 0 ? limitForPeople : seconds;
    const argv = this.#isHere ? ['/bin/sh'] : this.#sshArgv(terminal);
    const result = await commands.run(argv, { input: script, timeout, terminal, interruption });
    const heard = hear(result.stdout, nonce);
    const report = parseRemoteReport(heard.marks.get(reportMark));
    if (report !== undefined && !this.#isHere && !this.covers(report.host))
      this.#names().remember(this.#address(), report.host);
    const failure = explain(result, heard, report, this.#surroundings(timeout));
    return {
      // An old Node prints pages before it gives up.
      lines: report !== undefined || failure?.seeLines === true ? heard.lines : [],
      hired: report?.hired,
      fired: report?.fired,
      ...(failure === undefined
        ? {}
        : this.#failed(failure, () => this.#run(command, seconds, true), terminal)),
    };
  }

  #failed(
    { reason, hint, canAsk = false }: Failure,
    again: () => Promise<SiteReport>,
    asked: boolean,
  ): Pick<SiteReport, 'failure' | 'again'> {
    return { failure: { reason, hint }, again: canAsk && !asked ? again : undefined };
  }

  /** ssh takes the first value of an option that it meets: what must be, what the section says, what is good for most. */
  #sshArgv(terminal: boolean): string[] {
    const musts = {
      BatchMode: terminal ? 'no' : 'yes',
      // A connection that stays for others would keep our pipes open; one that is there is used.
      ControlMaster: 'no',
      RemoteCommand: 'none',
      RequestTTY: 'no',
    };
    const defaults = {
      ConnectTimeout: '10',
      ServerAliveInterval: '5',
      ServerAliveCountMax: '3',
      ClearAllForwardings: 'yes',
      // Why it failed, and no banner that might read like it.
      LogLevel: 'ERROR',
    };
    return [
      'ssh',
      ...sshOptions(musts),
      ...this.#connection(),
      ...sshOptions(defaults),
      '--',
      this.name,
      'exec /bin/sh',
    ];
  }

  #connection(): string[] {
    const { user, port, options = [] } = this.#settings;
    return [
      ...options,
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', String(port)]),
    ];
  }

  #surroundings(seconds: number): Surroundings {
    const { name, path, line } = this.#section;
    const { node, program, layout } = this.#errand;
    return {
      host: this.name,
      where: `[${name}] in ${path} (line ${line})`,
      byHand: `ssh ${this.#address()}`,
      root: layout.root,
      node: this.#settings.node ?? node,
      program,
      limit: seconds,
    };
  }
}

function sshOptions(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

function shortName(host: string): string {
  // Of an address, every part counts.
  return /^[\d.:]+$/.test(host) ? host : host.toLowerCase().replace(/\..*$/s, '');
}

/** `hyuga` is this host if it calls itself `hyuga.sen.cwi.nl`, and the other way round. */
function isThisHost(name: string, here: string): boolean {
  if (['localhost', '127.0.0.1', '::1'].includes(name.toLowerCase())) return true;
  if (name.includes('.') && here.includes('.')) return name.toLowerCase() === here.toLowerCase();
  return shortName(name) === shortName(here);
}
