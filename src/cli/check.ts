import { existsSync } from 'node:fs';
import { boundsIn, shardsOf } from '../job/fan-out-file/shards.js';
import { FjrError } from '../job/fjr-error.js';
import type { TaskInput } from '../job/fan-out.js';
import { redact } from '../job/fan-out-file/secrets.js';
import { filesFor } from './compose.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { sayGang } from './check-gang.js';
import { planRun } from './fan-out-door.js';
import type { PlannedRun } from './planned-run.js';
import { locateProject } from './project.js';
import { plural, printable, say, sayJson } from './say.js';
import { type Standing, standingOf } from './status.js';

/** Inputs that are shown of a run. */
const shownInputs = 3;

/** What limits how many tasks run at a time, the tightest first. */
interface Limit {
  readonly what: string;
  readonly tasks: number;
}

/** `fjr check fjr.yaml`: reads the file and all that it names, and says what would happen, without doing it. */
export function checkCommand(
  projectName: string,
  file: string,
  { containers, json }: { readonly containers: boolean; readonly json: boolean },
): ExitCode {
  const project = locateProject(projectName);
  const run = planRun(project, file, { containers });
  const isThere = existsSync(project.layout.jobqueue);
  const standing = isThere ? standingOf(project, filesFor(project)) : { crews: [], pools: [] };
  if (run.what.gang !== undefined) return sayGang(file, run, run.what.gang, workersIn(standing), json);
  const { tasks, first } = countTasks(run);
  if (tasks === 0)
    throw new FjrError('no-inputs', `${file}: there are no inputs`, { hint: 'look at what "input" names' });
  const limits = limitsOf(run, standing, tasks);
  const { secrets } = run;
  const command = run.what.shown;
  if (json) {
    sayJson({ file, tasks, columns: run.what.columns, command, limits });
    return exitCode.fine;
  }
  say(`${printable(file)} is fine: ${plural(tasks, 'task')}`);
  say(`  command  ${printable(command)}`);
  for (const input of first)
    say(`  input    ${printable(redact(typeof input === 'string' ? input : input.join(' '), secrets))}`);
  if (tasks > first.length) say(`           … and ${tasks - first.length} more`);
  for (const { what, tasks: most } of limits) say(`  at once  ${most}: ${what}`);
  return exitCode.fine;
}

function countTasks({ inputs, split }: PlannedRun): { tasks: number; first: TaskInput[] } {
  if (split === undefined) return countInputs(inputs);
  const { source, shards } = split;
  const all = source.count ?? countInputs(inputs).tasks;
  const first: TaskInput[] = [];
  for (const piece of shardsOf(all, shards)) {
    if (first.length === shownInputs) break;
    first.push(boundsIn(source.range, piece));
  }
  return { tasks: Math.min(all, shards), first };
}

function countInputs(inputs: Iterable<TaskInput>): { tasks: number; first: TaskInput[] } {
  const first: TaskInput[] = [];
  let tasks = 0;
  for (const input of inputs) {
    if (tasks < shownInputs) first.push(input);
    tasks += 1;
  }
  return { tasks, first };
}

/** Crews that work for one run alone do not count. */
function workersIn({ crews }: Pick<Standing, 'crews'>): number {
  return crews.reduce((sum, { file }) => sum + (file.only === undefined ? file.workers : 0), 0);
}

function limitsOf(
  { workers, resources }: PlannedRun,
  standing: Pick<Standing, 'crews' | 'pools'>,
  tasks: number,
): Limit[] {
  const crew =
    workers.kind === 'local'
      ? { what: `workers.local`, tasks: workers.workers }
      : workers.kind === 'ssh'
        ? { what: `hosts of ${workers.path}`, tasks: workers.hosts.length }
        : { what: 'workers of the project’s crews now', tasks: workersIn(standing) };
  const pools = resources.map((resource) => {
    if (resource.kind === 'items') return { what: `items of ${resource.name}`, tasks: resource.items.length };
    const { free = 0, used = 0 } = standing.pools.find(({ name }) => name === resource.pool) ?? {};
    return { what: `items of pool ${resource.pool}`, tasks: free + used };
  });
  return [crew, { what: 'tasks', tasks }, ...pools].sort((a, b) => a.tasks - b.tasks);
}
