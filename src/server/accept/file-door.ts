import { looksLikeSlice } from '../../job/fan-out.js';
import { looksLikeDecodeJob } from '../../job/decode/decode-job.js';
import { FjrError } from '../../job/fjr-error.js';
import { jobFileLimit, readJob } from '../../job/read-job.js';
import { JobFileError } from '../../job/settings.js';
import { looksLikeSpecJob } from '../../job/spec/spec-job.js';
import { tokenOf } from '../../queue/entry-name.js';
import { fanOutOf, fanOutSuffix } from '../../queue/fan-out-paths.js';
import { checkJobName } from '../../queue/submit-job.js';
import { type Prepared, type Refusal, type Submission, refusal } from './submission.js';

/**
 * Checks a job file as `fjr submit` does. A fan-out file or manifest is a job, too, whose process submits the run; what
 * is wrong with it is found then, where it is read.
 */
export function openFile({
  name,
  content,
  executable,
}: Submission & { readonly kind: 'file' }): Refusal | Prepared {
  const fault = nameFault(name) ?? contentFault(name, content, executable);
  return fault ?? { name, content, mode: executable ? 0o700 : 0o600 };
}

function nameFault(name: string): Refusal | undefined {
  const shown = JSON.stringify(name);
  try {
    checkJobName(name);
  } catch (error) {
    if (error instanceof FjrError) return refusal('invalid_job_name', error.message);
    throw error;
  }
  if (Buffer.from(name).toString() !== name)
    return refusal('invalid_job_name', `the job name ${shown} cannot be written in UTF-8`);
  if (tokenOf(name) !== undefined)
    return refusal('invalid_job_name', `the job name ${shown} holds a token, which fjr gives`);
  if (name.endsWith(fanOutSuffix) || fanOutOf(name)?.endsWith(fanOutSuffix) === true)
    return refusal('invalid_job_name', `the job name ${shown} is one of a run or of a part of it`);
  return undefined;
}

function contentFault(name: string, content: Uint8Array, executable: boolean): Refusal | undefined {
  const head = content.subarray(0, jobFileLimit);
  if (looksLikeSpecJob(head))
    return refusal('invalid_job', 'it is the job of a spec: submit the name of the spec, and parameters');
  if (looksLikeDecodeJob(head))
    return refusal('invalid_job', 'it is a job of DECODE: submit it with POST /_jobs');
  if (looksLikeSlice(head)) return refusal('invalid_job', 'it is a part of a run, which dispatchers make');
  try {
    readJob({ name, head, size: content.length, executable });
    return undefined;
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    const { message, hint } = error;
    return refusal('invalid_job', hint === undefined ? message : `${message} (${hint})`);
  }
}
