import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { remove } from 'fs-extra/esm';
import { type FanOut, type Shard, type SshWorkers, type TaskInput, runLabel } from '../job/fan-out.js';
import type { FanOutPlan, ResourcePlan } from '../job/fan-out-file/plan.js';
import { hiddenValues, redact } from '../job/fan-out-file/secrets.js';
import { FjrError } from '../job/fjr-error.js';
import { type RunFilePlan, readRunFile } from '../job/read-run-file.js';
import { parseEntryName } from '../queue/entry-name.js';
import { type FanOutPaths, fanOutSuffix } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { dropPool } from '../queue/pool.js';
import { type Submitted, fanOutDraft, submitFanOut } from '../queue/submit-fan-out.js';
import { type Token, newToken } from '../queue/token.js';
import { expandHome } from '../worker/launch.js';
import { buildImage } from './build-image.js';
import { filesFor, userHome } from './compose.js';
import { worldOf } from './fan-out-world.js';
import { tellDispatcher } from './hint-line.js';
import { plannedGang } from './manifest-door.js';
import { type PlannedRun, outputCap } from './planned-run.js';
import { addItems } from './pool.js';
import type { Project } from './project.js';
import { splitInputs } from './shards.js';

export interface PlanOptions {
  /** Its name; undefined: as the file says, or after the file. */
  readonly name?: string | undefined;
  /** Where relative paths begin; undefined: where the file is. */
  readonly directory?: string | undefined;
  /** What it is called by among all runs; undefined: something new. */
  readonly id?: string | undefined;
  /** Whether a manifest's ranks may have containers. */
  readonly containers: boolean;
}

/** Reads a fan-out file or a manifest, with all that it names. `-` is standard input. Throws FjrError. */
export function planRun(
  project: Project,
  file: string,
  { directory = dirname(resolve(file)), id = newToken(), ...options }: PlanOptions,
): PlannedRun {
  const world = worldOf(directory, { id, project: project.name });
  const { kind, plan } = readRunFile(readText(file), file, world, options);
  // In the queue its name may hold a token.
  const stem = file === '-' ? 'run' : parseEntryName(basename(file)).job.replace(/\.ya?ml$/i, '');
  const named = (name = stem): string => `${options.name ?? name}-${id}${fanOutSuffix}`;
  const shown = redact(describeCommand(plan), plan.secrets);
  if (kind === 'manifest') return plannedGang(plan, { id, name: named(), shown });
  if (!options.containers)
    throw new FjrError('usage', `--no-container goes with manifests, and ${file} is none`, {
      hint: 'leave out "docker" in the file',
    });
  refuseFarLists(plan, file);
  return plannedFanOut(plan, { id, name: named(plan.name), shown, file, directory });
}

function plannedFanOut(
  plan: FanOutPlan,
  {
    id,
    name,
    shown,
    file,
    directory,
  }: Readonly<Record<'id' | 'name' | 'shown' | 'file' | 'directory', string>>,
): PlannedRun {
  const { command, docker, input, job, workers, secrets, maxFailures, failFast, logFiles } = plan;
  const pools = poolsOf(plan, id, file);
  const ssh = sshOf(plan, file);
  return {
    name,
    what: {
      id,
      command,
      container: docker,
      ssh,
      shown,
      hidden: hiddenValues(plan.secrets),
      columns: input.columns,
      job: {
        ...job,
        // A directory of this host means nothing on others.
        workdir: ssh === undefined ? (job.workdir ?? process.cwd()) : job.workdir,
        needs: {
          ...job.needs,
          labels: ssh === undefined ? job.needs.labels : [runLabel(id)],
          resources: pools.map(({ pool }) => ({ pool, count: 1 })),
        },
      },
      pools,
      outputCap,
      maxFailures: maxFailures?.kind === 'tasks' ? maxFailures.tasks : undefined,
      maxFailureShare: maxFailures?.kind === 'share' ? maxFailures.share : undefined,
      failFast,
      logFiles: logFiles && {
        ...logFiles,
        directory: resolve(directory, expandHome(logFiles.directory, homedir())),
      },
    },
    inputs: input.inputs,
    split: plan.shards === undefined ? undefined : { source: input, shards: plan.shards },
    workers,
    leastWorkers: 1,
    resources: [...plan.taskResources, ...plan.workerResources],
    build: undefined,
    secrets,
  };
}

