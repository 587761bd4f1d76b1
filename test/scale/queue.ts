import { jobDefaults } from '../../src/job/job.js';
import { FanOutPaths } from '../../src/queue/fan-out-paths.js';
import type { Layout } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { submitFanOut } from '../../src/queue/submit-fan-out.js';
import { newToken } from '../../src/queue/token.js';
import type { FanOut } from '../../src/job/fan-out.js';
import { type SharedFiles, epoch } from './files.js';
import { FileNode, type Tree } from './tree.js';

/** What the fan-out job is called. */
export const sweepName = 'sweep.run';
const jobFile = '[fjr]\nexecutable: /usr/bin/true\n';
/** Inputs that are really there: more than anybody comes to in the time that is looked at. */
export const mostInputs = 5_000_000;

/** A fan-out job of no special kind. */
export function plainFanOut(
  id: string,
  own: Partial<Pick<FanOut['job'], 'retries' | 'priority'>> = {},
): Omit<FanOut, 'format' | 'tasks'> {
  const { timeout, retries, retryDelay, priority, nice, needs, workdir, env } = { ...jobDefaults, ...own };
  return {
    id,
    command: { kind: 'argv', argv: ['/usr/bin/true'] },
    container: undefined,
    shown: 'true',
    columns: [],
    job: { timeout, retries, retryDelay, priority, nice, needs, workdir, env },
    pools: [],
    outputCap: 65_536,
    maxFailures: undefined,
    maxFailureShare: undefined,
  };
}

/** A fan-out job of so many tasks. */
export function fillWithTasks(tree: Tree, files: SharedFiles, layout: Layout, count: number): void {
  const what = plainFanOut('sweep');
  const inputs = Array.from({ length: Math.min(count, mostInputs) }, (_, task) => String(task));
  perform(files, submitFanOut(layout, sweepName, what, inputs, newToken()));
  const paths = new FanOutPaths(layout.queued(sweepName));
  tree.file(paths.file)?.write(JSON.stringify({ format: 1, tasks: count, ...what }), epoch);
}

/** So many job files, which have lain there for long. */
export function fillWithFiles(tree: Tree, layout: Layout, count: number): void {
  const queue = tree.directory(layout.jobqueue);
  // One for all: what is moved is its name.
  const file = new FileNode(jobFile, epoch - 3_600_000);
  for (let job = 1; job <= count; job++) queue?.names.set(`job${job}.conf`, file);
}
