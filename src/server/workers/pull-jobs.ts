import { getConnInfo } from '@hono/node-server/conninfo';
import { environmentPrefix, groupLabel } from '../../job/capacity.js';
import { decodeLabel, megabyte } from '../../job/decode/decode-job.js';
import type { AcceptDesk } from '../accept/submission.js';
import type { Ask } from '../answers.js';
import type { Environment } from '../tokens.js';
import type { JobFiles } from './job-files.js';
import { decodeJobOf, describeJobFile } from './job-specs.js';
import type { Held } from './remote-crew.js';
import type { RemoteCrews, WorkerOffer } from './remote-crews.js';
import type { jobsQuery } from './schemas.js';
import { partsOf, sliceOf } from './slices.js';

type Query = ReturnType<typeof jobsQuery.parse>;

/** What it takes to give out jobs. */
export interface Desks {
  readonly desk: AcceptDesk;
  readonly crews: RemoteCrews;
  readonly files: JobFiles;
}

/** Seconds for which a request for a job may wait. */
export const longestWait = 60;
/** Milliseconds that a dispatcher may take to answer those who do not wait, where it hears of them at once, or not. */
const patience = { local: 1000, shared: 4000 };
/** Labels that a worker must not give itself. */
const reserved = [environmentPrefix, groupLabel('')];

/** Jobs for a worker, by their ids; what it is given is its own from now on. */
export async function pullJobs(
  desks: Desks,
  ask: Ask,
  query: Query,
): Promise<Readonly<Record<string, unknown>>> {
  const { served } = desks.desk;
  const gone = new AbortController();
  const leave = (): void => {
    gone.abort();
  };
  const causes = [ask.req.raw.signal, served.closing];
  for (const cause of causes) cause.addEventListener('abort', leave);
  if (causes.some(({ aborted }) => aborted)) leave();
  try {
    const held: Held[] = [];
    try {
      await pull(desks, ask, query, gone.signal, held);
      if (!ask.req.raw.signal.aborted) return describe(desks, held);
    } catch (error) {
      giveBack(held);
      throw error;
    }
    giveBack(held);
    return {};
  } finally {
    for (const cause of causes) cause.removeEventListener('abort', leave);
  }
}

/** Nobody hears of them. */
function giveBack(held: readonly Held[]): void {
  for (const one of held) one.crew.giveBack(one);
}

/** One after another: as soon as there is one, nobody waits for the next longer than a dispatcher may take. */
async function pull(
  { desk, crews }: Desks,
  ask: Ask,
  query: Query,
  signal: AbortSignal,
  held: Held[],
): Promise<void> {
  const { served } = desk;
  const least = served.isShared ? patience.shared : patience.local;
  const offer = offerOf(query, ask.get('environment'), getConnInfo(ask).remote.address);
  while (held.length < query.limit && !signal.aborted) {
    const wait = held.length === 0 ? Math.min(query.wait ?? 0, longestWait) * 1000 : 0;
    // Nobody waits for a dispatcher's answer if there is nothing that it could give.
    if (wait === 0 && !(await somethingWaits(desk))) break;
    const one = await crews.pull(ask.get('owner'), offer, wait || least, signal);
    if (one === undefined) break;
    held.push(one);
  }
}

async function somethingWaits({ index }: AcceptDesk): Promise<boolean> {
  if (index.counts().waiting > 0) return true;
  await index.refresh();
  return index.counts().waiting > 0;
}

function describe({ desk: { served }, files }: Desks, held: readonly Held[]): Record<string, unknown> {
  const jobs: Record<string, unknown> = {};
  for (const one of held) {
    const decode = decodeJobOf(one);
    const slice = sliceOf(one);
    const now = served.clock.timestamp();
    if (decode !== undefined) jobs[one.id] = decode.submitted.job;
    else if (slice === undefined)
      jobs[one.id] = describeJobFile(one, served.project, files.inputsOf(one), now);
    else {
      const parts = partsOf(served, slice);
      if (parts !== undefined)
        jobs[one.id] = describeJobFile(one, served.project, [], now, { ...parts, run: slice.of });
      // Its run is gone, or was cancelled.
      else one.crew.finishSlice(one, slice, unfinished, { tasks: 0, failed: 0, ms: 0 });
    }
  }
  return jobs;
}

const unfinished = { isComplete: false, isCancelled: false };

function offerOf(query: Query, environment: Environment, address: string | undefined): WorkerOffer {
  const { memory, cpu_cores: cpus, groups, older_than: seconds, instance, fjr } = query;
  const gpuMemory = query.gpu_mem ?? query.gpu_memory ?? 0;
  const { gpu_model: model, gpu_archi: architecture } = query;
  const hasGpu = gpuMemory > 0 || model !== undefined || architecture !== undefined;
  const own = query.labels.filter((label) => !reserved.some((prefix) => label.startsWith(prefix)));
  return {
    ...{ cpus, memory: memory * megabyte, gpus: query.gpus ?? (hasGpu ? 1 : 0) },
    gpu: { memory: gpuMemory * megabyte, model, architecture },
    labels: [decodeLabel, `${environmentPrefix}${environment}`, ...groups.map(groupLabel), ...own],
    ...{ patience: seconds, instance, isOurs: fjr === '1' },
    address: address?.replace(/^::ffff:/, ''),
  };
}
