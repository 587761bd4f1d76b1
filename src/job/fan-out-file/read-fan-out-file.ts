import { refuseTaken, variablesOfTasks } from './columns.js';
import type { FanOutPlan } from './plan.js';
import { planChecked } from './plan-checked.js';
import { planInput } from './plan-input.js';
import { planCommand, planDocker, planFailures, planJob } from './plan-job.js';
import { ResourcePlanner } from './plan-resources.js';
import { planLogFiles, planWorkers } from './plan-workers.js';
import type { Report } from './report.js';
import { type FanOutFileConfig, fanOutFileSchema } from './schema.js';
import type { FanOutFileWorld } from './world.js';
import { type YamlTree, readYamlTree } from './yaml-tree.js';
import { secretsOf } from './secrets.js';

/**
 * Reads a fan-out file: `fjr.yaml`. Carries out its templates, and opens the files it names as far as the plan needs
 * them: hosts and pool items whole, inputs only for their columns. Throws FanOutFileError with all that is wrong.
 */
export function readFanOutFile(text: string, fileName: string, world: FanOutFileWorld): FanOutPlan {
  return planFanOutFile(readYamlTree(text, world), fileName, world);
}

/** The same for a text that is read as YAML already. */
export function planFanOutFile(tree: YamlTree, fileName: string, world: FanOutFileWorld): FanOutPlan {
  return planChecked(tree, fileName, fanOutFileSchema, (config, report) =>
    makePlan(config, world, report, tree),
  );
}

function makePlan(
  config: FanOutFileConfig,
  world: FanOutFileWorld,
  report: Report,
  tree: YamlTree,
): FanOutPlan {
  const resources = new ResourcePlanner(world, report);
  const plan: FanOutPlan = {
    name: config.name,
    command: config.command === undefined ? undefined : planCommand(config.command),
    docker: planDocker(config.docker),
    input: planInput(config.input, world, report),
    job: planJob(config),
    workers: planWorkers(config.workers, world, report),
    logFiles: planLogFiles(config.workers),
    workerResources: resources.plan('worker_resources', config.worker_resources),
    taskResources: resources.plan('task_resources', config.task_resources),
    maxFailures: planFailures(config),
    failFast: config.fail_fast === true,
    shards: config.shards,
    secrets: secretsOf(tree, config.docker?.registry?.password),
  };
  checkVariables(plan, report);
  return plan;
}

/** A variable that fjr sets would be set twice, and only one of the values could win. */
function checkVariables(
  { input, workerResources, taskResources, job, docker }: FanOutPlan,
  report: Report,
): void {
  const taken = variablesOfTasks({
    columns: input.columns,
    workerResources: workerResources.map(({ name }) => name),
    taskResources: taskResources.map(({ name }) => name),
  });
  refuseTaken(report, ['env'], job.env, taken);
  refuseTaken(report, ['docker', 'environment'], docker?.environment ?? {}, taken);
}
