import { refuseTaken, variablesOfTasks } from '../fan-out-file/columns.js';
import { planChecked } from '../fan-out-file/plan-checked.js';
import { planCommand } from '../fan-out-file/plan-job.js';
import type { Report } from '../fan-out-file/report.js';
import { isMap } from '../fan-out-file/schema-parts.js';
import type { FanOutFileWorld } from '../fan-out-file/world.js';
import type { YamlTree } from '../fan-out-file/yaml-tree.js';
import type { FanOut } from '../fan-out.js';
import { type RankType, rankVariables } from '../gang.js';
import { jobDefaults } from '../job.js';
import type { ManifestPlan } from './plan.js';
import { mostNeeded, planGang } from './plan-gang.js';
import { planImage } from './plan-image.js';
import { type ManifestConfig, manifestSchema } from './schema.js';

/** Retries of a rank, where ranks are tried again at all. */
const usualRetries = 3;

/** Whether a file is meant to be a manifest: by keys that no `fjr.yaml` has. */
export function looksLikeManifest({ value }: Pick<YamlTree, 'value'>): boolean {
  return isMap(value) && ['kind', 'apiVersion', 'spec'].some((key) => Object.hasOwn(value, key));
}

/**
 * Reads a manifest of ranks. Of the files it names, it looks whether they are there. Throws FanOutFileError with all that
 * is wrong.
 */
export function planManifest(
  tree: YamlTree,
  fileName: string,
  world: FanOutFileWorld,
  { containers }: { readonly containers: boolean },
): ManifestPlan {
  return planChecked(tree, fileName, manifestSchema, (config, report) => {
    const { spec } = config;
    const gang = planGang(spec, report);
    refuseMisplaced(spec, report);
    const image = planImage(config, world, report, containers);
    return {
      gang,
      command: planCommand(spec.command),
      job: planJob(spec, gang.types, image.context),
      ...image,
      secrets: tree.secrets,
    };
  });
}

function planJob(spec: ManifestConfig['spec'], types: readonly RankType[], workdir: string): FanOut['job'] {
  const { timeout, failure, retries, retryDelay, priority, nice, env } = spec;
  return {
    timeout,
    retries: failure === 'retry-rank' ? (retries ?? usualRetries) : 0,
    retryDelay: retryDelay ?? jobDefaults.retryDelay,
    priority: priority ?? jobDefaults.priority,
    nice: nice ?? jobDefaults.nice,
    needs: mostNeeded(types),
    workdir,
    env: env ?? {},
  };
}

/** What is well formed, and would do nothing where it stands. */
function refuseMisplaced(spec: ManifestConfig['spec'], report: Report): void {
  for (const key of ['retries', 'retryDelay'] as const)
    if (spec[key] !== undefined && spec.failure !== 'retry-rank')
      report.key(['spec', key], 'no rank is tried again', 'say failure: retry-rank, or leave it out');
  if (spec.tensorboard?.enabled === true)
    report.key(['spec', 'tensorboard', 'enabled'], 'fjr starts no TensorBoard', 'say false, or leave it out');
  if (spec.debug?.jupyter === true)
    report.key(['spec', 'debug', 'jupyter'], 'fjr starts no Jupyter', 'say false, or leave it out');
  const taken = variablesOfTasks({ columns: [], workerResources: [], taskResources: [] });
  refuseTaken(report, ['spec', 'env'], spec.env ?? {}, new Set([...taken, ...rankVariables]));
}
