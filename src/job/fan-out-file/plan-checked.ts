import type * as z from 'zod';
import { FanOutFileError } from './problems.js';
import { Report } from './report.js';
import { schemaProblems } from './schema-problems.js';
import type { YamlTree } from './yaml-tree.js';

/**
 * What a file says, if it fits its schema and `makePlan` reports nothing. Throws FanOutFileError with all that is wrong
 * with its shape, or, if that is fine, with what it means.
 */
export function planChecked<Schema extends z.ZodType, Plan>(
  tree: YamlTree,
  fileName: string,
  schema: Schema,
  makePlan: (config: z.output<Schema>, report: Report) => Plan,
): Plan {
  if (tree.value === undefined) throw new FanOutFileError(fileName, tree.problems);
  const checked = schema.safeParse(tree.value);
  const wrong = [...tree.problems, ...schemaProblems(checked.error?.issues ?? [], tree)];
  if (!checked.success || wrong.length > 0) throw new FanOutFileError(fileName, wrong);
  const report = new Report(tree);
  const plan = makePlan(checked.data, report);
  if (report.problems.length > 0) throw new FanOutFileError(fileName, report.problems);
  return plan;
}
