import { setMaxListeners } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FjrError } from '../job/fjr-error.js';
import { parseMemory } from '../job/quantities.js';
import { shorten } from '../job/shorten.js';
import { makeApp } from '../server/app.js';
import { type Config, readConfig } from '../server/config-file.js';
import { describeFailure } from '../server/describe-failure.js';
import { checkExposure } from '../server/listen-address.js';
import { type Door, openDoor } from '../server/listen.js';
import type { Served, WorkerSettings } from '../server/served.js';
import { ServerPaths } from '../server/server-paths.js';
import type { Store } from '../server/stores/store.js';
import { readCredentials } from '../server/stores/store-settings.js';
import { listTokens } from '../server/tokens.js';
import { openWebhook } from '../server/webhooks/webhook.js';
import { SharedFlushes } from '../system/durable-files.js';
import { listInPieces } from '../system/listing.js';
import { breakLock, takeLock } from '../system/lock.js';
import { mountedStaging } from '../system/staging.js';
import { mountedTrees } from '../system/trees.js';
import { absolute } from '../worker/launch.js';
import { wholeArgument } from './arguments.js';
import { clock, doorbells, filesFor, pageDirectory, paceFor, thisHost, userHome } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { oldServed, readAge } from './gc.js';
import { tellDispatcher } from './hint-line.js';
import { type Project, checkOneFilesystem } from './project.js';
import { removeGarbage } from './served-garbage.js';
import { printable, remark, say } from './say.js';
import { version } from './version.js';

/** As the command line gives them; undefined: it does not say. */
export interface ServeArguments {
  readonly listen: string | undefined;
  readonly port: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly insecureListen: boolean;
  readonly auth: boolean;
  readonly keep: string | undefined;
  readonly config: string | undefined;
  readonly fsync: boolean;
}

/** jobmgr's. */
const defaultPort = 9845;

/** `fjr serve`: opens a project to people and programs that do not share its directory, until it is told to end. */
export async function serveCommand(project: Project, args: ServeArguments): Promise<ExitCode> {
  const { layout, name } = project;
  const config = readConfigFile(project, args.config);
  const door = readDoor(args, config);
  checkExposure({
    ...{ listen: door.listen, tls: door.tls !== undefined },
    ...{ insecure: args.insecureListen, auth: args.auth },
  });
  const keep = args.keep ?? config.keep;
  const keepSeconds = keep === undefined ? undefined : readAge('--keep', keep);
  const closing = new AbortController();
  // Each client that waits listens to it.
  setMaxListeners(0, closing.signal);
  const ends: Promise<void>[] = [];
  const served: Served = {
    layout,
    jobspecs: config.jobSpecs ?? layout.jobspecs,
    page: pageDirectory,
    files: filesFor(project, args.fsync),
    host: thisHost(),
    publicUrl: config.publicUrl === undefined ? undefined : new URL(config.publicUrl),
    ...{ project: name, version, staging: mountedStaging, workers: workerSettings(project, config) },
    resolveDirectory: (workdir) => absolute(workdir ?? '.', process.cwd(), userHome()),
    durable: new SharedFlushes(filesFor(project), args.fsync),
    ...{ trees: mountedTrees, clock, doorbells, pace: paceFor(project), listing: listInPieces },
    isShared: thisHost().isShared(layout.root),
    closing: closing.signal,
    lastly: (task) => ends.push(task),
    webhooks: (config.webhooks ?? []).map((webhook) => openWebhook(webhook, (name) => process.env[name])),
    store: await openStore(config),
    takeLock: (path, onLost) => takeLock(path, thisHost(), { onLost }),
    breakLock,
    writer: `user-${thisHost().name}`,
    tell: (names) => tellDispatcher(project, names),
    remark: (line) => {
      remark(`fjr: ${printable(line)}`);
    },
  };
  // From there jobs come into the queue whose requests may be sent twice.
  served.files.ensureDirectory(layout.server);
  checkOneFilesystem(layout, [layout.server]);
  const open = await openDoor(makeApp(served, args.auth), door);
  const retention = keepSeconds === undefined ? undefined : new Retention(project, served, keepSeconds);
  say(`[fjr] Serving project "${name}" at ${open.url}`);
  if (args.auth && listTokens(served.files, new ServerPaths(layout)).length === 0)
    remark(`hint: nobody has a token yet: fjr --project ${name} token add NAME --scope read,submit`);
  const code = await toldToEnd();
  retention?.stop();
  closing.abort();
  await open.close();
  await Promise.all(ends);
  return code;
}

