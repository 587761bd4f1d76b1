/** What goes by the names of an input's columns: variables of the task's. */

import type { KeyPath } from './problems.js';
import type { Report } from './report.js';

/** The variable that holds a column. */
export function inputVariable(column: string): string {
  return `INPUT_${column.toUpperCase().replace(/[^A-Z0-9_]/g, '_')}`;
}

/** What is wrong with a table's columns, if anything is: each must have a variable of its own. */
export function columnFault(columns: readonly string[]): string | undefined {
  const byVariable = new Map<string, string>();
  for (const column of columns) {
    if (column.trim() === '') return 'a column has no name';
    if (column.includes('\0')) return 'the name of a column holds a NUL byte';
    const variable = inputVariable(column);
    const other = byVariable.get(variable);
    if (other !== undefined)
      return other === column
        ? `there are two columns "${column}"`
        : `columns "${other}" and "${column}" would both be ${variable}`;
    byVariable.set(variable, column);
  }
  return undefined;
}

const ownVariables = [
  'INPUT',
  'FJR_INPUT',
  'FJR_TASK_INDEX',
  'FJR_TASK_COUNT',
  'FJR_RUN_ID',
  'FJR_ATTEMPT',
  'FJR_JOB',
  'FJR_PROJECT',
  'FJR_WORKER_ID',
  'FJR_JOB_FILE',
  'FJR_TOKEN',
  'FJR_SHARD',
  'FJR_SHARD_COUNT',
  'FJR_SHARD_FILE',
  'FJR_RANGE_START',
  'FJR_RANGE_END',
];

/** Variables that a task gets from fjr, so that a file cannot set them. */
export function variablesOfTasks(of: {
  readonly columns: readonly string[];
  readonly workerResources: readonly string[];
  readonly taskResources: readonly string[];
}): ReadonlySet<string> {
  return new Set([
    ...ownVariables,
    ...of.columns.map(inputVariable),
    ...of.workerResources.map((name) => `WORKER_RESOURCE_${name}`),
    ...of.taskResources.map((name) => `TASK_RESOURCE_${name}`),
  ]);
}

/** A variable that fjr sets would be set twice, and only one of the values could win. */
export function refuseTaken(
  report: Report,
  above: KeyPath,
  variables: Readonly<Record<string, string>>,
  taken: ReadonlySet<string>,
): void {
  for (const name of Object.keys(variables))
    if (taken.has(name)) report.key([...above, name], 'fjr sets this variable itself', 'choose another name');
}
