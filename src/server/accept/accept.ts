import { carryOut } from '../../queue/perform.js';
import { submitJob } from '../../queue/submit-job.js';
import { newToken } from '../../queue/token.js';
import { openFile } from './file-door.js';
import { type KeyRecord, bodyOf, keyName, submitOnce, takeUp } from './key-record.js';
import { openSpec } from './spec-door.js';
import {
  type AcceptDesk,
  type Accepted,
  type Prepared,
  type Refusal,
  type Submission,
  type SubmissionKey,
  refusal,
} from './submission.js';

/**
 * Puts a job into the queue. When this returns it is there, and on disk: what a server has accepted is lost by nothing
 * that happens to the server. Killed before, it leaves a draft, or a number that nothing has. With a key see
 * key-record.ts.
 */
export async function accept(
  desk: AcceptDesk,
  submission: Submission,
  key?: SubmissionKey,
): Promise<Accepted> {
  const accepted =
    key === undefined
      ? await acceptNew(desk, submission)
      : await acceptOnce(desk, submission, keyName(key), key.owner);
  if (accepted.kind === 'accepted' && !accepted.again)
    await desk.served.tell([accepted.job]).catch(() => undefined);
  return accepted;
}

async function acceptNew(desk: AcceptDesk, submission: Submission): Promise<Accepted> {
  const { durable, layout } = desk.served;
  const open = openDoor(desk, submission);
  if ('kind' in open) return open;
  for (;;) {
    const prepared = await open.prepare();
    const { name, content, mode } = prepared;
    const status = await carryOut(durable, submitJob(layout, name, content, mode, newToken()));
    if (status === 'submitted') return accepted({ ...prepared, job: name }, false);
    // Of a spec's job: a file that somebody else has called so; the next number is free of it.
    if (submission.kind === 'file') return alreadyThere(name);
  }
}

interface OpenDoor {
  readonly prepare: () => Promise<Prepared>;
}

function openDoor({ served, numbers, index }: AcceptDesk, submission: Submission): Refusal | OpenDoor {
  if (submission.kind === 'spec') {
    const makeJob = openSpec(served, submission.name, submission.parameters);
    return 'kind' in makeJob ? makeJob : { prepare: async () => makeJob(await numbers.next()) };
  }
  const prepared = openFile(submission);
  if ('kind' in prepared) return prepared;
  const { name } = prepared;
  const known = index.find(name);
  const waits = known?.state === 'waiting' && served.files.exists(index.placeOf(known).path);
  if (waits || served.files.exists(served.layout.queued(name))) return alreadyThere(name);
  return { prepare: () => Promise.resolve(prepared) };
}

function alreadyThere(name: string): Refusal {
  return refusal('job_exists', `a job ${JSON.stringify(name)} waits already`);
}

function accepted({ job, number }: Pick<KeyRecord, 'job' | 'number'>, again: boolean): Accepted {
  return { kind: 'accepted', job, ...(number === undefined ? {} : { number }), again };
}

async function acceptOnce(
  desk: AcceptDesk,
  submission: Submission,
  key: string,
  owner: string,
): Promise<Accepted> {
  const { paths } = desk;
  const { durable, layout, files, isShared } = desk.served;
  const body = bodyOf(submission);
  for (;;) {
    const taken = await carryOut(durable, takeUp(layout, paths, key, body));
    if (taken.kind === 'started') return accepted(taken.record, taken.again);
    if (taken.kind === 'reused')
      return refusal('key_reused', 'the key came with another request before: each needs one of its own');
    const open = openDoor(desk, submission);
    if ('kind' in open) return open;
    const prepared = await open.prepare();
    const { name: job, number } = prepared;
    const record = { owner, body, job, token: newToken(), ...(number === undefined ? {} : { number }) };
    const result = await carryOut(durable, submitOnce(layout, paths, key, record, prepared));
    if (result === 'started' || result === 'again') return accepted(record, result === 'again');
    // This host may remember that there is no record.
    if (isShared) files.renew(paths.keys);
  }
}
