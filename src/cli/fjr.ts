import { existsSync } from 'node:fs';
import { FjrError } from '../job/fjr-error.js';
import { isHelp, parser, wholeArgument, workersArgument } from './arguments.js';
import { thisHost } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { findPatient, findProject, openProject } from './project.js';
import type { RunOptions } from './run.js';

/** `fjr`: the front command. Each subcommand's code is loaded only when it is the one asked for. */
export async function fjr(argv: readonly string[]): Promise<ExitCode> {
  const { own, lists } = splitInputs(argv);
  const commands = parser('fjr', own)
    .usage('$0 [--project P] <command>\n\nRuns jobs on the machines that share this home directory.')
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
    .command(
      'run [command..]',
      'Run a command for many inputs, here and now',
      (y) =>
        y
          .positional('command', {
            type: 'string',
            array: true,
            describe: "One word: a shell's line; more: exact arguments",
          })
          .option('exe', { type: 'string', describe: 'The command, with $1, $2 … for its parameters' })
          .option('parameters', {
            type: 'string',
            describe: 'One job for each: a,b (several parameters of one job: a#b)',
          })
          .option('repeat', { type: 'string', describe: 'Run it this many times' })
          .option('inputs', {
            type: 'string',
            describe: 'A file with an input on each line; - for standard input',
          })
          .option('jobs', {
            alias: 'j',
            type: 'string',
            describe: 'How many at once (default: as many as CPUs)',
          })
          .option('keep-order', {
            alias: 'k',
            type: 'boolean',
            default: false,
            describe: 'Print in the order of the inputs',
          })
          .option('resume', {
            type: 'string',
            describe: 'With a fan-out file: leave out what this earlier run has done',
          })
          .option('metrics', {
            type: 'string',
            describe: 'With a fan-out file: keep this file up to date for Prometheus (see fjr metrics)',
          })
          .options(settingOptions)
          .options(containerOption)
          .example('$0 run fjr.yaml', 'A fan-out file: one command, many inputs')
          .example('$0 run manifest.yaml', 'A manifest: ranks that run together')
          .example("$0 run 'convert {} {.}.png' ::: *.svg", 'One job for each file: {} {.} {/} {//} {#} {1}')
          .example("$0 run --exe 'gzip -9 $1' --parameters a.txt,b.txt", 'With numbered parameters')
          .example("$0 run --exe 'mktemp XXX.tmp' --repeat 5", 'The same five times'),
      then(async (args) => {
        const file = fanOutFileOf(args, lists);
        if (file === undefined) {
          if (!args.container) throw (await import('./submit.js')).noManifest();
          if (args.metrics !== undefined)
            throw new FjrError('usage', '--metrics goes with a fan-out file', {
              hint: 'fjr run fjr.yaml --metrics FILE',
            });
          return (await import('./run.js')).runCommand(await readRun(args, lists, own));
        }
        return (await import('./run-fan-out.js')).runFanOutCommand({
          project: args.project,
          file,
          workers: args.jobs === undefined ? undefined : workersArgument('--jobs', args.jobs),
          defaultWorkers: thisHost().cpus,
          resume: args.resume,
          metrics: args.metrics,
          containers: args.container,
        });
      }),
    )
    .command(
      'check <file>',
      'Read a fan-out file or a manifest, and say what it would do',
      (y) =>
        y
          .positional('file', { type: 'string', demandOption: true })
          .options(containerOption)
          .example('$0 check fjr.yaml', 'How many tasks, with which command, and what limits them'),
      then(async (args) =>
        (await import('./check.js')).checkCommand(args.project, args.file, {
          containers: args.container,
          json: args.json,
        }),
      ),
    )
    .command(
      'submit [files..]',
      'Put job files, or a command after --, into the queue',
      (y) =>
        y
          .positional('files', { type: 'string', array: true, default: [] as string[] })
          .option('name', { type: 'string', describe: 'The name of the job' })
          .option('relative-to', {
            type: 'string',
            describe: 'Where relative paths in fan-out files begin (default: where the file is)',
          })
          .option('once', {
            type: 'boolean',
            default: false,
            describe: 'Leave out fan-out files that were submitted before',
          })
          .options(settingOptions)
          .options(containerOption)
          .example('$0 submit job1.conf job2.conf', 'Two job files, checked before they are queued')
          .example('$0 submit --timeout 1h -- python3 train.py --lr 0.1', 'A command'),
      then(async (args) => {
        const command = ((args as { '--'?: unknown[] })['--'] ?? []).map(String);
        const { submitCommand } = await import('./submit.js');
        const settings = readSettings(args);
        return submitCommand(
          openProject(args.project),
          {
            ...{ files: args.files, command, name: args.name, settings, containers: args.container },
            ...{ relativeTo: args['relative-to'], once: args.once },
          },
          args.json,
        );
      }),
    )
    .command(
      'status',
      'How the project stands',
      (y) => y,
      then(async (args) => (await import('./status.js')).sayStatus(findProject(args.project), args.json)),
    )
    .command(
      'top',
      'A live view of workers, rates and failures',
      (y) => y,
      then(async (args) => (await import('./top.js')).topCommand(findProject(args.project))),
    )
    .command(
      'show <job>',
      'Everything about one job',
      (y) => y.positional('job', { type: 'string', demandOption: true }),
      then(async (args) =>
        (await import('./show.js')).showCommand(findProject(args.project), args.job, args.json),
      ),
    )
    .command(
      'logs <job>',
      'What a job printed',
      (y) =>
        y
          .positional('job', { type: 'string', demandOption: true })
          .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Go on until it ends' }),
      then(async (args) =>
        (await import('./logs.js')).logsCommand(findProject(args.project), args.job, args.follow, args.json),
      ),
    )
    .command(
      'report <run>',
      'Draw what became of a fan-out run, as one HTML file',
      (y) =>
        y
          .positional('run', { type: 'string', demandOption: true })
          .option('output', {
            alias: 'o',
            type: 'string',
            describe: 'The file (default: RUN.html here; - for standard output)',
          })
          .example('$0 report sweep-6k3f9q2m4n', 'Writes sweep-6k3f9q2m4n.html, and prints its path')
          .example('$0 report sweep-6k3f9q2m4n --output ~/public_html/sweep.html', 'Also while it runs'),
      then(async (args) =>
        (await import('./report.js')).reportCommand(findProject(args.project), args.run, args.output),
      ),
    )
    .command(
      'metrics <run>',
      'Print how a fan-out run stands, for Prometheus',
      (y) =>
        y
          .positional('run', { type: 'string', demandOption: true })
          .option('output', {
            alias: 'o',
            type: 'string',
            describe: 'Write this file instead, whole or not at all',
          })
          .example('$0 metrics sweep-6k3f9q2m4n', 'In the text format of Prometheus')
          .example(
            '$0 metrics sweep-6k3f9q2m4n --output /var/lib/node_exporter/sweep.prom',
            "For node_exporter's textfile collector",
          ),
      then(async (args) =>
        (await import('./metrics.js')).metricsCommand(findProject(args.project), args.run, args.output),
      ),
    )
    .command(
      'cancel [jobs..]',
      'Withdraw jobs that wait, stop those that run',
      (y) =>
        y
          .positional('jobs', { type: 'string', array: true, default: [] as string[] })
          .option('all', { type: 'boolean', default: false, describe: 'All of the project' }),
      then(async (args) => {
        needJobs(args.jobs, args.all, '--all');
        return (await import('./cancel.js')).cancelCommand(
          findProject(args.project),
          args.jobs,
          args.all,
          args.json,
        );
      }),
    )
    .command(
      'retry [jobs..]',
      'Put failed jobs back into the queue',
      (y) =>
        y
          .positional('jobs', { type: 'string', array: true, default: [] as string[] })
          .option('failed', { type: 'boolean', default: false, describe: 'All that have failed' }),
      then(async (args) => {
        needJobs(args.jobs, args.failed, '--failed');
        return (await import('./retry.js')).retryCommand(
          findProject(args.project),
          args.jobs,
          args.failed,
          args.json,
        );
      }),
    )
    .command(
      'gc',
      'Remove what ended long ago',
      (y) =>
        y
          .option('older-than', { type: 'string', demandOption: true, describe: 'Such as 30d or 12h' })
          .option('dry-run', { type: 'boolean', default: false, describe: 'Only show what would go' }),
      then(async (args) =>
        (await import('./gc.js')).gcCommand(
          findProject(args.project),
          args['older-than'],
          args['dry-run'],
          args.json,
        ),
      ),
    )
    .command(
      'doctor',
      'Look for what is wrong, and say what to do',
      (y) =>
        y
          .option('repair', { type: 'boolean', default: false, describe: 'Mend what can safely be mended' })
          .option('local-only', {
            type: 'boolean',
            default: false,
            describe: 'Ask no other host, whatever remote.conf says',
          })
          .option('thorough', {
            type: 'boolean',
            default: false,
            describe: 'Wait up to a minute for what other hosts may see late',
          })
          .example('$0 doctor', 'This host, the project, and all hosts of its remote.conf')
          .example('$0 --project sweep doctor --repair', 'Also take away what dead crews have left')
          .example('$0 --json doctor --local-only', 'For programs, and quickly'),
      then(async (args) =>
        (await import('./doctor.js')).doctorCommand(findPatient(args.project), {
          repair: args.repair,
          localOnly: args['local-only'],
          thorough: args.thorough,
          json: args.json,
        }),
      ),
    )
    .command('pool <command>', 'Resource pools: licences, proxies, accounts', (y) =>
      y
        .command(
          'add <pool> [items..]',
          'Add items',
          (z) =>
            z
              .positional('pool', { type: 'string', demandOption: true })
              .positional('items', { type: 'string', array: true, default: [] as string[] })
              .option('file', {
                type: 'string',
                describe: 'A file with an item on each line; - for standard input',
              }),
          then(async (args) =>
            (await import('./pool.js')).poolAdd(
              openProject(args.project),
              args.pool,
              args.file,
              args.items,
              args.json,
            ),
          ),
        )
        .command(
          'list',
          'Show all pools',
          (z) => z,
          then(async (args) => (await import('./pool.js')).poolList(findProject(args.project), args.json)),
        )
        .command(
          'remove <pool>',
          'Remove a pool that is not in use',
          (z) => z.positional('pool', { type: 'string', demandOption: true }),
          then(async (args) =>
            (await import('./pool.js')).poolRemove(findProject(args.project), args.pool, args.json),
          ),
        )
        .demandCommand(1, 'say what to do: add, list or remove'),
    )
    .command(
      'serve',
      'Open the project to others over HTTP',
      (y) =>
        y
          .option('port', { type: 'string', describe: 'The port (default 9845; 0: any that is free)' })
          .option('listen', { type: 'string', describe: 'The address (default 127.0.0.1: this host only)' })
          .option('tls-cert', { type: 'string', describe: 'A file with the certificate, in PEM' })
          .option('tls-key', { type: 'string', describe: 'A file with its key, in PEM' })
          .option('insecure-listen', {
            type: 'boolean',
            default: false,
            describe: 'Without TLS also on addresses that other hosts reach',
          })
          .option('auth', {
            type: 'boolean',
            default: true,
            describe: 'Ask for tokens; --no-auth lets in everybody on this host',
          })
          .option('keep', { type: 'string', describe: 'Remove what ended longer ago, such as 30d' })
          .option('config', {
            type: 'string',
            describe: "jobmgr's configuration (default: config.toml in the project)",
          })
          .option('fsync', {
            type: 'boolean',
            default: true,
            describe: 'Accepted jobs survive a power cut, too',
          })
          .example('$0 token add alice --scope read,submit', 'Then who has that token may use the server')
          .example(
            '$0 serve --no-auth',
            "For clients of jobmgr, which send no token: on this host's loopback",
          )
          .example('$0 serve --listen 0.0.0.0 --tls-cert cert.pem --tls-key key.pem', 'For other hosts'),
      then(async (args) =>
        (await import('./serve.js')).serveCommand(openProject(args.project), {
          ...{ listen: args.listen, port: args.port, tlsCert: args['tls-cert'], tlsKey: args['tls-key'] },
          ...{ insecureListen: args['insecure-listen'], auth: args.auth, fsync: args.fsync },
          ...{ keep: args.keep, config: args.config },
        }),
      ),
    )
    .command('token <command>', 'Who may use the server', (y) =>
      y
        .command(
          'add <name>',
          'Make a token, and show it once',
          (z) =>
            z
              .positional('name', { type: 'string', demandOption: true })
              .option('scope', {
                type: 'string',
                demandOption: true,
                describe: 'What it allows: some of read,submit,spec,worker,admin (spec: only jobs of specs)',
              })
              .option('environment', {
                choices: ['cloud', 'local'] as const,
                describe: 'Where the worker is that has it, for jobs that ask for that (default: local)',
              }),
          then(async (args) =>
            (await import('./token.js')).tokenAdd(
              openProject(args.project),
              { name: args.name, scope: args.scope, environment: args.environment },
              args.json,
            ),
          ),
        )
        .command(
          'list',
          'Show all tokens, but for what is secret of them',
          (z) => z,
          then(async (args) => (await import('./token.js')).tokenList(findProject(args.project), args.json)),
        )
        .command(
          'revoke <name>',
          'Let nobody in with it any more',
          (z) => z.positional('name', { type: 'string', demandOption: true }),
          then(async (args) =>
            (await import('./token.js')).tokenRevoke(findProject(args.project), args.name, args.json),
          ),
        )
        .demandCommand(1, 'say what to do: add, list or revoke'),
    )
    .completion('completion', 'Print a script that completes commands in bash or zsh')
    .example('$0 --project sweep status', 'Waiting, running, done, failed')
    .demandCommand(1, 'say what to do: fjr --help');
  const chosen = await choose(commands);
  return isHelp(own) || chosen === undefined ? exitCode.fine : await chosen.run();
}

