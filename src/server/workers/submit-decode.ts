import { type SubmittedJob, decodeJobName, formatDecodeJob } from '../../job/decode/decode-job.js';
import { jobFileLimit } from '../../job/read-job.js';
import { carryOut } from '../../queue/perform.js';
import { submitJob } from '../../queue/submit-job.js';
import { newToken } from '../../queue/token.js';
import type { AcceptDesk } from '../accept/submission.js';

/** Puts a job into the queue; when this returns it is there, and on disk. `too-large`: its file would be. */
export async function submitDecode(
  { served, numbers }: AcceptDesk,
  submitted: SubmittedJob,
): Promise<'submitted' | 'too-large'> {
  const { layout, durable, clock, workers } = served;
  const { retryDifferent } = workers;
  const contentFor = (decode: number): string =>
    formatDecodeJob({ decode, created: clock.timestamp(), retryDifferent, submitted });
  // What is refused takes no number.
  if (Buffer.byteLength(contentFor(Number.MAX_SAFE_INTEGER)) > jobFileLimit) return 'too-large';
  for (;;) {
    const decode = await numbers.next();
    const content = contentFor(decode);
    const name = decodeJobName(decode);
    // A file that somebody else has called so: the next number is free of it.
    if ((await carryOut(durable, submitJob(layout, name, content, 0o600, newToken()))) === 'exists') continue;
    await served.tell([name]).catch(() => undefined);
    return 'submitted';
  }
}