/** What a task of a run begins from: its input, or the piece of the inputs that it is. */
export type Task = TaskInput | Shard;

/** Leaves out tasks of a run. */
type Choose = (tasks: Iterable<Task>, what: PlannedRun['what']) => Iterable<Task>;

/**
 * Puts a run into the queue, once its image is made, without those tasks that `choose` leaves out. Returns how many tasks
 * it has.
 */
export async function beginRun(
  project: Project,
  run: PlannedRun,
  choose: Choose = (tasks) => tasks,
): Promise<number> {
  const { name, resources } = run;
  const token = newToken();
  const what = await withImage(project, run, fanOutDraft(project.layout, token));
  for (const { pool, own, name: called } of what.pools) {
    const resource = resources.find((one) => own && one.name === called);
    if (resource?.kind === 'items') addItems(project, pool, resource.items);
  }
  let submitted: Submitted;
  try {
    submitted = submitTasks(project, { ...run, what }, choose, token);
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

/** The image lies with the run: where that can be read, the image can be loaded, and both go together. */
async function withImage(
  project: Project,
  { what, build }: PlannedRun,
  draft: FanOutPaths,
): Promise<PlannedRun['what']> {
  if (build === undefined || what.container === undefined) return what;
  filesFor(project).ensureDirectory(draft.directory);
  try {
    return { ...what, container: { ...what.container, image: buildImage(build, draft.image) } };
  } catch (error) {
    await remove(draft.directory);
    throw error;
  }
}

function submitTasks(
  project: Project,
  { name, what, inputs, split }: PlannedRun,
  choose: Choose,
  token: Token,
): Submitted {
  const submit = (facts: PlannedRun['what'], tasks: Iterable<Task>): Submitted =>
    perform(filesFor(project), submitFanOut(project.layout, name, facts, choose(tasks, facts), token));
  if (split === undefined) return submit(what, inputs);
  const { shards, count, listed, close } = splitInputs(split.source, split.shards, what.ssh === undefined);
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

function describeCommand(plan: RunFilePlan['plan']): string {
  const { command } = plan;
  const container = 'gang' in plan ? plan.container : plan.docker;
  const line = command === undefined ? '' : command.kind === 'shell' ? command.line : command.argv.join(' ');
  return container === undefined ? line : `${container.engine} run ${container.image} ${line}`.trimEnd();
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

/** The hosts that do the work, if they are not those of the project's crews. */
function sshOf({ workers, job }: FanOutPlan, file: string): SshWorkers | undefined {
  if (workers.kind !== 'ssh') return undefined;
  if (job.needs.labels.length > 0)
    throw new FjrError('bad-fan-out-file', `${file}: labels stand beside workers.file`, {
      hint: 'its hosts have no labels: name those in it that are meant',
    });
  const { hosts, privateKey, options } = workers;
  return { hosts, options, privateKey: privateKey === undefined ? undefined : keyOf(privateKey, file) };
}

/** Beside a public key, which is no use, lies the private one that is meant. */
function keyOf(written: string, file: string): string {
  const path = resolve(dirname(file), expandHome(written, userHome()));
  const meant = path.replace(/\.pub$/, '');
  const found = existsSync(meant) ? meant : path;
  try {
    accessSync(found, constants.R_OK);
    return found;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FjrError(
      'bad-fan-out-file',
      `${file}: workers.ssh.privateKey: cannot read ${written}: ${code}`,
      {
        hint: `it was looked for as ${found}; leave it out for what ssh finds by itself`,
        cause: error,
      },
    );
  }
}

/** Of a list a shard is a file. That of a range is its bounds, and goes anywhere. */
function refuseFarLists({ workers, shards, input }: FanOutPlan, file: string): void {
  if (workers.kind !== 'ssh' || shards === undefined || input.range !== undefined) return;
  throw new FjrError('bad-fan-out-file', `${file}: shards of a list stand beside workers.file`, {
    hint: 'such a shard is a file of this host, which those hosts cannot read: split a range, or leave out shards',
  });
}