/** The command that was asked for, with its arguments. */
class Chosen {
  readonly run: () => ExitCode | Promise<ExitCode>;

  constructor(run: () => ExitCode | Promise<ExitCode>) {
    this.run = run;
  }
}

/** A command's handler. It leaves the parser by a throw: after a handler that returns, yargs writes a help, in 25 ms. */
function then<A>(action: (args: A) => ExitCode | Promise<ExitCode>): (args: A) => never {
  return (args) => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- nothing is wrong
    throw new Chosen(() => action(args));
  };
}

async function choose(commands: { parseAsync(): Promise<unknown> }): Promise<Chosen | undefined> {
  try {
    await commands.parseAsync();
    return undefined;
  } catch (chosen) {
    if (chosen instanceof Chosen) return chosen;
    throw chosen;
  }
}

/** Settings of job files that a command line may give, too. */
const settingOptions = {
  timeout: { type: 'string', describe: 'Such as 90, 5m or 1h30m' },
  retries: { type: 'string', describe: 'How often a failure is tried again' },
  priority: { type: 'string', describe: 'Higher goes first' },
  nice: { type: 'string', describe: 'From -20 to 19 (default 9)' },
} as const;

const containerOption = {
  container: {
    type: 'boolean',
    default: true,
    describe: 'With a manifest: run ranks in containers; --no-container: as plain processes in its context',
  },
} as const;

