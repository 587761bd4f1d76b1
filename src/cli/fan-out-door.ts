import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import type { FanOut, Shard, TaskInput } from '../job/fan-out.js';
import type { FanOutPlan, ResourcePlan } from '../job/fan-out-file/plan.js';
import { hiddenValues, redact } from '../job/fan-out-file/secrets.js';
import { readFanOutFile } from '../job/fan-out-file/read-fan-out-file.js';
import { FjrError } from '../job/fjr-error.js';
import { parseEntryName } from '../queue/entry-name.js';
import { fanOutSuffix } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { dropPool } from '../queue/pool.js';
import { type Submitted, submitFanOut } from '../queue/submit-fan-out.js';
import { newToken } from '../queue/token.js';
import { expandHome } from '../worker/launch.js';
import { filesFor } from './compose.js';
import { worldOf } from './fan-out-world.js';
import { tellDispatcher } from './hint-line.js';
import { addItems } from './pool.js';
import type { Project } from './project.js';
import { splitInputs } from './shards.js';

/** Bytes of a stream of one task that are kept. */
const outputCap = 64 * 2 ** 20;

/** A fan-out file that was read: a run that could begin. */
export interface PlannedRun {
  /** What its directory in the queue will be called. */
  readonly name: string;
  readonly id: string;
  readonly plan: FanOutPlan;
  readonly what: Omit<FanOut, 'format' | 'tasks'>;
}

export interface PlanOptions {
  /** Its name; undefined: as the file says, or after the file. */
  readonly name?: string | undefined;
  /** Where relative paths begin; undefined: where the file is. */
  readonly directory?: string | undefined;
  /** What it is called by among all runs; undefined: something new. */
  readonly id?: string | undefined;
}

/** Reads a fan-out file, with all that it names. `-` is standard input. Throws FjrError. */
export function planRun(
  project: Project,
  file: string,
  { name, directory = dirname(resolve(file)), id = newToken() }: PlanOptions = {},
): PlannedRun {
  const plan = readFanOutFile(readText(file), file, worldOf(directory, { id, project: project.name }));
  refuseUnsupported(plan, file);
  const { command, docker, input, job } = plan;
  const pools = poolsOf(plan, id, file);
  // In the queue its name may hold a token.
  const stem = file === '-' ? 'run' : parseEntryName(basename(file)).job.replace(/\.ya?ml$/i, '');
  return {
    name: `${name ?? plan.name ?? stem}-${id}${fanOutSuffix}`,
    id,
    plan,
    what: {
      id,
      command,
      container: docker,
      shown: redact(describeCommand(plan), plan.secrets),
      hidden: hiddenValues(plan.secrets),
      columns: input.columns,
      job: {
        ...job,
        workdir: job.workdir ?? process.cwd(),
        needs: { ...job.needs, resources: pools.map(({ pool }) => ({ pool, count: 1 })) },
      },
      pools,
      outputCap,
      maxFailures: plan.maxFailures?.kind === 'tasks' ? plan.maxFailures.tasks : undefined,
      maxFailureShare: plan.maxFailures?.kind === 'share' ? plan.maxFailures.share : undefined,
      failFast: plan.failFast,
      logFiles: plan.logFiles && {
        ...plan.logFiles,
        directory: resolve(directory, expandHome(plan.logFiles.directory, homedir())),
      },
    },
  };
}

/** What a task of a run begins from: its input, or the piece of the inputs that it is. */
export type Task = TaskInput | Shard;

/** Puts a run into the queue, without those tasks that `choose` leaves out; returns how many tasks it has. */
export async function beginRun(
  project: Project,
  run: PlannedRun,
  choose: (tasks: Iterable<Task>, what: PlannedRun['what']) => Iterable<Task> = (tasks) => tasks,
): Promise<number> {
  const { name, what, plan } = run;
  for (const { pool, own, name: called } of what.pools) {
    const resource = [...plan.taskResources, ...plan.workerResources].find(
      (one) => own && one.name === called,
    );
    if (resource?.kind === 'items') addItems(project, pool, resource.items);
  }
  let submitted: Submitted;
  try {
    submitted = submitTasks(project, run, choose);
  } catch (error) {
    for (const { pool, own } of what.pools)
      if (own) perform(filesFor(project), dropPool(project.layout, pool));
    throw error;
  }
  if (submitted.kind === 'exists')
    throw new FjrError('job-exists', `a job "${name}" waits in project "${project.name}" already`);
  await tellDispatcher(project, [name]);
  return submitted.tasks;
}

function submitTasks(
  project: Project,
  { name, what, plan }: PlannedRun,
  choose: NonNullable<Parameters<typeof beginRun>[2]>,
): Submitted {
  const submit = (facts: PlannedRun['what'], tasks: Iterable<Task>): Submitted =>
    perform(filesFor(project), submitFanOut(project.layout, name, facts, choose(tasks, facts), newToken()));
  if (plan.shards === undefined) return submit(what, plan.input.inputs);
  const { shards, count, listed, close } = splitInputs(plan.input, plan.shards);
  try {
    return submit({ ...what, columns: [], shards: { count, listed } }, shards);
  } finally {
    close();
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FjrError('bad-fan-out-file', `cannot read ${file}: ${code}`, { cause: error });
  }
}

function describeCommand({ command, docker }: FanOutPlan): string {
  const line = command === undefined ? '' : command.kind === 'shell' ? command.line : command.argv.join(' ');
  return docker === undefined ? line : `${docker.engine} run ${docker.image} ${line}`.trimEnd();
}

/** A run's own items are a pool that is called after it. */
function poolsOf({ taskResources, workerResources }: FanOutPlan, id: string, file: string): FanOut['pools'] {
  const poolOf = (resource: ResourcePlan): FanOut['pools'][number] =>
    resource.kind === 'pool'
      ? { pool: resource.pool, name: resource.name, own: false }
      : { pool: `${resource.name.slice(0, 50)}_${id}`, name: resource.name, own: true };
  const pools = [
    ...taskResources.map(poolOf),
    ...workerResources.map((resource) => ({ ...poolOf(resource), kept: true })),
  ];
  const twice = pools.find(({ pool }, index) => pools.findIndex((other) => other.pool === pool) < index);
  if (twice === undefined) return pools;
  throw new FjrError('bad-fan-out-file', `${file}: the pool ${twice.pool} is named twice`, {
    hint: 'a task has one item of a pool: name it once, or make another pool',
  });
}

/** What the file may say and this version cannot do is told before anything runs. */
function refuseUnsupported(plan: FanOutPlan, file: string): void {
  const { workers } = plan;
  if (workers.kind === 'ssh')
    throw unsupported(file, 'workers.file', 'hire on hosts by remote.conf, which share the home directory');
}

function unsupported(file: string, what: string, hint: string): FjrError {
  return new FjrError('not-supported', `${file}: ${what} is not supported by this version of fjr`, { hint });
}
