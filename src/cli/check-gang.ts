import { type Gang, type RankType, placesOf, worldSize } from '../job/gang.js';
import { type ExitCode, exitCode } from './exit-code.js';
import type { PlannedRun } from './planned-run.js';
import { plural, printable, say, sayJson } from './say.js';

/** What a manifest would do, by the numbers that its ranks would have. */
export function sayGang(file: string, run: PlannedRun, gang: Gang, workers: number, json: boolean): ExitCode {
  const { what, build } = run;
  const { container, shown: command, job } = what;
  const places = [...placesOf(gang)].length;
  if (json) {
    sayJson({
      file,
      operator: gang.operator,
      failure: gang.failure,
      retries: job.retries,
      ranks: worldSize(gang),
      together: places,
      workers,
      command,
      container: container === undefined ? null : { engine: container.engine, image: container.image },
      build: build === undefined ? null : { dockerfile: build.dockerfile, context: build.context },
      directory: job.workdir,
      types: gang.types.map(reportOf),
    });
    return exitCode.fine;
  }
  say(`${printable(file)} is fine: ${plural(worldSize(gang), 'rank')}, told by ${gang.operator}`);
  say(`  command  ${printable(command)}`);
  if (container === undefined) say(`  where    plain processes in ${printable(job.workdir ?? '.')}`);
  else if (build === undefined)
    say(`  image    ${printable(container.image)}, pulled by ${container.engine}`);
  else
    say(`  image    ${printable(build.name)}, built by ${build.engine} from ${printable(build.dockerfile)}`);
  for (const type of gang.types) say(`  type     ${describeType(type)}`);
  say(`  failure  ${describeFailure(gang, job.retries)}`);
  say(`  at once  ${places}, all or none: the project’s crews have ${plural(workers, 'worker')} now`);
  return exitCode.fine;
}

function reportOf({ name, count, completions, parallelism, needs, shm }: RankType): unknown {
  const { cpus, memory, gpus, labels } = needs;
  return {
    name,
    count,
    completions,
    parallelisms: parallelism,
    cpus,
    memory,
    gpus,
    shm: shm ?? null,
    labels,
  };
}

function describeType({ name, count, completions, parallelism, needs, shm }: RankType): string {
  const few = parallelism < completions ? `, ${parallelism} at a time` : '';
  const ranks = completions === 1 ? plural(count, 'rank') : `${count} × ${plural(completions, 'rank')}${few}`;
  const { cpus, memory, gpus, labels } = needs;
  const each = [
    plural(cpus, 'CPU'),
    `${inGigabytes(memory)} of memory`,
    ...(shm === undefined ? [] : [`${inGigabytes(shm)} of it shared`]),
    ...(gpus === 0 ? [] : [plural(gpus, 'GPU')]),
    ...labels.map((label) => `label ${label}`),
  ];
  return `${name}: ${ranks}, each with ${each.join(', ')}`;
}

function inGigabytes(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toFixed(3))} GB`;
}

function describeFailure({ failure }: Gang, retries: number): string {
  switch (failure) {
    case 'fail-all':
      return 'fail-all: when one rank fails, the others are stopped';
    case 'ignore':
      return 'ignore: when one rank fails, the others go on';
    case 'retry-rank':
      return `retry-rank: one that fails is tried again, ${retries === 1 ? 'once' : `${retries} times`}`;
  }
}