function readSettings(
  args: Readonly<Record<keyof typeof settingOptions, string | undefined>>,
): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const key of Object.keys(settingOptions) as (keyof typeof settingOptions)[]) {
    const value = args[key];
    if (value === undefined) continue;
    if (/[\n\r]/.test(value)) throw new FjrError('usage', `--${key} holds a line break`);
    settings[key] = value;
  }
  return settings;
}

function needJobs(jobs: readonly string[], all: boolean, flag: string): void {
  if (all === jobs.length > 0)
    throw new FjrError('usage', all ? `either jobs or ${flag}, not both` : 'no job named', {
      hint: `name jobs, or use ${flag}`,
    });
}

/** Options of `fjr run` that are followed by a value. */
const valued =
  /^(-p|-j|--(project|exe|parameters|repeat|inputs|resume|metrics|jobs|timeout|retries|priority|nice))$/;

/**
 * What follows the command of `fjr run` is the command's own: `fjr run mkdir -p {}` passes no -p to fjr. A file that is
 * run is no command.
 */
function shieldCommand(argv: readonly string[]): string[] {
  const run = argv.findIndex((word, index) => word === 'run' && !valued.test(argv[index - 1] ?? ''));
  if (
    run < 0 ||
    argv.slice(0, run).some((word, index) => !word.startsWith('-') && !valued.test(argv[index - 1] ?? ''))
  )
    return [...argv];
  let index = run + 1;
  while (argv[index]?.startsWith('-') === true && argv[index] !== '--')
    index += valued.test(argv[index] ?? '') ? 2 : 1;
  return argv[index] === '--' || isRunFile(argv[index] ?? '')
    ? [...argv]
    : [...argv.slice(0, index), '--', ...argv.slice(index)];
}

