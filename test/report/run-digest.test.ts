import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobDefaults } from '../../src/job/job.js';
import type { Outcome } from '../../src/job/outcome.js';
import { FanOutTally } from '../../src/queue/fan-out-tally.js';
import type { TaskLine } from '../../src/queue/task-line.js';
import { RunDigest, type RunSummary } from '../../src/report/run-digest.js';

const tasks = 40;
const start = 1_795_500_000_000;

interface Said {
  readonly crew: string;
  readonly line: TaskLine;
}

const failure = fc.constantFrom<Outcome>(
  { kind: 'exit', code: 1 },
  { kind: 'exit', code: 2 },
  { kind: 'signal', signal: 'SIGKILL' },
  { kind: 'cancelled' },
);

/** Lines of executions one after another, as a run has them: after a success, or for good, a task runs no more. */
const history = fc
  .array(
    fc.record({
      task: fc.nat(tasks - 1),
      crew: fc.constantFrom('a', 'b'),
      worker: fc.integer({ min: 1, max: 3 }),
      ms: fc.nat(5000),
      outcome: fc.option(failure, { nil: undefined }),
      timed: fc.boolean(),
    }),
    { maxLength: 120 },
  )
  .map((steps) => {
    const tally = tallyOf();
    let at = start;
    const said: Said[] = [];
    steps.forEach(({ task, crew, worker, ms, outcome, timed }, index) => {
      if (tally.stateOf(task) !== 'open') return;
      at += ms;
      const line: TaskLine = {
        task,
        token: `t${index}`,
        ms,
        worker,
        ...(timed ? { at } : {}),
        ...(outcome === undefined ? {} : { outcome }),
      };
      tally.add(line);
      said.push({ crew, line });
    });
    return said;
  });

function tallyOf(): FanOutTally {
  return new FanOutTally({ tasks, job: { ...jobDefaults, retries: 1 } });
}

function summaryOf(said: readonly Said[]): RunSummary {
  const [tally, digest] = [tallyOf(), new RunDigest()];
  for (const { crew, line } of said) {
    tally.add(line);
    digest.add(line, crew);
  }
  return digest.summary(tally, tasks);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('a run, summed up', () => {
  test('has every task that ended once, and every execution once', () => {
    fc.assert(
      fc.property(history, (said) => {
        const { done, failed, untimed, doneIn, failedIn, durations, ways, workers, single, failures } =
          summaryOf(said);
        expect(sum(doneIn) + sum(failedIn) + untimed).toBe(done + failed);
        expect(failures).toHaveLength(failed);
        expect(durations.done.count + durations.failed.count).toBe(said.length);
        expect(sum(ways.map((way) => way.final + way.again))).toBe(durations.failed.count);
        expect(sum(ways.map((way) => way.final))).toBe(failed);
        expect(sum(workers.map((worker) => worker.executions))).toBe(said.length);
        expect(sum(workers.map((worker) => worker.busy))).toBe(sum(said.map(({ line }) => line.ms)));
        expect(single).toHaveLength(said.length);
      }),
    );
  });

  test('is the same in whatever order the crews’ files are read', () => {
    fc.assert(
      fc.property(history, (said) => {
        const of = (crew: string): Said[] => said.filter((one) => one.crew === crew);
        const timed = said.map((one, index) => ({ ...one, line: { ...one.line, at: start + index } }));
        const swapped = ['b', 'a'].flatMap((crew) => timed.filter((one) => one.crew === crew));
        expect(of('a').length + of('b').length).toBe(said.length);
        const plain = ({ ways, doneIn, failedIn, failures }: RunSummary): unknown => ({
          ways: ways.toSorted((a, b) => (a.words < b.words ? -1 : 1)),
          doneIn,
          failedIn,
          failures,
        });
        expect(plain(summaryOf(swapped))).toEqual(plain(summaryOf(timed)));
      }),
    );
  });

  test('keeps executions one by one only while they are few, and ways to fail only while they can be read', () => {
    const digest = new RunDigest();
    for (let task = 0; task < 3000; task += 1)
      digest.add(
        {
          task,
          token: 't',
          ms: 1,
          at: start + task,
          worker: 1,
          outcome: { kind: 'spawn-error', reason: `no ${task}` },
        },
        'a',
      );
    const tally = new FanOutTally({ tasks: 3000, job: jobDefaults });
    const { single, ways } = digest.summary(tally, 3000);
    expect(single).toBeUndefined();
    expect(ways).toHaveLength(41);
    expect(sum(ways.map(({ again }) => again))).toBe(3000);
  });

  test('tells of executions that were lost with a crew, which have no line', () => {
    const tally = tallyOf();
    tally.seal('gone', 0, [3, 4], true);
    expect(new RunDigest().summary(tally, tasks).ways).toEqual([
      { reason: 'lost', words: 'lost with a crew', final: 0, again: 1 },
    ]);
  });
});
