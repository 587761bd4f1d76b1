import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { remove } from 'fs-extra/esm';
import { type FanOut, type SshWorkers, type TaskInput, runLabel } from '../job/fan-out.js';
import type { FanOutPlan } from '../job/fan-out-file/plan.js';
import { hiddenValues, redact } from '../job/fan-out-file/secrets.js';
import { FjrError } from '../job/fjr-error.js';
import { type RunFilePlan, readRunFile } from '../job/read-run-file.js';
import { fanOutSuffix } from '../queue/fan-out-paths.js';
import { perform } from '../queue/perform.js';
import { fanOutDraft, submitFanOut } from '../queue/submit-fan-out.js';
import { newToken } from '../queue/token.js';
import { expandHome } from '../worker/launch.js';
import { buildImage } from './build-image.js';
import { filesFor, userHome } from './compose.js';
import { worldOf } from './fan-out-world.js';
import { tellDispatcher } from './hint-line.js';
import { plannedGang } from './manifest-door.js';
import { type PlannedRun, outputCap } from './planned-run.js';
import { addItems } from './pool.js';
import type { Project } from './project.js';

/**
 * Reads a fan-out file or a manifest, with all that it names. `-` is standard input. `containers`: whether a manifest's
 * ranks may have any. Throws FjrError.
 */
export function planRun(
  project: Project,
  file: string,
  options: { readonly name?: string | undefined; readonly containers: boolean },
): PlannedRun {
  const id = newToken();
  const { kind, plan } = readRunFile(
    readText(file),
    file,
    worldOf(file, { id, project: project.name }),
    options,
  );
  const stem = file === '-' ? 'run' : basename(file).replace(/\.ya?ml$/i, '');
  const named = (name = stem): string => `${options.name ?? name}-${id}${fanOutSuffix}`;
  const shown = redact(describeCommand(plan), plan.secrets);
  if (kind === 'manifest') return plannedGang(plan, { id, name: named(), shown });
  if (!options.containers)
    throw new FjrError('usage', `--no-container goes with manifests, and ${file} is none`, {
      hint: 'leave out "docker" in the file',
    });
  refuseUnsupported(plan, file);
  return plannedFanOut(plan, { id, name: named(plan.name), shown, ssh: sshOf(plan, file) });
}

function plannedFanOut(
  plan: FanOutPlan,
  { id, name, shown, ssh }: Pick<FanOut, 'id' | 'shown' | 'ssh'> & { readonly name: string },
): PlannedRun {
  const { command, docker, input, job, workers, taskResources, secrets, maxFailures } = plan;
  const pools = poolsOf(plan, id);
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
    },
    inputs: input.inputs,
    workers,
    leastWorkers: 1,
    resources: taskResources,
    build: undefined,
    secrets,
  };
}

/** Puts a run into the queue, once its image is made; returns how many tasks it has. */
export async function beginRun(
  project: Project,
  run: PlannedRun,
  inputs: Iterable<TaskInput> = run.inputs,
): Promise<number> {
  const { name, resources } = run;
  const token = newToken();
  const what = await withImage(project, run, fanOutDraft(project.layout, token));
  for (const { pool, own, name: called } of what.pools) {
    const resource = resources.find((one) => own && one.name === called);
    if (resource?.kind === 'items') addItems(project, pool, resource.items);
  }
  const submitted = perform(filesFor(project), submitFanOut(project.layout, name, what, inputs, token));
  if (submitted.kind === 'exists')
    throw new FjrError('job-exists', `a job "${name}" waits in project "${project.name}" already`);
  await tellDispatcher(project, [name]);
  return submitted.tasks;
}

/** The image lies with the run: where that can be read, the image can be loaded, and both go together. */
async function withImage(
  project: Project,
  { what, build }: PlannedRun,
  draft: ReturnType<typeof fanOutDraft>,
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
function poolsOf({ taskResources }: FanOutPlan, id: string): FanOut['pools'] {
  return taskResources.map((resource) =>
    resource.kind === 'pool'
      ? { pool: resource.pool, name: resource.name, own: false }
      : { pool: `${resource.name.slice(0, 50)}_${id}`, name: resource.name, own: true },
  );
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

/** What the file may say and this version cannot do is told before anything runs. */
function refuseUnsupported(plan: FanOutPlan, file: string): void {
  const { logFiles, workerResources, shards } = plan;
  if (logFiles !== undefined) throw unsupported(file, 'workers.logs', 'fjr logs shows what tasks print');
  if (workerResources.length > 0) throw unsupported(file, 'worker_resources', 'use task_resources');
  if (shards !== undefined) throw unsupported(file, 'shards', 'leave it out: each input is a task');
}

function unsupported(file: string, what: string, hint: string): FjrError {
  return new FjrError('not-supported', `${file}: ${what} is not supported by this version of fjr`, { hint });
}
