import { carryOut } from '../../queue/perform.js';
import { submitJob } from '../../queue/submit-job.js';
import { newToken } from '../../queue/token.js';
import { openFile } from './file-door.js';
import { type KeyRecord, bodyOf, keyName, noteKey, readRecord, startNoted } from './key-record.js';
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
  const { durable, files, isShared } = desk.served;
  const body = bodyOf(submission);
  for (;;) {
    const known = await carryOut(durable, readRecord(paths, key));
    if (known !== undefined) {
      if (known.body !== body)
        return refusal('key_reused', 'the key came with another request before: each needs one of its own');
      // It may be another server's, which has not flushed it yet.
      await durable.settle(paths.keys);
      const again = await startOnce(desk, key, known);
      if (again !== undefined) return accepted(known, again);
      continue;
    }
    const open = openDoor(desk, submission);
    if ('kind' in open) return open;
    const prepared = await open.prepare();
    const { name: job, number } = prepared;
    const record = { owner, body, job, token: newToken(), ...(number === undefined ? {} : { number }) };
    if ((await carryOut(durable, noteKey(paths, key, record, prepared))) === 'placed') {
      const again = await startOnce(desk, key, record);
      if (again !== undefined) return accepted(record, again);
    }
    // Another was faster: this host may remember that there is no record.
    else if (isShared) files.renew(paths.keys);
  }
}

/** Returns whether the job was started before; undefined: the key has been forgotten meanwhile. */
async function startOnce(
  { served, paths }: AcceptDesk,
  key: string,
  record: KeyRecord,
): Promise<boolean | undefined> {
  const { durable, layout } = served;
  if ((await carryOut(durable, startNoted(layout, paths, record))) === 'started') return false;
  const known = await carryOut(durable, readRecord(paths, key));
  if (known?.token !== record.token) return undefined;
  // Who started it may have been killed before it was flushed.
  await durable.settle(layout.jobqueue);
  return true;
}
