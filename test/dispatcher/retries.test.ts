import { describe, expect, test } from 'vitest';
import { Retries, type Staff } from '../../src/dispatcher/retries.js';
import { type TaskRange, asRanges, tasksIn } from '../../src/job/fan-out.js';
import type { Place } from '../../src/job/gang.js';
import { jobDefaults, plainNeeds } from '../../src/job/job.js';
import { FanOutTally } from '../../src/queue/fan-out-tally.js';

const job = { ...jobDefaults, retries: 3, retryDelay: 10 };
const crew = 'node7-k3f9q2m4';
const staff: Staff = { workers: 3, idle: [`${crew}.1`, `${crew}.2`], isHere: () => true };

/** Ten tasks, and a clock that stands still until it is moved. */
class Stage {
  now = 0;
  readonly tally = new FanOutTally({ tasks: 10, job });
  readonly retries = new Retries({ job }, this.tally, {
    monotonic: () => this.now,
    wall: () => 0,
    timestamp: () => '',
  });
  #slices = 0;

  fail(task: number, worker: number): void {
    this.tally.add(
      { task, token: String(this.#slices++), ms: 1, worker, outcome: { kind: 'exit', code: 1 } },
      crew,
    );
    this.retries.schedule();
  }

  /** They were in a slice that was taken back before it began. */
  giveBack(tasks: number[]): void {
    this.tally.seal(String(this.#slices++), 0, tasks, false);
    this.retries.schedule();
  }

  /** Tasks that go together at a time, and whom they avoid. */
  takeAt(seconds: number, most = 10): [tasks: readonly TaskRange[], avoid: readonly string[]] | undefined {
    this.now = seconds * 1000;
    const chosen = this.retries.takeAlike(most, staff);
    return chosen === undefined ? undefined : [chosen.ranges, chosen.avoid];
  }
}

describe('Tasks that are tried again', () => {
  test('wait after a failure, each time twice as long', () => {
    const stage = new Stage();
    stage.fail(4, 1);
    expect(stage.retries.isDue).toBe(false);
    expect(stage.takeAt(9.9)).toBeUndefined();
    expect(stage.takeAt(10)).toEqual([[[4, 4]], [`${crew}.1`]]);
    stage.fail(4, 1);
    expect(stage.takeAt(29.9)).toBeUndefined();
    expect(stage.takeAt(30)).toEqual([[[4, 4]], [`${crew}.1`]]);
    expect(stage.retries.size).toBe(0);
  });

  test('do not wait if they were only given back', () => {
    const stage = new Stage();
    stage.giveBack([7, 2, 3]);
    expect(stage.retries.isDue).toBe(true);
    expect(stage.takeAt(0)).toEqual([asRanges([2, 3, 7]), []]);
  });

  test('go together as many as are wanted', () => {
    const stage = new Stage();
    stage.giveBack([1, 2, 3]);
    const slices = [1, 2, 3].map(() => [...tasksIn(stage.takeAt(0, 2)?.[0] ?? [])]);
    expect(slices.map(({ length }) => length)).toEqual([2, 1, 0]);
    expect(slices.flat().sort()).toEqual([1, 2, 3]);
  });

  test('go together if they have failed on the same workers', () => {
    const stage = new Stage();
    stage.fail(1, 1);
    stage.fail(2, 2);
    stage.fail(3, 1);
    expect(stage.takeAt(10)).toEqual([asRanges([1, 3]), [`${crew}.1`]]);
    expect(stage.takeAt(10)).toEqual([[[2, 2]], [`${crew}.2`]]);
  });

  test('go to anybody when no other worker was idle for some time', () => {
    const stage = new Stage();
    stage.fail(1, 3);
    stage.fail(2, 1);
    expect(stage.takeAt(15)).toEqual([[[1, 2]], []]);
  });

  test('are not given out if they have ended meanwhile', () => {
    const stage = new Stage();
    stage.giveBack([1]);
    stage.tally.add({ task: 1, token: 'late', ms: 1 });
    expect(stage.takeAt(0)).toBeUndefined();
  });

  test('are forgotten when they are found out in another way', () => {
    const stage = new Stage();
    stage.giveBack([1, 2]);
    stage.retries.clear();
    expect([stage.retries.size, stage.takeAt(0)]).toEqual([0, undefined]);
  });
});

describe('Ranks that are tried again', () => {
  const type = {
    name: 'worker',
    count: 2,
    completions: 2,
    parallelism: 1,
    needs: plainNeeds,
    shm: undefined,
  };
  const places: Place[] = [
    { type, ranks: [[0, 1]] },
    { type, ranks: [[2, 3]] },
  ];

  test('go when nothing of their place runs any more', () => {
    const stage = new Stage();
    stage.fail(0, 1);
    stage.fail(2, 1);
    stage.giveBack([3]);
    stage.now = 9999;
    expect(stage.retries.takePlace(places, 'try', staff)).toBeUndefined();
    stage.now = 10_000;
    const avoid = [`${crew}.1`];
    const second = { ranges: [[2, 3]], avoid, needs: plainNeeds, gang: 'try' };
    expect(stage.retries.takePlace(places, 'try', staff)).toEqual(second);
    expect([stage.retries.size, stage.retries.takePlace(places, 'try', staff)]).toEqual([1, undefined]);
  });

  test('do not wait for another worker', () => {
    const stage = new Stage();
    stage.fail(0, 1);
    stage.giveBack([1]);
    stage.now = 10_000;
    const alone = { ...staff, idle: [`${crew}.1`] };
    expect(stage.retries.takePlace(places, 'try', alone)?.avoid).toEqual([]);
  });
});
