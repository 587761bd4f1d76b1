import { describe, expect, test } from 'vitest';
import type { Arrival } from '../../src/dispatcher/intake.js';
import { type Circumstances, orderKey, patience, waitingJob } from '../../src/dispatcher/waiting-job.js';
import type { Slice } from '../../src/job/fan-out.js';
import { type Job, jobDefaults, plainNeeds } from '../../src/job/job.js';
import { parseEntryName } from '../../src/queue/entry-name.js';

const job: Job = { ...jobDefaults, priority: 7, command: { kind: 'script', interpreter: [] } };
const about: Circumstances = { key: 'job 1', now: 1000, kept: undefined, never: undefined };

function arrival(of: Partial<Job>): Arrival {
  const name = 'job1.conf';
  return { name, entry: parseEntryName(name), key: 'job 1', job: { ...job, ...of }, mtimeMs: 5, since: 6 };
}

function sliceOf(of: Partial<Slice>): Partial<Job> {
  const slice: Slice = {
    of: 'a.run',
    slice: 1,
    priority: 7,
    needs: plainNeeds,
    nice: 9,
    tasks: [[0, 1]],
    failures: {},
    ...of,
  };
  return { command: { kind: 'slice', slice } };
}

describe('A job in the backlog:', () => {
  test('a plain one has a name, a priority and a key', () => {
    expect(waitingJob(arrival({}), about)).toEqual({ name: 'job1.conf', priority: 7, key: 'job 1' });
  });

  test('one that hosts may have which share nothing says since when it waits, and who is not to have it', () => {
    const portable = arrival({ needs: { ...plainNeeds, portable: true } });
    expect(waitingJob(portable, about)).toEqual({ name: 'job1.conf', priority: 7, key: 'job 1', since: 6 });
    const never = new Set(['node7']);
    expect(waitingJob(portable, { ...about, never })).toMatchObject({ since: 6, never });
  });

  test('a slice whose tasks have failed on a worker waits some time for another', () => {
    const { avoid } = waitingJob(arrival(sliceOf({ avoid: ['node7-k3f9q2m4.1'] })), about);
    expect(avoid).toEqual({ badges: new Set(['node7-k3f9q2m4.1']), until: 1000 + patience });
    expect(waitingJob(arrival(sliceOf({})), about)).toEqual({ name: 'job1.conf', priority: 7, key: 'job 1' });
  });

  test('a slice of a gang goes before all else', () => {
    expect(waitingJob(arrival(sliceOf({ gang: 'k3f9q2m4n7' })), about).priority).toBe(Infinity);
  });
});

test.for([
  ['natural', 'job 1'],
  ['oldest', 5],
  ['newest', -5],
  ['random', 0.25],
] as const)('In the order "%s" the key is %s', ([order, key]) => {
  expect(orderKey(arrival({}), order, () => 0.25)).toBe(key);
});
