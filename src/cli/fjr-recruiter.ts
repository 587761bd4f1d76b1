import { FjrError } from '../job/fjr-error.js';
import type { RemoteReport } from '../recruiter/remote-report.js';
import { reportMark } from '../recruiter/remote-report.js';
import { markLine } from '../recruiter/remote-script.js';
import { isHelp, parser } from './arguments.js';
import { autoHire } from './auto-hire.js';
import { thisHost } from './compose.js';
import { beExamined } from './examined.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { fireAll, firedJson } from './fire-everywhere.js';
import { fireHere, sayFired } from './fire.js';
import { hireEverywhere, hostJson } from './hire-everywhere.js';
import { type HireArguments, hireHere, readHireOptions, sayHired } from './hire.js';
import { listCommand } from './list-crews.js';
import { findPatient, findProject, openProject } from './project.js';
import { sayJson } from './say.js';
import { version } from './version.js';

export { fireAll } from './fire-everywhere.js';
export { fireHere, sayFired } from './fire.js';

/** `fjr-recruiter`: hires and fires workers. */
export async function recruiter(argv: readonly string[]): Promise<ExitCode> {
  const args = await readArguments(argv);
  if (isHelp(argv)) return exitCode.fine;
  const run = (): Promise<Done> => runCommand(args);
  const nonce = args.report;
  const { code } = nonce === undefined ? await run() : await reported(nonce, args['expect-version'], run);
  return code;
}

async function readArguments(argv: readonly string[]): Promise<Arguments> {
  return parser('fjr-recruiter', argv)
    .usage(
      '$0 [options] <command>\n\nHires and fires the workers of a project: on this host, or on all hosts that its remote.conf names.',
    )
    .command(
      'hire [workers]',
      'Start a crew of this many workers (default: one less than there are CPUs)',
      (y) => y.positional('workers', { type: 'string' }),
    )
    .command('fire', 'End the crews; what they held goes back into the queue')
    .command('examine <meeting> <seconds>', false, (y) =>
      // What `fjr doctor` starts on other hosts.
      y
        .positional('meeting', { type: 'string', demandOption: true })
        .positional('seconds', { type: 'string', demandOption: true }),
    )
    .command('list', 'Show the hosts and crews, and what each worker does')
    .option('local-only', {
      type: 'boolean',
      default: false,
      describe: 'hire, fire: this host only, whatever remote.conf says',
    })
    .option('curdir', { type: 'string', describe: 'The directory jobs start in (default: where you are)' })
    .option('multiplexer', {
      choices: ['auto', 'tmux', 'screen', 'none'] as const,
      default: 'auto' as const,
      describe: 'What a crew runs in, so that you can attach to it',
    })
    .option('lease', { type: 'string', describe: 'Seconds without a heartbeat until a crew counts as dead' })
    .option('drain', { type: 'boolean', default: false, describe: 'fire: let what runs end first' })
    .option('auto', {
      type: 'boolean',
      default: false,
      describe: 'hire: as many Slurm jobs as the backlog needs, until Ctrl-C',
    })
    .option('gpus', {
      type: 'string',
      describe: 'hire: GPUs to offer (default: as many as nvidia-smi lists)',
    })
    .option('label', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'hire: a word that jobs may ask for; may be repeated',
    })
    .option('nice', { type: 'string', describe: 'hire: the least niceness of jobs there' })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
    .option('report', { type: 'string', hidden: true })
    .option('expect-version', { type: 'string', hidden: true })
    .example('$0 --project sweep hire 8', 'Eight workers here, for the project "sweep"')
    .example('$0 --project sweep hire', 'With a remote.conf: on all hosts that it names, at once')
    .example('$0 --label gpu --nice 15 hire 2', 'Two workers for jobs that want a "gpu", very polite')
    .example('$0 --project sweep fire --drain', 'No new jobs; go when what runs has ended')
    .example('$0 --project sweep list', 'Who is there, and how to attach')
    .demandCommand(1, 'say what to do: hire, fire or list')
    .parseAsync();
}

interface Arguments extends HireArguments {
  _: (string | number)[];
  project: string;
  'local-only': boolean;
  meeting?: string | undefined;
  seconds?: string | undefined;
  drain: boolean;
  auto: boolean;
  json: boolean;
  report?: string | undefined;
  'expect-version'?: string | undefined;
}

async function runCommand(args: Arguments): Promise<Done> {
  switch (args._[0]) {
    case 'hire':
      return hireCommand(args);
    case 'fire':
      return fireCommand(args);
    case 'examine':
      await beExamined(findPatient(args.project), args.meeting ?? '', args.seconds ?? '');
      return { code: exitCode.fine };
    default:
      return { code: await listCommand(findProject(args.project), args.json) };
  }
}

/** `fjr-recruiter hire`: on all hosts of remote.conf, or here. */
async function hireCommand(args: Arguments): Promise<Done> {
  const options = readHireOptions(args);
  const project = openProject(args.project);
  if (args.auto) return { code: await autoHire(project, options) };
  if (!args['local-only']) {
    const code = await hireEverywhere(project, options, args.json);
    if (code !== undefined) return { code };
  }
  const hired = await hireHere(project, options);
  const { crew, file } = hired.crew;
  const report = { hired: { crew, isNew: hired.kind === 'hired' } };
  if (args.json) {
    const host = hostJson(project, null, file.host, { lines: [], ...report }, hired.crew);
    sayJson({ project: project.name, hosts: [host] });
  } else sayHired(project, hired, options, args.report !== undefined);
  return { code: exitCode.fine, report };
}

/** `fjr-recruiter fire`: wherever there are crews, or here only. */
async function fireCommand(args: Arguments): Promise<Done> {
  const project = findProject(args.project);
  if (!args['local-only']) return { code: await fireAll(project, args.drain, args.json) };
  const fired = await fireHere(project, args.drain);
  if (args.json) sayJson(firedJson(project, fired));
  else sayFired(project, fired);
  return {
    code: exitCode.fine,
    report: { fired: fired.map(({ crew, how }) => ({ crew: crew.crew, how })) },
  };
}

/** What came of a command, and what a recruiter on another host wants to know of it. */
interface Done {
  readonly code: ExitCode;
  readonly report?: Omit<RemoteReport, 'host'>;
}

/** For a recruiter on another host: the outcome in a line of its own, which it knows by its nonce. */
async function reported(
  nonce: string,
  expected: string | undefined,
  run: () => Promise<Done>,
): Promise<Done> {
  let done: Done;
  try {
    checkVersion(expected);
    done = await run();
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    const { code, message, hint = '' } = error;
    done = { code: exitCode.failure, report: { failure: { code, reason: message, hint } } };
  }
  const report: RemoteReport = { host: thisHost().name, ...done.report };
  process.stdout.write(markLine(nonce, reportMark, JSON.stringify(report)));
  return done;
}

/** Two versions in one project might not understand each other's files. */
function checkVersion(expected: string | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new FjrError('version', `fjr ${version} is installed there, and ${expected} here`, {
    hint: 'install the same version on all hosts',
  });
}
