import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { DispatcherEvent } from '../dispatcher/dispatcher-event.js';
import { Dispatcher } from '../dispatcher/dispatcher.js';
import { type LeaseWatch, watchLease } from '../dispatcher/lease-watch.js';
import type { Order } from '../dispatcher/waiting-job.js';
import { FjrError } from '../job/fjr-error.js';
import { newToken } from '../queue/token.js';
import type { HintLine } from '../queue/hint.js';
import { type LockOptions, type LockOwner, breakLock, takeLock } from '../system/lock.js';
import { isHelp, numberArgument, parser } from './arguments.js';
import { clock, doorbells, filesFor, paceFor, thisHost, uid } from './compose.js';
import { DispatcherVoice } from './dispatcher-voice.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { fireAll } from './fire-everywhere.js';
import { openHintLine } from './hint-line.js';
import { type Project, findProject, openProject } from './project.js';
import { remark, say } from './say.js';
import { sayStatus } from './status.js';

interface Options {
  readonly interval: number;
  readonly keepRunning: boolean;
  readonly callback: string | undefined;
  readonly order: Order;
  readonly standby: boolean;
  readonly fsync: boolean;
}

/** `fjr-dispatcher`: pairs jobs with workers until nothing is left to do. */
export async function dispatcher(argv: readonly string[]): Promise<ExitCode> {
  const args = await parser('fjr-dispatcher', argv)
    .usage(
      '$0 [options]\n\nPairs waiting jobs with idle workers until all have finished, then fires the workers.',
    )
    .option('interval', { type: 'string', default: '1', describe: 'Seconds between two sweeps of the queue' })
    .option('keep-running', {
      type: 'boolean',
      default: false,
      describe: 'Wait for further jobs instead of ending',
    })
    .option('callback', { type: 'string', describe: 'A command line to run at the end, after firing' })
    .option('status-only', {
      alias: 'status_only',
      type: 'boolean',
      default: false,
      describe: 'Show how things stand, and end',
    })
    .option('json', { type: 'boolean', default: false, describe: '--status-only: print JSON' })
    .option('order', {
      choices: ['natural', 'oldest', 'newest', 'random'] as const,
      default: 'natural' as const,
      describe: 'Which goes first among jobs of equal priority',
    })
    .option('standby', { type: 'boolean', default: false, describe: 'Wait for the lock, and take over' })
    .option('fsync', {
      type: 'boolean',
      default: false,
      describe: 'Survive power cuts, at about 1 ms per job',
    })
    .option('end_when_jobs_are_done', { type: 'boolean', hidden: true })
    .option('end_on_empty_queue', { type: 'boolean', hidden: true })
    .example('$0 --project sweep', 'Run everything in the queue of "sweep"')
    .example('$0 --keep-running', 'A service: wait for jobs for ever')
    .example("$0 --callback 'mail -s done me'", 'Say so at the end')
    .parseAsync();
  if (isHelp(argv)) return exitCode.fine;
  if (args['status-only']) return sayStatus(findProject(args.project), args.json);
  const project = openProject(args.project);
  // What 100,000 waiting jobs take is 25 MB; left alone, the collector lets five times as much garbage gather beside it.
  setFlagsFromString('--heap-growing-percent=30');
  return dispatchLocked(project, {
    interval: numberArgument('--interval', args.interval, 0.01),
    keepRunning: args['keep-running'],
    callback: args.callback,
    order: args.order,
    standby: args.standby,
    fsync: args.fsync,
  });
}

async function dispatchLocked(project: Project, options: Options): Promise<ExitCode> {
  const lock: { lost: () => void } = { lost: () => undefined };
  const id = dispatcherId();
  const hints = await openHintLine(project, id);
  // From here on a signal waits for a good moment: one between a lock's making and its signing would leave it behind.
  const interruption = new Interruption();
  const own: LockOptions = {
    hints: hints?.addresses ?? [],
    onLost: () => {
      lock.lost();
    },
  };
  try {
    const unlock = await waitForLock(project, options.standby, own, interruption);
    if (unlock === undefined) return leave();
    try {
      return await dispatchAll(
        project,
        { ...options, id },
        hints,
        interruption,
        (stop) => (lock.lost = stop),
      );
    } finally {
      await unlock();
    }
  } finally {
    await hints?.close();
  }
}

/** Seconds without a beat after which a dispatcher counts as gone; a file server may well be away for half a minute. */
function patienceFor(project: Project): number {
  return thisHost().isShared(project.layout.root) ? 60 : 30;
}

/**
 * Whoever holds the lock beats. Whether he is gone is judged as for a crew: by looks on our own clock, all of which saw
 * the same. Only who stands by waits for that. Returns how to give the lock back; undefined: somebody told us to leave.
 */
