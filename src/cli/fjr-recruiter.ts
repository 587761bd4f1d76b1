import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { FjrError } from '../job/fjr-error.js';
import type { CrewReport } from '../recruiter/crews-here.js';
import { type Fired, fire } from '../recruiter/fire.js';
import { type Hired, hire, logFileOf } from '../recruiter/hire.js';
import { reportCrews } from '../recruiter/crews-here.js';
import { takeLock } from '../system/lock.js';
import { type SessionKind, chooseMultiplexer, multiplexers } from '../system/multiplexer.js';
import { isHelp, numberArgument, parser, wholeArgument, workersArgument } from './arguments.js';
import { clock, filesFor, programArgv, thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { type Project, findProject, openProject } from './project.js';
import { plural, printable, remark, say, sayJson } from './say.js';

/** `fjr-recruiter`: hires and fires workers. */
export async function recruiter(argv: readonly string[]): Promise<ExitCode> {
  const args = await parser('fjr-recruiter', argv)
    .usage('$0 [options] <command>\n\nHires and fires the workers of a project.')
    .command(
      'hire [workers]',
      'Start a crew of this many workers (default: one less than there are CPUs)',
      (y) => y.positional('workers', { type: 'string' }),
    )
    .command('fire', 'End the crews; what they held goes back into the queue')
    .command('list', 'Show the crews, and what each worker does')
    .option('local-only', { type: 'boolean', default: false, describe: 'Do not look at remote.conf' })
    .option('curdir', { type: 'string', describe: 'The directory jobs start in (default: where you are)' })
    .option('multiplexer', {
      choices: ['auto', 'tmux', 'screen', 'none'] as const,
      default: 'auto' as const,
      describe: 'What a crew runs in, so that you can attach to it',
    })
    .option('lease', { type: 'string', describe: 'Seconds without a heartbeat until a crew counts as dead' })
    .option('drain', { type: 'boolean', default: false, describe: 'fire: let what runs end first' })
    .option('gpus', {
      type: 'string',
      describe: 'hire: GPUs to offer (default: as many as nvidia-smi lists)',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
    .example('$0 --project sweep hire 8', 'Eight workers here, for the project "sweep"')
    .example('$0 --project sweep fire --drain', 'No new jobs; go when what runs has ended')
    .example('$0 --project sweep list', 'Who is there, and how to attach')
    .demandCommand(1, 'say what to do: hire, fire or list')
    .parseAsync();
  if (isHelp(argv)) return exitCode.fine;
  switch (args._[0]) {
    case 'hire':
      return hireCommand(args.project, readHireOptions(args), args.json);
    case 'fire':
      return fireCommand(args.project, args.drain, args.json);
    default:
      return listCommand(args.project, args.json);
  }
}

interface HireOptions {
  readonly workers: number;
  readonly directory: string;
  readonly multiplexer: SessionKind | 'auto';
  readonly localOnly: boolean;
  /** Options of fjr-worker that are passed on. */
  readonly passed: readonly string[];
}

function readHireOptions(args: {
  workers?: string | undefined;
  curdir?: string | undefined;
  multiplexer: SessionKind | 'auto';
  'local-only': boolean;
  lease?: string | undefined;
  gpus?: string | undefined;
}): HireOptions {
  // What the crew would refuse is refused here, where somebody reads it.
  if (args.lease !== undefined) numberArgument('--lease', args.lease, 10);
  if (args.gpus !== undefined) wholeArgument('--gpus', args.gpus, 0);
  if (args.curdir !== undefined && !existsSync(args.curdir))
    throw new FjrError('usage', `there is no directory ${args.curdir}`, { hint: 'jobs start in --curdir' });
  return {
    workers:
      args.workers === undefined ? defaultWorkers() : workersArgument('the number of workers', args.workers),
    directory: args.curdir ?? process.cwd(),
    multiplexer: args.multiplexer,
    localOnly: args['local-only'],
    passed: [...passOn('--lease', args.lease), ...passOn('--gpus', args.gpus)],
  };
}

function passOn(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** One CPU stays with the user. */
export function defaultWorkers(): number {
  return Math.max(1, thisHost().cpus - 1);
}

/** Hires here; also for those who need a crew for a while. */
export async function hireHere(project: Project, options: HireOptions): Promise<Hired> {
  const host = thisHost();
  const multiplexer = chooseMultiplexer(options.multiplexer);
  if (multiplexer.kind === 'none' && options.multiplexer === 'auto')
    remark(
      '[fjr-recruiter] There is neither tmux nor screen here: the workers run as plain detached processes.',
    );
  // Two recruiters at once would hire twice.
  const lock = await takeLock(`${project.layout.root}/hire-${host.name}.lock`, host, {
    onLost: () => undefined,
  });
  if (lock.kind === 'taken')
    throw new FjrError('hire', 'somebody else is hiring here right now', { hint: 'try again' });
  try {
    const worker = ['--project', project.name, '--workers', String(options.workers), ...options.passed];
    const crewArgv = (session: string): string[] => [
      ...programArgv('fjr-worker'),
      ...worker,
      '--session',
      session,
    ];
    const system = { files: filesFor(project), host, multiplexer, wait, crewArgv };
    return await hire(system, project.layout, project.name, options.directory);
  } finally {
    await lock.unlock();
  }
}

async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}

async function hireCommand(name: string, options: HireOptions, json: boolean): Promise<ExitCode> {
  const project = openProject(name);
  if (!options.localOnly && existsSync(project.layout.remoteConf))
    remark(
      `[fjr-recruiter] ${project.layout.remoteConf} is not read by this version: hiring on this host only.`,
    );
  const hired = await hireHere(project, options);
  if (json) sayJson({ hired: hired.kind === 'hired', crew: crewJson(project, hired.crew) });
  else if (hired.kind === 'hired')
    say(`[fjr-recruiter] Hired ${plural(hired.crew.file.workers, 'worker')} in project "${project.name}".`);
  else sayAlready(project, hired.crew, options.workers);
  return exitCode.fine;
}

function sayAlready(project: Project, { crew, file }: CrewReport, wanted: number): void {
  say(
    `[fjr-recruiter] There ${file.workers === 1 ? 'is' : 'are'} ${plural(file.workers, 'worker')} in project "${project.name}" already (crew ${crew}).`,
  );
  if (file.workers !== wanted)
    remark(`hint: for ${wanted} instead: fjr-recruiter --project ${project.name} fire, then hire ${wanted}`);
}

/** Fires here; also for dispatchers whose work is done. */
export async function fireHere(project: Project, drain: boolean): Promise<Fired[]> {
  return fire({ files: filesFor(project), host: thisHost(), clock, wait, signal }, project.layout, drain);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone by itself.
  }
}

async function fireCommand(name: string, drain: boolean, json: boolean): Promise<ExitCode> {
  const project = findProject(name);
  const fired = await fireHere(project, drain);
  if (json) sayJson({ fired: fired.map(({ crew, how }) => ({ how, crew: crewJson(project, crew) })) });
  else sayFired(project, fired);
  return exitCode.fine;
}

export function sayFired(project: Project, fired: readonly Fired[]): void {
  const workers = fired.reduce((sum, { crew }) => sum + crew.file.workers, 0);
  if (fired.length === 0) say(`[fjr-recruiter] There was nobody to fire in project "${project.name}".`);
  else say(`[fjr-recruiter] Fired ${plural(workers, 'worker')} in project "${project.name}".`);
  for (const { crew, how } of fired) {
    if (how === 'killed') remark(`[fjr-recruiter] Crew ${crew.crew} did not go when told, and was killed.`);
    if (how === 'dead')
      remark(`[fjr-recruiter] Crew ${crew.crew} had died; what it held is back in the queue.`);
  }
}

function listCommand(name: string, json: boolean): ExitCode {
  const project = findProject(name);
  const crews = reportCrews(filesFor(project), thisHost(), project.layout);
  if (json) sayJson({ project: project.name, crews: crews.map((crew) => crewJson(project, crew)) });
  else if (crews.length === 0) say(`No workers in project "${project.name}".`);
  else for (const crew of crews) sayCrew(project, crew);
  return exitCode.fine;
}

function attachCommand(project: Project, { file }: CrewReport): string {
  const { kind, name } = file.session;
  if (kind === 'slurm') return `tail -f ${project.layout.journal}/slurm-${name}.log`;
  return multiplexers[kind].attachCommand({ name, logFile: logFileOf(project.layout, file.host) });
}

function sayCrew(project: Project, report: CrewReport): void {
  const { crew, file, liveness, running } = report;
  const state = { alive: 'alive', dead: 'dead', elsewhere: 'on another host' }[liveness];
  say(
    `${crew}  ${plural(file.workers, 'worker')}, ${running.length} busy, ${state}, pid ${file.pid} on ${file.host}`,
  );
  say(`    attach: ${attachCommand(project, report)}`);
  const work = whoDoesWhat(report);
  for (const [worker, job] of work)
    say(`    worker ${worker}: ${job === undefined ? 'free' : printable(job)}`);
  const placed = new Set(work.values());
  for (const entry of running) if (!placed.has(entry)) say(`    just started: ${printable(entry)}`);
}

/** Worker → what it runs, by the crew's newest heartbeat: for half a second a new job stands in nobody's place. */
function whoDoesWhat({ file, heartbeat, running }: CrewReport): Map<number, string | undefined> {
  const work = new Map<number, string | undefined>();
  const present = new Set(running);
  for (let worker = 1; worker <= file.workers; worker++) {
    const entry = heartbeat?.running[worker];
    work.set(worker, entry !== undefined && present.has(entry) ? entry : undefined);
  }
  return work;
}

/** The shape of a crew in `--json` reports. */
export function crewJson(project: Project, report: CrewReport): Record<string, unknown> {
  const { crew, file, liveness, running, assigned } = report;
  return {
    id: crew,
    host: file.host,
    pid: file.pid,
    state: liveness,
    workers: [...whoDoesWhat(report)].map(([worker, entry]) => ({ worker, entry: entry ?? null })),
    cpus: file.cpus,
    memory: file.memory,
    gpus: file.gpus,
    lease: file.lease,
    born: file.born,
    version: file.version,
    running: [...running],
    assigned: [...assigned],
    session: { ...file.session, attach: attachCommand(project, report) },
  };
}
