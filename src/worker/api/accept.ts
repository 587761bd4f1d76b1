import { JobFileError } from '../../job/settings.js';
import { FjrError } from '../../job/fjr-error.js';
import { type Job, plainNeeds } from '../../job/job.js';
import { jobFileLimit, readJob } from '../../job/read-job.js';
import { parseEntryName, tokenOf, withToken } from '../../queue/entry-name.js';
import { newToken } from '../../queue/token.js';
import { Refused } from './api-client.js';
import { itemVariables } from '../launch.js';
import type { Engine } from './engine.js';
import type { Execution, JoinedWorld } from './joined-world.js';
import { type Containers, jobScript } from './job-script.js';
import { type FjrJob, type Item, type JobSpecs, JobSpecsError, readJobSpecs } from './job-specs.js';
import { SliceHere } from './slice-here.js';
import { outputsNamed } from './outputs.js';
import type { Room, Share, Taking } from './room.js';

/** It could be run here, but not now. */
export class NoRoom extends Error {}

/** How jobs of a DECODE server become containers. */
export interface ContainerUse {
  readonly engine: Engine;
  readonly containers: Containers;
  /** PATH_BASE, as the engine knows it. */
  readonly hostBase: string;
}

export interface AcceptOptions {
  readonly world: JoinedWorld;
  readonly room: Room;
  /** Undefined: there are no containers here, and commands are run as they are. */
  readonly containerUse: ContainerUse | undefined;
  readonly labels: readonly string[];
}

/** A job for which there is room. */
export interface Accepted {
  readonly execution: Execution;
  readonly share: Share;
}

/** Bytes of the longest script that is a job file. */
const longestScript = 64 * 2 ** 20;

/** Makes of what a server says an execution, and takes what it needs. Throws JobSpecsError for what cannot be run here. */
export async function acceptJob(
  options: AcceptOptions,
  id: string,
  value: unknown,
  signal: AbortSignal,
): Promise<Accepted> {
  const specs = readJobSpecs(value);
  return specs.fjr === undefined
    ? acceptDecodeJob(options, id, specs)
    : acceptJobFile(options, id, specs, specs.fjr, signal);
}

function acceptDecodeJob(options: AcceptOptions, id: string, specs: JobSpecs): Accepted {
  const { world, containerUse } = options;
  const { workplace } = world;
  const share = takeRoom(options, specs, {
    cpus: Math.ceil(specs.cpus ?? 1),
    memory: specs.memory * 2 ** 20,
    gpus: specs.gpu === undefined ? 0 : 1,
  });
  const name = workplace.nameOf(id);
  const token = newToken();
  const script = scriptOf(options, specs, share, name, `fjr-${token}`);
  const execution: Execution = {
    id,
    specs,
    entry: withToken(`${name}.sh`, token),
    executable: true,
    holdsItems: false,
    place: { directory: `${workplace.base}/${name}`, gpus: share.gpus, env: {} },
    jobFile: () => script,
    getImage: async (signal) => {
      if (containerUse !== undefined && specs.image !== undefined)
        await containerUse.engine.pull(specs.image, signal);
    },
    removeByForce: async () => {
      if (containerUse !== undefined && specs.image !== undefined)
        await containerUse.engine.removeDirectory(specs.image, containerUse.hostBase, name);
    },
    slice: undefined,
    ownOutputs: () => Promise.resolve([]),
  };
  return { execution, share };
}

function scriptOf(
  { world, room, containerUse }: AcceptOptions,
  specs: JobSpecs,
  share: Share,
  directory: string,
  name: string,
): string {
  try {
    return jobScript({
      ...{ specs, share, name },
      gpuNames: share.gpus.map((gpu) => room.machine.gpus[gpu]?.name ?? String(gpu)),
      cpus: room.machine.cpus,
      hostDirectory: `${containerUse?.hostBase ?? world.workplace.base}/${directory}`,
      containers: containerUse?.containers,
    });
  } catch (error) {
    room.release(share);
    throw error;
  }
}

