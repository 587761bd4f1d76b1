import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FjrError } from '../job/fjr-error.js';
import type { CrewReport } from '../recruiter/crews-here.js';
import type { PassedOption } from '../recruiter/errand.js';
import { type Hired, hire } from '../recruiter/hire.js';
import { parseLabels } from '../job/labels.js';
import { breakLock, takeLock } from '../system/lock.js';
import { type SessionKind, chooseMultiplexer } from '../system/multiplexer.js';
import { numberArgument, wholeArgument, workersArgument } from './arguments.js';
import { clock, filesFor, programArgv, thisHost } from './compose.js';
import type { Project } from './project.js';
import { plural, remark, say } from './say.js';

/** What the command line says of a crew. */
export interface HireOptions {
  /** Undefined: one less than there are CPUs. */
  readonly workers: number | undefined;
  readonly directory: string;
  readonly multiplexer: SessionKind | 'auto';
  /** Options of fjr-worker that are passed on. */
  readonly passed: Readonly<Partial<Record<PassedOption, string>>>;
}

export interface HireArguments {
  workers?: string | undefined;
  curdir?: string | undefined;
  multiplexer: SessionKind | 'auto';
  lease?: string | undefined;
  gpus?: string | undefined;
  label?: string | readonly string[] | undefined;
  nice?: string | undefined;
}

/** What the crew would refuse is refused here, where somebody reads it. */
export function readHireOptions(args: HireArguments): HireOptions {
  if (args.lease !== undefined) numberArgument('--lease', args.lease, 10);
  if (args.gpus !== undefined) wholeArgument('--gpus', args.gpus, 0);
  if (args.curdir !== undefined && !existsSync(args.curdir))
    throw new FjrError('usage', `there is no directory ${args.curdir}`, {
      hint: 'jobs start in --curdir, or `workdir` of remote.conf',
    });
  const passed = {
    lease: args.lease,
    gpus: args.gpus,
    label: readLabels(args.label),
    nice: readNice(args.nice),
  };
  return {
    workers: args.workers === undefined ? undefined : workersArgument('the number of workers', args.workers),
    directory: args.curdir === undefined ? whereWeAre() : resolve(args.curdir),
    multiplexer: args.multiplexer,
    passed: Object.fromEntries(Object.entries(passed).filter(([, value]) => value !== undefined)),
  };
}

/** As the shell calls it: /home/me, say, which is /net/disk7/me here and something else on the next host. */
function whereWeAre(): string {
  const directory = process.cwd();
  const called = process.env['PWD'];
  if (called?.startsWith('/') !== true) return directory;
  const [one, other] = [called, directory].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev ? called : directory;
}

function readLabels(given: HireArguments['label']): string | undefined {
  if (given === undefined) return undefined;
  const text = [given].flat().join(',');
  const labels = parseLabels(text);
  if (labels !== undefined) return labels.join(',');
  throw new FjrError('usage', `--label is "${text}"`, { hint: 'expected words separated by commas' });
}

function readNice(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const nice = wholeArgument('--nice', given, -20);
  if (nice <= 19) return String(nice);
  throw new FjrError('usage', `--nice is ${nice}`, { hint: 'expected at most 19' });
}

/** One CPU stays with the user. */
export function defaultWorkers(): number {
  return Math.max(1, thisHost().cpus - 1);
}

/** Hires on this host; also for those who need a crew for a while. */
export async function hireHere(project: Project, options: HireOptions): Promise<Hired> {
  const host = thisHost();
  const multiplexer = chooseMultiplexer(options.multiplexer);
  if (multiplexer.kind === 'none' && options.multiplexer === 'auto')
    remark(
      '[fjr-recruiter] There is neither tmux nor screen here: the workers run as plain detached processes.',
    );
  const unlock = await lockHost(project);
  try {
    const { lease, gpus, label, nice } = options.passed;
    const crew = {
      project: project.name,
      workers: String(options.workers ?? defaultWorkers()),
      lease,
      gpus,
      labels: label,
    };
    const worker = [...optionWords(crew), ...(nice === undefined ? [] : [`--nice=${nice}`])];
    const crewArgv = (session: string): string[] => [
      ...programArgv('fjr-worker'),
      ...worker,
      '--session',
      session,
    ];
    const system = { files: filesFor(project), host, multiplexer, wait, crewArgv };
    return await hire(system, project.layout, project.name, options.directory);
  } finally {
    await unlock();
  }
}

/** Milliseconds without a beat after which another recruiter is gone; several beats. */
const silence = 12_000;
/** Milliseconds that another recruiter may take. */
const patience = 30_000;

/** Two recruiters at once would hire twice: the second waits, and finds the crew of the first. */
async function lockHost({ layout }: Project): Promise<() => Promise<void>> {
  const host = thisHost();
  const path = `${layout.root}/hire-${host.name}.lock`;
  let [content, since] = ['', clock.monotonic()];
  for (const start = since; clock.monotonic() - start < patience;) {
    const lock = await takeLock(path, host, { onLost: () => undefined });
    if (lock.kind === 'mine') return lock.unlock;
    if (lock.content !== content) [content, since] = [lock.content, clock.monotonic()];
    // Whoever hires beats. An owner from before a reboot, say, is nobody whom this host could judge at once.
    else if (clock.monotonic() - since > silence) breakLock(path, content);
    await wait(100);
  }
  throw new FjrError('hire', `somebody else has been hiring on ${host.name} for ${patience / 1000} s`, {
    hint: 'try again',
  });
}

function optionWords(options: Record<string, string | undefined>): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
}

async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}

/** `fromAfar`: a recruiter on another host asked, whose remote.conf has the numbers. */
export function sayHired(project: Project, hired: Hired, options: HireOptions, fromAfar: boolean): void {
  const { workers } = hired.crew.file;
  const wanted = options.workers ?? defaultWorkers();
  const hire = fromAfar ? 'hire' : `hire ${wanted}`;
  if (hired.kind === 'hired')
    say(`[fjr-recruiter] Hired ${plural(workers, 'worker')} in project "${project.name}".`);
  else sayAlready(project, hired.crew, wanted, hire);
}

function sayAlready(project: Project, { crew, file }: CrewReport, wanted: number, hire: string): void {
  say(
    `[fjr-recruiter] There ${file.workers === 1 ? 'is' : 'are'} ${plural(file.workers, 'worker')} in project "${project.name}" already (crew ${crew}).`,
  );
  if (file.workers !== wanted)
    remark(`hint: for ${wanted} instead: fjr-recruiter --project ${project.name} fire, then ${hire}`);
}
