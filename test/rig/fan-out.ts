import { readFileSync, readdirSync } from 'node:fs';
import { jobDefaults } from '../../src/job/job.js';
import type { FanOut } from '../../src/job/fan-out.js';
import type { TaskInput } from '../../src/job/fan-out.js';
import type { Gang } from '../../src/job/gang.js';
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
  rest: Partial<FanOut['job']> &
    Partial<Pick<FanOut, 'columns' | 'maxFailures' | 'failFast' | 'command' | 'outputCap' | 'gang'>> = {},
): void {
  const {
    columns = [],
    outputCap = 64 * 2 ** 20,
    maxFailures,
    failFast,
    gang,
    command = { kind: 'shell', line },
    ...settings
  } = rest;
  const job = { timeout, retries, retryDelay, priority, nice, needs, workdir, env, ...settings };
  const files = new MountedFiles({ shared: false, fsync: false });
  const layout = new Layout(root);
  for (const directory of layout.directories) files.ensureDirectory(directory);
  const steps = submitFanOut(
    layout,
    name,
    {
      id: `id-of-${name}`,
      container: undefined,
      pools: [],
      outputCap,
      command,
      shown: line,
      columns,
      job,
      maxFailures,
      failFast,
      maxFailureShare: undefined,
      gang,
    },
    inputs,
    newToken(),
  );
  const submitted = perform(files, steps);
  if (submitted.kind !== 'submitted') throw new Error(`${name}: ${submitted.kind}`);
}

/** Puts a gang into a project's queue: ranks of one type that run together. */
export function submitRanks(
  root: string,
  name: string,
  line: string,
  ranks: number,
  {
    failure = 'fail-all',
    parallelism,
    ...rest
  }: Partial<FanOut['job']> & {
    readonly failure?: Gang['failure'];
    /** All are of one replica then, of which so many run at a time. */
    readonly parallelism?: number;
  } = {},
): void {
  const shape =
    parallelism === undefined
      ? { count: ranks, completions: 1, parallelism: 1 }
      : { count: 1, completions: ranks, parallelism };
  const type = { name: 'Worker', ...shape, needs, shm: undefined };
  const limits = failure === 'ignore' ? {} : { maxFailures: 0, failFast: true };
  const inputs = Array.from({ length: ranks }, (_, rank) => `Worker-${rank}`);
  const gang: Gang = { operator: 'tf', failure, types: [type], port: 12_345 };
  submitTasks(root, name, line, inputs, { ...limits, ...rest, gang });
}

export interface TaskOutcomes {
  /** Each task with an outcome that stands: `done`, or how it failed last. */
  readonly accepted: ReadonlyMap<number, string>;
  /** Lines that count. */
  readonly executions: number;
  /** What the accepted execution of a task printed. */
  readonly output: (task: number) => string;
}

interface Line {
  readonly task: number;
  readonly token: string;
  readonly outcome?: { readonly kind: string };
  readonly out?: readonly [number, number] | { readonly bytes: number };
}

/** A fan-out job's outcomes, read as its README says: it shares no code with what it checks. Throws for a second success. */
export function outcomesOf(directory: string): TaskOutcomes {
  const limits = new Map(
    readdirSync(`${directory}/sealed`).map((name) => {
      const [token = '', lines] = name.split('=');
      return [token, Number(lines)];
    }),
  );
  const accepted = new Map<number, string>();
  const printed = new Map<number, string>();
  const counts = new Map<string, number>();
  let executions = 0;
  for (const file of readdirSync(`${directory}/outcomes`))
    for (const text of readFileSync(`${directory}/outcomes/${file}`, 'utf8').split('\n')) {
      if (!text.endsWith('}')) continue;
      const line = JSON.parse(text) as Line;
      const count = (counts.get(line.token) ?? 0) + 1;
      counts.set(line.token, count);
      if (count > (limits.get(line.token) ?? Infinity)) continue;
      executions += 1;
      const kind = line.outcome?.kind ?? 'done';
      // Crews' files come in any order: a failure that was tried again may be read after its success.
      if (accepted.get(line.task) === 'done') {
        if (kind === 'done') throw new Error(`task ${line.task} has two outcomes`);
        continue;
      }
      accepted.set(line.task, kind);
      const pack = `${directory}/output/${file.replace(/\.jsonl$/, '.pack')}`;
      if (Array.isArray(line.out)) {
        const [offset, bytes] = line.out as readonly [number, number];
        printed.set(line.task, readFileSync(pack).toString('utf8', offset, offset + bytes));
      } else if (line.out !== undefined)
        printed.set(line.task, readFileSync(`${directory}/output/${line.task}@${line.token}.out`, 'utf8'));
    }
  return { accepted, executions, output: (task) => printed.get(task) ?? '' };
}
