import { jobDefaults } from '../../src/job/job.js';
import type { FanOut } from '../../src/job/fan-out.js';
import type { TaskInput } from '../../src/queue/fan-out-inputs.js';
import { Layout } from '../../src/queue/layout.js';
import { perform } from '../../src/queue/perform.js';
import { submitFanOut } from '../../src/queue/submit-fan-out.js';
import { newToken } from '../../src/queue/token.js';
import { MountedFiles } from '../../src/system/files.js';

const { timeout, retries, retryDelay, priority, nice, needs, workdir, env } = jobDefaults;

/** Puts a fan-out job into a project's queue. */
export function submitTasks(
  root: string,
  name: string,
  line: string,
  inputs: Iterable<TaskInput>,
  rest: Partial<FanOut['job']> & Partial<Pick<FanOut, 'columns' | 'maxFailures' | 'command'>> = {},
): void {
  const { columns = [], maxFailures, command = { kind: 'shell', line }, ...settings } = rest;
  const job = { timeout, retries, retryDelay, priority, nice, needs, workdir, env, ...settings };
  const files = new MountedFiles({ shared: false, fsync: false });
  const layout = new Layout(root);
  for (const directory of layout.directories) files.ensureDirectory(directory);
  const steps = submitFanOut(layout, name, { command, columns, job, maxFailures }, inputs, newToken());
  const submitted = perform(files, steps);
  if (submitted.kind !== 'submitted') throw new Error(`${name}: ${submitted.kind}`);
}