/** `:::` starts a list of inputs; whatever stands there is an input, options included. */
function splitInputs(argv: readonly string[]): { own: string[]; lists: string[][] } {
  const first = argv.indexOf(':::');
  if (first < 0) return { own: shieldCommand(argv), lists: [] };
  const lists: string[][] = [];
  for (const word of argv.slice(first)) {
    if (word === ':::') lists.push([]);
    else lists.at(-1)?.push(word);
  }
  return { own: shieldCommand(argv.slice(0, first)), lists };
}

interface RunArguments {
  command?: string[] | undefined;
  exe?: string | undefined;
  parameters?: string | undefined;
  repeat?: string | undefined;
  inputs?: string | undefined;
  jobs?: string | undefined;
  project: string;
  'keep-order': boolean;
  timeout: string | undefined;
  retries: string | undefined;
  priority: string | undefined;
  nice: string | undefined;
}

/** `fjr run fjr.yaml`: one word that names a file to be run which is there. */
function fanOutFileOf(
  args: { command?: string[] | undefined; exe?: string | undefined },
  lists: string[][],
): string | undefined {
  const words = [...(args.command ?? []), ...((args as { '--'?: unknown[] })['--'] ?? []).map(String)];
  const [file = ''] = words;
  const isAlone = words.length === 1 && lists.length === 0 && args.exe === undefined;
  return isAlone && isRunFile(file) ? file : undefined;
}

