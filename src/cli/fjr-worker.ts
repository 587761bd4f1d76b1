import { type SshWorkers, runLabel } from '../job/fan-out.js';
import { FjrError } from '../job/fjr-error.js';
import { parseMemory, parseWhole } from '../job/quantities.js';
import { type Session, parseSession } from '../queue/crew-file.js';
import { readFanOut } from '../queue/fan-out-book.js';
import { FanOutPaths } from '../queue/fan-out-paths.js';
import { makeCrewId } from '../queue/layout.js';
import { newToken } from '../queue/token.js';
import { countGpus, givenGpus } from '../system/gpus.js';
import { makeOwnDirectory, removeOwnDirectory } from '../system/own-directory.js';
import { Crew } from '../worker/crew.js';
import type { CrewEvent } from '../worker/crew-events.js';
import { isHelp, numberArgument, parser, wholeArgument, workersArgument } from './arguments.js';
import { clock, filesFor, starterArgv, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { openHintLine } from './hint-line.js';
import { openProject, type Project } from './project.js';
import { describeCrew } from './crew-description.js';
import { crewSystem } from './crew-system.js';
import { CrewVoice } from './crew-voice.js';
import { readLabels } from './read-labels.js';
import { closeConnections, makeSocketDirectory } from './ssh-connections.js';

interface Options {
  readonly project: Project;
  readonly workers: number;
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: number;
  readonly lease: number;
  readonly session: Session;
  readonly labels: readonly string[];
  /** Takes nothing that does not ask for this label. */
  readonly only: string | undefined;
  readonly hosts: SshWorkers | undefined;
  /** Least niceness of its jobs. */
  readonly nice: number;
  /** Monotonic milliseconds. */
  readonly endsAt: number;
  /** Seconds. */
  readonly idleExit: number;
  readonly untilStdinEnds: boolean;
}

/** `fjr-worker`: one crew, until it is told to leave. */
export async function worker(argv: readonly string[]): Promise<ExitCode> {
  if (joinsServer(argv)) return (await import('./join.js')).join(argv);
  const options = await readOptions(argv);
  if (options === undefined) return exitCode.fine;
  const sockets = options.hosts === undefined ? undefined : makeSocketDirectory();
  const ownDisk = thisHost().isShared(options.project.layout.root) ? makeOwnDirectory(thisHost()) : undefined;
  try {
    return await live(options, { sockets, ownDisk });
  } finally {
    if (ownDisk !== undefined) removeOwnDirectory(ownDisk);
    if (sockets !== undefined) await closeConnections(sockets);
  }
}

/** Whether it is to work for a server, and for no project that lies here. */
function joinsServer(argv: readonly string[]): boolean {
  return argv.some((word) => /^--(api|env)(=|$)/.test(word));
}

/** Directories of this process alone. */
interface OwnDirectories {
  /** Undefined: it works for no hosts. */
  readonly sockets: string | undefined;
  /** Undefined: the project lies on this host's own disk, or there is no other. */
  readonly ownDisk: string | undefined;
}

async function live(options: Options, directories: OwnDirectories): Promise<ExitCode> {
  const stop = new Stop();
  const voice = new CrewVoice();
  for (let shortLives = 0; shortLives < 5;) {
    const born = clock.monotonic();
    const crew = await makeCrew(options, directories, (event) => {
      voice.tell(event);
    });
    stop.attach(crew, options.untilStdinEnds);
    crew.start();
    // A crew that was fenced is void, with its id; the process goes on as a new one.
    if ((await crew.ended) === 'left' || stop.asked) return exitCode.fine;
    shortLives = clock.monotonic() - born < 1000 ? shortLives + 1 : 0;
  }
  throw new FjrError('crew', 'the crew ended five times right after its start', {
    hint: `see whether its starter works: ${starterArgv().join(' ')} </dev/null`,
  });
}

async function readOptions(argv: readonly string[]): Promise<Options | undefined> {
  const host = thisHost();
  const args = await parser('fjr-worker', argv)
    .usage(
      '$0 [options]\n\nStarts a crew: one process that carries N workers, each of which runs one job at a time.',
    )
    .option('workers', {
      alias: 'n',
      type: 'string',
      default: '1',
      describe: 'How many jobs it runs at once',
    })
    .option('cpus', { type: 'string', default: String(host.cpus), describe: 'CPUs it offers to jobs' })
    .option('memory', { type: 'string', describe: "Memory it offers, such as 16G (default: the host's)" })
    .option('gpus', { type: 'string', describe: 'GPUs it offers (default: as many as nvidia-smi lists)' })
    .option('lease', { type: 'string', describe: 'Seconds without a heartbeat until it counts as dead' })
    .option('session', {
      type: 'string',
      default: 'none:',
      describe: 'The session it runs in, KIND:NAME',
      hidden: true,
    })
    .option('labels', {
      type: 'string',
      default: '',
      describe: 'Words that jobs may ask for, such as bigmem,fast',
    })
    .option('nice', { type: 'string', default: '-20', describe: 'Least niceness of its jobs' })
    .option('time-left', { type: 'string', describe: 'Seconds until it will be cut off: it leaves in time' })
    .option('idle-exit', { type: 'string', describe: 'Leave after so many seconds without work' })
    .option('for-run', {
      type: 'string',
      describe: 'Work for this fan-out job alone, on the hosts that it names',
      hidden: true,
    })
    .option('until-stdin-ends', {
      type: 'boolean',
      default: false,
      describe: 'Leave when standard input ends',
    })
    .option('api', {
      type: 'string',
      describe: 'Work for a server that this host shares nothing with: see fjr-worker --api --help',
    })
    .example('$0 --project sweep --workers 8', 'Works for the project "sweep" in this terminal')
    .parseAsync();
  if (isHelp(argv)) return undefined;
  const project = openProject(args.project);
  return {
    project,
    workers: workersArgument('--workers', args.workers),
    cpus: wholeArgument('--cpus', args.cpus, 1),
    memory: readMemory(args.memory) ?? host.memory,
    gpus: args.gpus === undefined ? await countGpus() : wholeArgument('--gpus', args.gpus, 0),
    lease: readLease(args.lease, host.isShared(project.layout.root)),
    session: parseSession(args.session) ?? { kind: 'none', name: '' },
    labels: readLabels('--labels', args.labels),
    only: undefined,
    hosts: undefined,
    ...(args['for-run'] === undefined ? {} : offerFor(project, args['for-run'])),
    nice: readNice(args.nice),
    endsAt: clock.monotonic() + 1000 * secondsOr('--time-left', args['time-left']),
    idleExit: secondsOr('--idle-exit', args['idle-exit']),
    untilStdinEnds: args['until-stdin-ends'],
  };
}

/** A crew for one run offers what the hosts of its workers have, of which it knows nothing: whatever the tasks need. */
function offerFor(
  project: Project,
  run: string,
): Pick<Options, 'workers' | 'cpus' | 'memory' | 'gpus' | 'labels' | 'only' | 'hosts'> {
  const { id, ssh, job } = readFanOut(filesFor(project), new FanOutPaths(project.layout.queued(run)));
  if (ssh === undefined) throw new FjrError('usage', `${run} names no hosts`);
  const workers = ssh.hosts.length;
  const { cpus, memory, gpus } = job.needs;
  const only = runLabel(id);
  const all = { cpus: workers * cpus, memory: workers * memory, gpus: workers * gpus };
  return { workers, ...all, labels: [only], only, hosts: ssh };
}

function readMemory(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseMemory(text);
  if (bytes === undefined)
    throw new FjrError('usage', `--memory is "${text}"`, { hint: 'expected a size such as 16G' });
  return bytes;
}

/** On a network filesystem a server may well be away for half a minute. */
function readLease(text: string | undefined, shared: boolean): number {
  return text === undefined ? (shared ? 60 : 30) : numberArgument('--lease', text, 10);
}

function readNice(text: string): number {
  const nice = parseWhole(text, -20, 19);
  if (nice !== undefined) return nice;
  throw new FjrError('usage', `--nice is "${text}"`, { hint: 'expected a whole number from -20 to 19' });
}

function secondsOr(what: string, text: string | undefined): number {
  return text === undefined ? Infinity : numberArgument(what, text, 1);
}

async function makeCrew(
  options: Options,
  { sockets, ownDisk }: OwnDirectories,
  report: (event: CrewEvent) => void,
): Promise<Crew> {
  const { project } = options;
  const id = makeCrewId(thisHost().name, newToken().slice(0, 8));
  const hints = await openHintLine(project, id);
  const system = crewSystem(project, { sockets, ownDisk, gpuNames: givenGpus(), hints });
  const { layout, name } = project;
  return new Crew(system, {
    layout,
    project: name,
    id,
    report,
    endsAt: options.endsAt,
    idleExit: options.idleExit,
    nice: options.nice,
    hosts: options.hosts,
    describe: (pid) => describeCrew(id, pid, { ...options, hints: hints?.addresses ?? [] }),
  });
}

/** What ends a crew: signals, a closed terminal, and for one-shot crews the end of their input. */
class Stop {
  #crew: Crew | undefined;
  #listening = false;
  asked = false;

  attach(crew: Crew, untilStdinEnds: boolean): void {
    this.#crew = crew;
    if (this.#listening) return;
    this.#listening = true;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => {
        this.#leave();
      });
    process.on('SIGUSR2', () => {
      this.asked = true;
      this.#crew?.drain();
    });
    if (!untilStdinEnds) return;
    process.stdin.on('end', () => {
      this.#leave();
    });
    process.stdin.resume();
  }

  #leave(): void {
    this.asked = true;
    this.#crew?.leave();
  }
}
