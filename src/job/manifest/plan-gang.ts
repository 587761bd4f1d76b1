import type { Report } from '../fan-out-file/report.js';
import type { Gang, RankType } from '../gang.js';
import { type Needs, plainNeeds } from '../job.js';
import type { ManifestConfig } from './schema.js';

type Spec = ManifestConfig['spec'];
type TypeConfig = Spec['types'][string];

const gigabyte = 2 ** 30;
/** Ranks of one manifest. */
const mostRanks = 10_000;

export function planGang(spec: Spec, report: Report): Omit<Gang, 'port'> {
  const types = Object.entries(spec.types).map(([name, config]) => rankType(name, config, spec));
  checkNames(types, report);
  checkSize(types, report);
  if (spec.operator === 'tf') refuseCompletions(spec, report);
  return { operator: spec.operator, failure: spec.failure ?? 'fail-all', types };
}

function rankType(name: string, config: TypeConfig, spec: Spec): RankType {
  const { count, completions = 1, parallelisms = 1 } = config;
  const shm = config.resources.shmSizeGB ?? 0;
  return {
    name,
    count,
    completions,
    parallelism: Math.min(parallelisms, completions),
    needs: needsOf(config, spec),
    shm: shm > 0 ? Math.round(shm * gigabyte) : undefined,
  };
}

function needsOf({ resources }: TypeConfig, { timeout, labels = [], portable = false }: Spec): Needs {
  const { cpus, ramRatio, shmSizeGB = 0, accelerators } = resources;
  const { count: gpus = 0, product } = accelerators?.gpu ?? {};
  return {
    ...plainNeeds,
    cpus,
    // What lies in /dev/shm is part of a container's memory: more of it than that could not be used.
    memory: Math.round(Math.max(cpus * ramRatio, shmSizeGB) * gigabyte),
    gpus,
    labels: gpus > 0 && product !== undefined ? [...new Set([...labels, product])] : labels,
    seconds: timeout ?? 0,
    ...(portable ? { portable } : {}),
  };
}

/** What is enough for each of them. */
export function mostNeeded(types: readonly RankType[]): Needs {
  const needs = types.map((type) => type.needs);
  const most = (of: (one: Needs) => number): number => Math.max(...needs.map(of));
  return {
    ...plainNeeds,
    cpus: most(({ cpus }) => cpus),
    memory: most(({ memory }) => memory),
    gpus: most(({ gpus }) => gpus),
    labels: [...new Set(needs.flatMap(({ labels }) => labels))],
    seconds: most(({ seconds }) => seconds),
    ...(needs.every(({ portable }) => portable === true) ? { portable: true } : {}),
  };
}

/** TensorFlow knows types by their names in lower case. */
function checkNames(types: readonly RankType[], report: Report): void {
  const names = new Map<string, string>();
  for (const { name } of types) {
    const other = names.get(name.toLowerCase());
    if (other !== undefined)
      report.key(
        ['spec', 'types', name],
        `the name differs from ${other} in case alone`,
        'give each type a name of its own',
      );
    names.set(name.toLowerCase(), name);
  }
}

function checkSize(types: readonly RankType[], report: Report): void {
  const ranks = types.reduce((sum, { count, completions }) => sum + count * completions, 0);
  if (ranks > mostRanks)
    report.key(
      ['spec', 'types'],
      `these are ${ranks} ranks`,
      `at most ${mostRanks} run together; an fjr.yaml takes as many tasks as you like`,
    );
}

function refuseCompletions({ types }: Spec, report: Report): void {
  for (const [name, config] of Object.entries(types))
    for (const key of ['completions', 'parallelisms'] as const)
      if (config[key] !== undefined)
        report.key(
          ['spec', 'types', name, key],
          'operator tf has none',
          'say operator: jobset, or leave it out',
        );
}