/** A fan-out file, or a manifest. */
function isRunFile(word: string): boolean {
  return /\.ya?ml$/i.test(word) && existsSync(word);
}

function ownOptions(argv: readonly string[]): readonly string[] {
  return argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
}

async function readRun(args: RunArguments, lists: string[][], own: readonly string[]): Promise<RunOptions> {
  const { readInputs } = await import('./run.js');
  const words = [...(args.command ?? []), ...((args as { '--'?: unknown[] })['--'] ?? []).map(String)];
  if (args.exe !== undefined && words.length > 0)
    throw new FjrError('usage', 'either --exe or a command, not both', { hint: 'fjr run --help' });
  if (args.exe === undefined && words.length === 0)
    throw new FjrError('usage', 'please specify an executable command', {
      hint: "fjr run --exe 'gzip -9 $1' --parameters a.txt,b.txt",
    });
  if (args.repeat !== undefined && args.parameters !== undefined)
    throw new FjrError('usage', 'only one of --repeat and --parameters can be set at a time');
  const template = args.exe === undefined ? words : [args.exe];
  const repeat = args.repeat === undefined ? undefined : wholeArgument('--repeat', args.repeat, 1);
  const inputs =
    args.parameters === undefined
      ? await readInputs({
          lists,
          file: args.inputs,
          template: args.exe === undefined ? template : [],
          repeat,
        })
      : args.parameters.split(',').map((item) => item.split('#').map((value) => value.trim()));
  return {
    project: ownOptions(own).some((word) => /^(-p|--project)/.test(word)) ? args.project : undefined,
    template,
    style: args.exe === undefined ? ('parallel' as const) : ('shell' as const),
    inputs,
    workers: args.jobs === undefined ? thisHost().cpus : workersArgument('--jobs', args.jobs),
    keepOrder: args['keep-order'],
    settings: readSettings(args),
  };
}