/** Seconds. */
const shortestLease = 10;

/** As DECODE's server has them. */
function workerSettings({ layout }: Project, { workers = {} }: Config): WorkerSettings {
  const { files = layout.files, lease = '300s', retries = 2, retryDifferent = true } = workers;
  const { uploadLimit = '100GB' } = workers;
  const seconds = readAge('Lease in [Workers]', lease);
  if (seconds < shortestLease)
    throw new FjrError('usage', `Lease in [Workers] is ${lease}`, {
      hint: `expected at least ${shortestLease} s: dispatchers look at heartbeats every second`,
    });
  const bytes = parseMemory(uploadLimit);
  if (bytes === undefined || bytes === 0)
    throw new FjrError('usage', `UploadLimit in [Workers] is ${shorten(uploadLimit)}`, {
      hint: 'expected a size such as 100GB',
    });
  return { files: resolve(layout.root, files), lease: seconds, retries, retryDifferent, uploadLimit: bytes };
}

/** Loaded only where one is configured: the client is large. */
async function openStore({ store }: Config): Promise<Store | undefined> {
  if (store === undefined) return undefined;
  const credentials = readCredentials(store, (name) => process.env[name]);
  // What versions it will not support one day is nothing that people who run jobs can change.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const { S3Store } = await import('../server/stores/s3-store.js');
  return new S3Store(store, credentials);
}

async function toldToEnd(): Promise<ExitCode> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        resolve(signal === 'SIGINT' ? exitCode.interrupted : exitCode.fine);
      });
  });
}

function readDoor(args: ServeArguments, config: Config): Door {
  const port = args.port === undefined ? (config.port ?? defaultPort) : wholeArgument('--port', args.port, 0);
  if (port > 65_535) throw new FjrError('usage', `--port is ${port}`, { hint: 'expected at most 65535' });
  return { listen: args.listen ?? config.listen ?? '127.0.0.1', port, tls: readTls(args) };
}

function readTls({ tlsCert, tlsKey }: ServeArguments): Door['tls'] {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new FjrError('usage', '--tls-cert and --tls-key go together', { hint: 'give both' });
  return { cert: readInput(tlsCert), key: readInput(tlsKey) };
}

/** `config.toml` of the project, if there is one and no other is named. Its paths begin where it lies. */
function readConfigFile({ layout }: Project, named: string | undefined): Config {
  const path = named === undefined ? `${layout.root}/config.toml` : resolve(named);
  if (named === undefined && !existsSync(path)) return {};
  const config = readConfig(readInput(path).toString('utf8'), path, (line) => {
    remark(`fjr: ${printable(line)}`);
  });
  const { jobSpecs } = config;
  return jobSpecs === undefined ? config : { ...config, jobSpecs: resolve(dirname(path), jobSpecs) };
}

function readInput(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FjrError('usage', `cannot read ${path}: ${code}`, { cause: error });
  }
}

/** Milliseconds. Jobs are kept for days: an hour more is nothing. */
const longestPause = 3_600_000;

/** Removes what ended too long ago, at once and then every so often. */
class Retention {
  readonly #project: Project;
  readonly #served: Served;
  readonly #seconds: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(project: Project, served: Served, seconds: number) {
    this.#project = project;
    this.#served = served;
    this.#seconds = seconds;
    void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #round(): Promise<void> {
    try {
      const before = clock.wall() - this.#seconds * 1000;
      for (const path of [...oldServed(this.#project, this.#served.files, before)])
        if (!this.#stopped) await removeGarbage(this.#project, this.#served.files, path);
    } catch (error) {
      // A file server that is away comes back.
      this.#served.remark(describeFailure(error));
    }
    if (this.#stopped) return;
    const pause = Math.min(longestPause, Math.max(1000, this.#seconds * 1000));
    this.#timer = setTimeout(() => void this.#round(), pause);
  }
}