async function waitForLock(
  project: Project,
  standby: boolean,
  options: LockOptions,
  interruption: Interruption,
): Promise<(() => Promise<void>) | undefined> {
  const path = project.layout.dispatcherLock;
  let watch: LeaseWatch | undefined;
  for (let told = false; ; told = true) {
    const asked = clock.monotonic();
    const lock = await takeLock(path, thisHost(), options);
    if (interruption.asked !== undefined) {
      if (lock.kind === 'mine') await lock.unlock();
      return undefined;
    }
    if (lock.kind === 'mine') return lock.unlock;
    if (!standby) throw takenError(project, lock.owner);
    if (!told)
      say(`[fjr-dispatcher] Another dispatcher works for project "${project.name}"; waiting to take over.`);
    const look = { content: lock.content, asked, answered: clock.monotonic() };
    const judged = watchLease(watch, look, patienceFor(project));
    watch = judged.watch;
    if (judged.stale) {
      say('[fjr-dispatcher] The other dispatcher is silent: taking over.');
      breakLock(path, lock.content);
    } else await setTimeout(1000, undefined, { signal: interruption.signal }).catch(() => undefined);
  }
}

function takenError(project: Project, owner: LockOwner | undefined): FjrError {
  const who = owner === undefined ? '' : ` (process ${owner.pid} on ${owner.host})`;
  return new FjrError('locked', `another dispatcher works for project "${project.name}"${who}`, {
    hint: 'wait for it, or start this one with --standby to take over when it ends or has died',
  });
}

/** Names a dispatcher's journal, and signs its hints. */
export function dispatcherId(): string {
  return `dispatcher-${thisHost().name.replace(/[^A-Za-z0-9-]/g, '_')}-${newToken()}`;
}

/** A dispatcher of a project, with the real system around it. */
export function makeDispatcher(
  project: Project,
  options: {
    id: string;
    interval: number;
    order: Order;
    endWhenDone: boolean;
    fsync: boolean;
    ownsLock?: () => boolean;
  },
  hints: HintLine | undefined,
  report: (event: DispatcherEvent) => void,
): Dispatcher {
  const files = filesFor(project, options.fsync);
  const pace = paceFor(project);
  const { ownsLock = () => true } = options;
  const host = thisHost();
  const system = { files, clock, host, doorbells, random: Math.random, uid, pace, ownsLock, hints };
  return new Dispatcher(system, { layout: project.layout, report, ...options });
}

async function dispatchAll(
  project: Project,
  options: Options & { readonly id: string },
  hints: HintLine | undefined,
  interruption: Interruption,
  onLock: (stop: () => void) => void,
): Promise<ExitCode> {
  say(`[fjr-dispatcher] Started on project "${project.name}"`);
  const voice = new DispatcherVoice(project.name, clock, process.stdout);
  const dispatching = { ...options, endWhenDone: !options.keepRunning };
  const dispatcher = makeDispatcher(project, dispatching, hints, (event) => {
    voice.tell(event);
  });
  onLock(() => {
    remark('[fjr-dispatcher] The lock was lost to another dispatcher: leaving the work to it.');
    dispatcher.stop();
  });
  interruption.signal.addEventListener('abort', () => {
    dispatcher.stop();
  });
  dispatcher.start();
  const how = await dispatcher.ended;
  voice.end(dispatcher.counts());
  if (interruption.asked) return interrupted(project, interruption);
  if (how === 'stopped') return exitCode.locked;
  say('[fjr-dispatcher] No (more) jobs.');
  voice.summarise(dispatcher.counts());
  const fired = await fireAll(project, false);
  const called = await runCallback(options.callback);
  if (dispatcher.counts().failed > 0) return exitCode.someFailed;
  return called === exitCode.fine ? fired : called;
}

/** Ctrl-C and its kin: the dispatcher stops, and leaves everything in good order for the next. */
class Interruption {
  readonly #abort = new AbortController();
  readonly signal = this.#abort.signal;
  asked: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | undefined;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        this.asked ??= signal;
        this.#abort.abort();
      });
  }
}

function leave(): ExitCode {
  say('[fjr-dispatcher] Received Exit signal. Exiting ...');
  return exitCode.interrupted;
}

async function interrupted(project: Project, { asked }: Interruption): Promise<ExitCode> {
  const left = leave();
  if (asked === 'SIGINT' && process.stdin.isTTY && process.stdout.isTTY && (await askToFire(project)))
    await fireAll(project, false);
  return left;
}

async function askToFire(project: Project): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // A second Ctrl-C is an answer, too.
  const abort = new AbortController();
  terminal.on('SIGINT', () => {
    abort.abort();
  });
  try {
    const question = `[fjr-dispatcher] Should I fire all workers in project "${project.name}"? [y|N] `;
    return /^y(es)?$/i.test((await terminal.question(question, { signal: abort.signal })).trim());
  } catch {
    say('');
    return false;
  } finally {
    terminal.close();
  }
}

async function runCallback(command: string | undefined): Promise<ExitCode> {
  if (command === undefined) return exitCode.fine;
  const { execa } = await import('execa');
  const result = await execa('/bin/sh', ['-c', command], { reject: false, stdio: 'inherit' });
  if (!result.failed) return exitCode.fine;
  const how = result.exitCode === undefined ? (result.shortMessage ?? '') : `exit code ${result.exitCode}`;
  remark(`[fjr-dispatcher] The callback failed (${how}): ${command}`);
  return exitCode.failure;
}