async function acceptJobFile(
  options: AcceptOptions,
  id: string,
  specs: JobSpecs,
  fjr: FjrJob,
  signal: AbortSignal,
): Promise<Accepted> {
  const { world, labels } = options;
  const { workplace, trees } = world;
  const { entry, executable, outputs, project, worker, items, run } = fjr;
  if (tokenOf(entry) === undefined || entry.includes('/'))
    throw new JobSpecsError(`meta.fjr.entry is ${JSON.stringify(entry)} (expected the name of an entry)`);
  const content = await fetchJobFile(world, fjr, signal);
  const job = readJobFile(entry, content, fjr);
  const strange = job.needs.labels.find((label) => !labels.includes(label));
  if (strange !== undefined)
    throw new JobSpecsError(`it asks for the label "${strange}", which this worker has not`);
  const { cpus, memory, gpus } = job.needs;
  const share = takeRoom(options, specs, { cpus, memory, gpus });
  const slice = sliceOf(world, job, fjr);
  const execution: Execution = {
    id,
    specs,
    slice,
    entry: slice?.entry ?? entry,
    executable,
    holdsItems: items.length > 0,
    place: {
      directory: `${workplace.base}/${workplace.nameOf(id)}`,
      gpus: share.gpus,
      env: {
        ...specs.env,
        ...itemVariables(valuesByPool(items)),
        ...(run === undefined ? {} : { FJR_JOB: run.name }),
        ...(project === undefined ? {} : { FJR_PROJECT: project }),
        ...(worker === undefined ? {} : { FJR_WORKER_ID: worker }),
      },
    },
    jobFile: () => slice?.content ?? content,
    getImage: () => Promise.resolve(),
    removeByForce: () => Promise.resolve(),
    ownOutputs: async (logs) => [
      ...(await outputsNamed(trees, workplace.base, workplace.nameOf(id), outputs)),
      ...logs.map(([stream, path]) => {
        const [top = '', below = '', name = ''] = splitPath(path);
        return { type: 'log' as const, top, below, name, directory: '', fileName: stream };
      }),
    ],
  };
  return { execution, share };
}

function valuesByPool(items: readonly Item[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { pool, value } of items) values.set(pool, [...(values.get(pool) ?? []), value]);
  return values;
}

/** `/a/b/c/d` → `/a/b`, `c`, `d`. */
function splitPath(path: string): string[] {
  const parts = path.split('/');
  return [parts.slice(0, -2).join('/'), ...parts.slice(-2)];
}

function takeRoom({ room }: AcceptOptions, { gpu }: JobSpecs, taking: Taking): Share {
  const kind = taking.gpus === 0 ? undefined : gpu;
  const obstacle = room.obstacle(taking, kind);
  if (obstacle !== undefined) throw new JobSpecsError(obstacle);
  const share = room.take(taking, kind);
  if (share === undefined) throw new NoRoom('the GPUs that it needs are in use by now');
  return share;
}

async function fetchJobFile(
  { workplace, downloads, files }: JoinedWorld,
  { file }: FjrJob,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const path = workplace.passing();
  try {
    await downloads.fetch(file, path, signal);
    const size = files.size(path) ?? 0;
    if (size > longestScript)
      throw new JobSpecsError(`its job file has ${size} bytes, more than ${longestScript}`);
    return files.readFrom(path, 0, size) ?? new Uint8Array();
  } catch (error) {
    if (error instanceof FjrError || error instanceof Refused)
      throw new JobSpecsError(`its job file did not come: ${error.message}`);
    throw error;
  } finally {
    files.call({ op: 'unlink', path });
  }
}

function sliceOf(world: JoinedWorld, { command }: Job, { entry, run, file }: FjrJob): SliceHere | undefined {
  const token = tokenOf(entry);
  if (command.kind !== 'slice' || run === undefined || token === undefined) return undefined;
  return new SliceHere(world, command.slice, run, token, `${file}image.tar`);
}

function readJobFile(entry: string, content: Uint8Array, { kind, executable }: FjrJob): Job {
  const job = tryToRead(entry, content, executable);
  const kinds = kind === 'slice' ? ['slice'] : ['executable', 'script'];
  if (kinds.includes(job.command.kind)) return { ...job, needs: { ...plainNeeds, ...job.needs } };
  throw new JobSpecsError(`a job of the kind ${job.command.kind} cannot be run where nothing is shared`);
}

function tryToRead(entry: string, content: Uint8Array, executable: boolean): Job {
  const head = content.subarray(0, jobFileLimit);
  try {
    return readJob({ name: parseEntryName(entry).job, head, size: content.length, executable });
  } catch (error) {
    if (error instanceof JobFileError) throw new JobSpecsError(error.message);
    throw error;
  }
}
