import { FjrError } from '../job/fjr-error.js';
import { parseMemory, parseWhole } from '../job/quantities.js';
import { Layout, makeCrewId } from '../queue/layout.js';
import { newToken } from '../queue/token.js';
import { systemCommands } from '../system/commands.js';
import { type Gpu, describeGpus, unknownGpu } from '../system/gpus.js';
import { onPath } from '../system/on-path.js';
import { sendForm } from '../system/send-form.js';
import { mountedTrees } from '../system/trees.js';
import { type Workplace, openWorkplace } from '../system/workplace.js';
import type { ContainerUse } from '../worker/api/accept.js';
import { type AccessInfo, ApiClient } from '../worker/api/api-client.js';
import { Downloads } from '../worker/api/downloads.js';
import { Engine } from '../worker/api/engine.js';
import type { JoinedWorld } from '../worker/api/joined-world.js';
import { Joiner } from '../worker/api/joiner.js';
import { KeepAlive } from '../worker/api/keep-alive.js';
import { LocalCrew } from '../worker/api/local-crew.js';
import { type Machine, Room } from '../worker/api/room.js';
import { CognitoSignIn, GivenToken, type SignIn } from '../worker/api/sign-in.js';
import { Uploads } from '../worker/api/uploads.js';
import { Crew } from '../worker/crew.js';
import { isHelp, numberArgument, parser, wholeArgument, workersArgument } from './arguments.js';
import { clock, containerScript, filesFor, thisHost } from './compose.js';
import { describeCrew } from './crew-description.js';
import { crewSystem } from './crew-system.js';
import { CrewVoice } from './crew-voice.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { directoryOf, readJoinSettings, readTokenFile, stateDirectory } from './join-settings.js';
import { JoinVoice } from './join-voice.js';
import type { Project } from './project.js';
import { readLabels } from './read-labels.js';
import { remark, say } from './say.js';

interface Options {
  readonly url: string;
  readonly signIn: (access: AccessInfo) => SignIn;
  readonly base: string;
  /** The same directory, as the container engine knows it. */
  readonly hostBase: string;
  readonly machine: Machine;
  readonly labels: readonly string[];
  readonly groups: readonly string[];
  /** Undefined: no containers. */
  readonly engine: string | undefined;
  /** SIGTERM lets what runs come to its end. */
  readonly drain: boolean;
  /** Bytes. */
  readonly cacheLimit: number;
  /** Seconds. */
  readonly askEvery: number;
  /** Seconds. */
  readonly pingEvery: number;
}

const random = Math.random;

/** `fjr-worker --api`: works for a server that this host shares nothing with, until it is told to leave. */
export async function join(argv: readonly string[]): Promise<ExitCode> {
  const options = await readOptions(argv);
  if (options === undefined) return exitCode.fine;
  const voice = new JoinVoice();
  const stop = new Stop(options.drain);
  const client = new ApiClient({
    url: options.url,
    random,
    now: () => clock.monotonic(),
    onTrouble: (why) => {
      voice.tell(why === undefined ? { kind: 'back' } : { kind: 'away', why });
    },
  });
  const access = await findServer(client, stop.signal);
  if (access === undefined) return exitCode.fine;
  client.signInWith(options.signIn(access));
  const workplace = await openWorkplace({
    base: options.base,
    cacheLimit: options.cacheLimit,
    host: thisHost(),
    onLost: () => {
      remark(`[fjr-worker] ${options.base} was taken by another worker: this one leaves`);
      stop.leave();
    },
    onTrouble: (error) => {
      voice.tell({ kind: 'trouble', id: undefined, error });
    },
  });
  try {
    await live(options, { client, access, workplace, voice, stop });
  } finally {
    await workplace.close();
  }
  return exitCode.fine;
}

