import { dirname, isAbsolute, join } from 'node:path';
import { jobFileLimit } from '../../job/read-job.js';
import { checkParameters } from '../../job/spec/check-parameters.js';
import { SpecError, readSpec } from '../../job/spec/read-spec.js';
import { type SpecJob, formatSpecJob, specJobName } from '../../job/spec/spec-job.js';
import { type Spec, isSpecName } from '../../job/spec/spec.js';
import type { Served } from '../served.js';
import { type Prepared, type Refusal, refusal } from './submission.js';

/** Makes a job of a spec; what is returned makes its file, once there is a number for it. */
export function openSpec(
  served: Served,
  name: string,
  parameters: ReadonlyMap<string, string>,
): Refusal | ((number: number) => Prepared) {
  if (!isSpecName(name))
    return refusal(
      'invalid_job_name',
      'expected a name without ".", "/", "\\", blanks and control characters',
    );
  const spec = findSpec(served, name, `jobspecs/${name}.toml`);
  if ('kind' in spec) return spec;
  const checked = checkParameters(spec, parameters);
  if ('faults' in checked) return refusal('invalid_params', checked.faults.join('\n'));
  const contentFor = (id: number): string =>
    formatSpecJob({
      jobspec: name,
      id,
      created: served.clock.timestamp(),
      parameters: Object.fromEntries([...parameters].sort(byName)),
      ...{ command: spec.command, arguments: spec.arguments },
      workingDirectory: workingDirectory(dirname(served.jobspecs), spec),
      ...{ preserve: spec.preserve, environment: checked.environment, timeout: spec.timeout },
    } satisfies SpecJob);
  if (Buffer.byteLength(contentFor(Number.MAX_SAFE_INTEGER)) > jobFileLimit)
    return refusal('params_too_large', `the job's file would have more than ${jobFileLimit} bytes`);
  return (number) => ({
    ...{ name: specJobName(name, number), content: contentFor(number) },
    ...{ mode: 0o600, number },
  });
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
