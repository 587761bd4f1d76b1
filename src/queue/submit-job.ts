import { FjrError } from '../job/fjr-error.js';
import { isIgnored, longestName } from './entry-name.js';
import type { Layout } from './layout.js';
import { type Steps, create, link, unlink } from './steps.js';
import type { Token } from './token.js';

/**
 * Submit: a job file appears in the queue, whole.
 *
 * Atomic: `link` of a finished dot file to its name. A rename would silently replace a job of the same name; a link
 * answers EEXIST. The loser of two submissions of one name is told so. A crash before the link leaves a dot file that
 * nobody reads; a crash after it leaves the job submitted, and a dot file that `gc` removes.
 */
export function* submitJob(
  layout: Layout,
  name: string,
  content: string | Uint8Array,
  mode: 0o600 | 0o700,
  token: Token,
): Steps<'submitted' | 'exists'> {
  checkJobName(name);
  const draft = layout.queued(`.submit-${token}`);
  yield* create(draft, content, mode);
  const status = yield* link(draft, layout.queued(name));
  yield* unlink(draft);
  if (status === 'missing')
    throw new FjrError('submit', `the draft of "${name}" disappeared from ${layout.jobqueue}`, {
      hint: 'submit it again',
    });
  return status === 'exists' ? 'exists' : 'submitted';
}

/** Refuses names that the queue would pass over or could not carry. */
export function checkJobName(name: string): void {
  const fault = nameFault(name);
  if (fault !== undefined)
    throw new FjrError('bad-job-name', `the job name ${JSON.stringify(name)} ${fault}`, {
      hint: 'choose another with --name',
    });
}

function nameFault(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'is not a file name';
  if (/[/\0]/.test(name)) return 'holds a slash or a NUL byte';
  if (isIgnored(name)) return 'marks a file that the queue passes over';
  const bytes = Buffer.byteLength(name);
  return bytes > longestName ? `has ${bytes} bytes, more than ${longestName}` : undefined;
}