/** Undefined: we are to leave. */
async function findServer(client: ApiClient, signal: AbortSignal): Promise<AccessInfo | undefined> {
  try {
    return await client.accessInfo(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    if (error instanceof FjrError) throw error;
    throw new FjrError('refused', `${client.url} is no server for workers: ${String(error)}`, {
      hint: 'expected the address of fjr serve, or of a DECODE OpenCloud',
      cause: error,
    });
  }
}

interface Parts {
  readonly client: ApiClient;
  readonly access: AccessInfo;
  readonly workplace: Workplace;
  readonly voice: JoinVoice;
  readonly stop: Stop;
}

async function live(options: Options, { client, access, workplace, voice, stop }: Parts): Promise<void> {
  const containerUse = await containersOf(options, workplace, access);
  const world = makeWorld(options, client, access, workplace, voice);
  const joiner = new Joiner({
    ...{ world, access, containerUse, random, room: new Room(options.machine) },
    ...{ labels: options.labels, groups: options.groups, instance: newToken() },
    askEvery: options.askEvery * 1000,
    now: () => clock.monotonic(),
  });
  say(`[fjr-worker] Works for ${client.url} in ${workplace.base}.`);
  stop.attach(joiner);
  const crewEnded = world.crew.work().finally(() => {
    joiner.leave();
  });
  // It is awaited below, whenever it fails.
  crewEnded.catch(() => undefined);
  try {
    await joiner.run();
  } finally {
    world.keepAlive.close();
    world.crew.leave();
    await crewEnded;
  }
}

function makeWorld(
  options: Options,
  client: ApiClient,
  access: AccessInfo,
  workplace: Workplace,
  voice: JoinVoice,
): JoinedWorld {
  const project: Project = { name: 'joined', layout: new Layout(workplace.project) };
  const files = filesFor(project);
  for (const directory of project.layout.directories) files.ensureDirectory(directory);
  const now = (): number => clock.monotonic();
  const lease = access.fjr?.lease ?? Infinity;
  return {
    ...{ client, workplace, files, trees: mountedTrees },
    downloads: new Downloads({ client, workplace, random }),
    uploads: new Uploads({ client, trees: mountedTrees, sendForm, random, now }),
    // A word that is lost must not cost the lease.
    ...{ now, lease: lease * 1000 },
    keepAlive: new KeepAlive(Math.min(options.pingEvery, lease / 4) * 1000, now),
    crew: makeLocalCrew(project, options.machine, options.labels),
    report: (event) => {
      voice.tell(event);
    },
  };
}

function makeLocalCrew(project: Project, machine: Machine, labels: readonly string[]): LocalCrew {
  const voice = new CrewVoice();
  const { layout, name } = project;
  const gpuNames = machine.gpus.map((gpu, index) => (gpu.name === '' ? String(index) : gpu.name));
  const system = crewSystem(project, { sockets: undefined, ownDisk: undefined, gpuNames, hints: undefined });
  return new LocalCrew({
    layout,
    files: system.files,
    now: () => clock.monotonic(),
    report: (event) => {
      voice.tell(event);
    },
    makeCrew: (report, placeOf) => {
      const id = makeCrewId(thisHost().name, newToken().slice(0, 8));
      const { workers, cpus, memory, gpus } = machine;
      const crew = new Crew(
        crewSystem(project, { sockets: undefined, ownDisk: undefined, gpuNames, hints: undefined }),
        {
          ...{ layout, project: name, id, report, placeOf },
          ...{ endsAt: Infinity, idleExit: Infinity, nice: -20, hosts: undefined },
          describe: (guardianPid) =>
            describeCrew(id, guardianPid, {
              ...{ workers, cpus, memory, gpus: gpus.length, lease: 30, labels, hints: [] },
              session: { kind: 'none', name: '' },
            }),
        },
      );
      return { crew, id };
    },
  });
}

/** Undefined: commands are run as they are. */
async function containersOf(
  { engine: program, hostBase }: Options,
  workplace: Workplace,
  access: AccessInfo,
): Promise<ContainerUse | undefined> {
  if (program === undefined) return undefined;
  if (onPath(program) === undefined) {
    const hint = 'install docker or podman; or run commands as they are, with --no-container';
    const error = new FjrError('engine', `there is no ${program} on the PATH`, { hint });
    // All that a DECODE server has is containers.
    if (access.fjr === undefined) throw error;
  }
  const engine = new Engine(systemCommands, program);
  const label = `fjr.workplace=${workplace.name}`;
  if (onPath(program) !== undefined) await engine.removeLabelled(label);
  const containers = { engine: program, script: containerScript, label, run: `joined-${workplace.name}` };
  return { engine, containers, hostBase };
}

async function readOptions(argv: readonly string[]): Promise<Options | undefined> {
  const host = thisHost();
  const args = await parser('fjr-worker', argv)
    .usage(
      '$0 --api URL [options]\n\nWorks for a server that this host shares nothing with: fetches jobs over HTTP, runs them, and sends back what they leave. The server is fjr serve, or a DECODE OpenCloud.',
    )
    .hide('project')
    .option('api', { type: 'string', describe: 'Address of the server (API_URL)' })
    .option('env', { type: 'string', describe: 'A file of lines NAME=value, as DECODE has them in .env' })
    .option('token-file', { type: 'string', describe: 'A file that holds the token (or ACCESS_TOKEN)' })
    .option('path-base', {
      type: 'string',
      describe:
        "Directory on this host's own disk for all jobs (PATH_BASE; default ~/.local/state/fjr-worker)",
    })
    .option('path-host-base', {
      type: 'string',
      describe: 'The same directory as the container engine knows it (PATH_HOST_BASE)',
    })
    .option('workers', {
      alias: 'n',
      type: 'string',
      describe: 'Most jobs at once (default: as many as CPUs)',
    })
    .option('cpus', { type: 'string', default: String(host.cpus), describe: 'CPUs it offers to jobs' })
    .option('memory', { type: 'string', describe: "Memory it offers, such as 16G (default: the host's)" })
    .option('gpus', { type: 'string', describe: 'GPUs it offers (default: all that nvidia-smi lists)' })
    .option('labels', {
      type: 'string',
      default: '',
      describe: 'Words that jobs may ask for, such as bigmem,fast',
    })
    .option('groups', {
      type: 'string',
      default: '',
      describe: 'Groups whose jobs come first, such as lab1,lab2',
    })
    .option('container', {
      type: 'boolean',
      default: true,
      describe: 'Run jobs of DECODE in containers; --no-container: their commands as they are',
    })
    .option('engine', { type: 'string', describe: 'docker or podman (default: which there is)' })
    .option('drain', {
      type: 'boolean',
      default: false,
      describe: 'When told to leave, take nothing new and let what runs end first',
    })
    .option('cache', {
      type: 'string',
      default: '10G',
      describe: 'Disk space for inputs that may come again',
    })
    .option('timeout-job', {
      type: 'string',
      describe: 'Seconds between two requests for a job (TIMEOUT_JOB; 10)',
    })
    .option('timeout-status', {
      type: 'string',
      describe: 'Seconds between two signs of life of a job (TIMEOUT_STATUS; 10)',
    })
    .example('ACCESS_TOKEN=… $0 --api https://fjr.example.org', 'Works for the project that is served there')
    .example('$0 --env .env', 'Works for a DECODE OpenCloud, with USERNAME and PASSWORD in .env')
    .parseAsync();
  if (isHelp(argv)) return undefined;
  const settings = readJoinSettings(args.env);
  const url = readUrl(args.api === undefined || args.api === '' ? settings.API_URL : args.api);
  const base = directoryOf(args['path-base'] ?? settings.PATH_BASE ?? stateDirectory());
  const cpus = wholeArgument('--cpus', args.cpus, 1);
  return {
    url,
    signIn: signInOf(settings, args['token-file']),
    base,
    hostBase: hostDirectory(args['path-host-base'] ?? settings.PATH_HOST_BASE, base),
    machine: {
      workers: workersArgument('--workers', args.workers ?? String(cpus)),
      cpus,
      memory: readSize('--memory', args.memory) ?? host.memory,
      gpus: await readGpus(args.gpus),
    },
    labels: readLabels('--labels', args.labels),
    groups: readLabels('--groups', args.groups),
    engine: args.container ? (args.engine ?? defaultEngine()) : undefined,
    drain: args.drain,
    cacheLimit: readSize('--cache', args.cache) ?? 0,
    askEvery: numberArgument('--timeout-job', args['timeout-job'] ?? settings.TIMEOUT_JOB ?? '10', 0.1),
    pingEvery: numberArgument(
      '--timeout-status',
      args['timeout-status'] ?? settings.TIMEOUT_STATUS ?? '10',
      0.1,
    ),
  };
}

function readUrl(text: string | undefined): string {
  if (text === undefined || text === '')
    throw new FjrError('usage', 'no server is named', { hint: 'give its address with --api, or in API_URL' });
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw new FjrError('usage', `--api is "${text}"`, {
      hint: 'expected an address such as https://fjr.example.org',
    });
  const { username, password } = new URL(text);
  if (username !== '' || password !== '')
    throw new FjrError('usage', 'the address of the server holds a password, which ps would show', {
      hint: 'put it into USERNAME and PASSWORD',
    });
  return text;
}

/** A token as it is; else a name and a password, where the server says who knows them. */
function signInOf(
  settings: ReturnType<typeof readJoinSettings>,
  tokenFile: string | undefined,
): (access: AccessInfo) => SignIn {
  if (tokenFile !== undefined) {
    const signIn = new GivenToken(() => readTokenFile(tokenFile));
    return () => signIn;
  }
  const { ACCESS_TOKEN: token, USERNAME: username, PASSWORD: password } = settings;
  if (token !== undefined) return () => new GivenToken(() => token);
  return ({ pool }) => {
    // A server that lets everybody in wants no token; what else it wants it says.
    if (pool === undefined) return new GivenToken(() => '');
    if (username === undefined || password === undefined)
      throw new FjrError('usage', 'the server asks for a name and a password', {
        hint: 'put them into USERNAME and PASSWORD, in the environment or in the file of --env',
      });
    const endpoint = process.env['AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER'];
    return new CognitoSignIn({ pool, username, password, endpoint, now: () => clock.monotonic() });
  };
}

function hostDirectory(text: string | undefined, base: string): string {
  const directory = text === undefined ? base : directoryOf(text);
  if (!directory.includes(':')) return directory;
  throw new FjrError('usage', `PATH_HOST_BASE is "${directory}"`, {
    hint: 'expected a directory without a colon, which the container engine takes for the end of it',
  });
}

function defaultEngine(): string {
  return ['docker', 'podman'].find((program) => onPath(program) !== undefined) ?? 'docker';
}

function readSize(what: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseMemory(text);
  if (bytes !== undefined) return bytes;
  throw new FjrError('usage', `${what} is "${text}"`, { hint: 'expected a size such as 16G' });
}

/** A number: the first of those that are here, and where there are fewer, of which nobody knows what they are. */
async function readGpus(text: string | undefined): Promise<readonly Gpu[]> {
  if (text === undefined) return describeGpus();
  const count = parseWhole(text, 0, 10_000);
  if (count === undefined)
    throw new FjrError('usage', `--gpus is "${text}"`, { hint: 'expected a whole number, at least 0' });
  const known = count === 0 ? [] : await describeGpus();
  return Array.from({ length: count }, (_, index) => known[index] ?? { ...unknownGpu, name: String(index) });
}

/** What ends a worker: signals. */
class Stop {
  readonly #drains: boolean;
  readonly #controller = new AbortController();
  #joiner: Joiner | undefined;
  #draining = false;

  constructor(drains: boolean) {
    this.#drains = drains;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (this.#drains && !this.#draining) this.drain();
        else this.leave();
      });
    process.on('SIGUSR2', () => {
      this.drain();
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  attach(joiner: Joiner): void {
    this.#joiner = joiner;
    if (!this.#controller.signal.aborted) return;
    if (this.#draining) joiner.drain();
    else joiner.leave();
  }

  drain(): void {
    this.#draining = true;
    this.#controller.abort();
    this.#joiner?.drain();
  }

  leave(): void {
    this.#draining = false;
    this.#controller.abort();
    this.#joiner?.leave();
  }
}
