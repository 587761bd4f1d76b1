import { dirname, isAbsolute, join } from 'node:path';
import { checkParameters } from '../job/spec/check-parameters.js';
import { SpecError, readSpec } from '../job/spec/read-spec.js';
import { type SpecJob, formatSpecJob, specJobName } from '../job/spec/spec-job.js';
import { type Spec, isSpecName } from '../job/spec/spec.js';
import { jobFileLimit } from '../job/read-job.js';
import { perform } from '../queue/perform.js';
import { submitJob } from '../queue/submit-job.js';
import { newToken } from '../queue/token.js';
import { claimNumbers } from './claim-numbers.js';
import type { ServerPaths } from './server-paths.js';
import type { Served } from './served.js';

/** Why a request makes no job. */
export interface Refusal {
  readonly kind: 'refused';
  readonly error:
    'invalid_job_name' | 'unknown_job_name' | 'invalid_jobspec' | 'invalid_params' | 'params_too_large';
  /** All that is wrong, a line for each. */
  readonly message: string;
}

export type Submitted = Refusal | { readonly kind: 'submitted'; readonly id: number; readonly job: string };

/**
 * Makes a job of a spec and puts it into the queue. When this returns it is there: what a server has accepted is lost by
 * nothing that happens to the server. Killed before, it leaves a number that nothing has.
 */
export function submitSpec(
  served: Served,
  paths: ServerPaths,
  name: string,
  parameters: ReadonlyMap<string, string>,
): Submitted {
  const { files, layout, clock } = served;
  if (!isSpecName(name))
    return refusal(
      'invalid_job_name',
      'expected a name without ".", "/", "\\", blanks and control characters',
    );
  const file = `jobspecs/${name}.toml`;
  const spec = findSpec(served, name, file);
  if ('kind' in spec) return spec;
  const checked = checkParameters(spec, parameters);
  if ('faults' in checked) return refusal('invalid_params', checked.faults.join('\n'));
  const make = (id: number): string =>
    formatSpecJob({
      jobspec: name,
      id,
      created: clock.timestamp(),
      parameters: Object.fromEntries([...parameters].sort(byName)),
      ...{ command: spec.command, arguments: spec.arguments },
      workingDirectory: workingDirectory(dirname(served.jobspecs), spec),
      ...{ preserve: spec.preserve, environment: checked.environment, timeout: spec.timeout },
    } satisfies SpecJob);
  if (Buffer.byteLength(make(Number.MAX_SAFE_INTEGER)) > jobFileLimit)
    return refusal('params_too_large', `the job's file would have more than ${jobFileLimit} bytes`);
  const id = perform(files, claimNumbers(paths, 'job', 1));
  const job = specJobName(name, id);
  const status = perform(files, submitJob(layout, job, make(id), 0o600, newToken()));
  // A file that somebody else has called so; the next number is free of it.
  if (status === 'exists') return submitSpec(served, paths, name, parameters);
  return { kind: 'submitted', id, job };
}

function refusal(error: Refusal['error'], message: string): Refusal {
  return { kind: 'refused', error, message };
}

function findSpec({ files, jobspecs }: Served, name: string, file: string): Spec | Refusal {
  const inspected = files.inspect(`${jobspecs}/${name}.toml`, jobFileLimit);
  switch (inspected.kind) {
    case 'missing':
      return refusal('unknown_job_name', `there is no ${file}`);
    case 'other':
      return refusal('invalid_jobspec', `${file}: it is ${inspected.what}, not a file`);
    case 'unreadable':
      return refusal('invalid_jobspec', `${file}: ${inspected.reason}`);
    case 'file':
      break;
  }
  if (inspected.size > jobFileLimit)
    return refusal('invalid_jobspec', `${file}: it has more than ${jobFileLimit} bytes`);
  try {
    return readSpec(new TextDecoder('utf-8', { fatal: true }).decode(inspected.head), file);
  } catch (error) {
    if (error instanceof SpecError) return refusal('invalid_jobspec', error.message);
    if (error instanceof TypeError) return refusal('invalid_jobspec', `${file}: it is not text in UTF-8`);
    throw error;
  }
}

/** A path that is not absolute begins where `jobspecs/` lies, as with jobmgr. */
function workingDirectory(base: string, { workingDirectory: path }: Spec): string | null {
  if (path === undefined) return null;
  return isAbsolute(path) ? path : join(base, path);
}

/** As Go writes maps. */
function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
