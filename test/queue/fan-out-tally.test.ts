import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobDefaults } from '../../src/job/job.js';
import { FanOutTally } from '../../src/queue/fan-out-tally.js';
import type { TaskLine } from '../../src/queue/task-line.js';

const retries = 1;
const tasks = 6;

function tallyOf(count = tasks): FanOutTally {
  return new FanOutTally({ tasks: count, job: { ...jobDefaults, retries } });
}

function line(token: string, task: number, code = 0): TaskLine {
  return { task, token, ms: 1, ...(code === 0 ? {} : { outcome: { kind: 'exit', code } }) };
}

function picture(tally: FanOutTally): unknown {
  const numbers = Array.from({ length: tasks }, (_, task) => task);
  return {
    states: numbers.map((task) => tally.stateOf(task)),
    failures: numbers.map((task) => tally.failuresOf(task)),
    done: tally.done,
    failed: tally.failed,
    executions: tally.executions,
  };
}

/** A life of a fan-out job: slices one after another for what is open, each of which may be sealed after some lines. */
interface History {
  /** By crew, its lines in order. */
  readonly files: ReadonlyMap<string, readonly TaskLine[]>;
  readonly seals: readonly { token: string; limit: number; tasks: readonly number[]; lost: boolean }[];
  readonly pardons: readonly string[];
}

const step = fc.record({
  crew: fc.constantFrom('a', 'b', 'c'),
  size: fc.integer({ min: 1, max: 4 }),
  codes: fc.array(fc.constantFrom(0, 0, 1), { minLength: 4, maxLength: 4 }),
  /** Whether its failures do not count. */
  pardoned: fc.boolean(),
  /** How many lines its crew wrote, and how many of them count; undefined: it ended in order. */
  cut: fc.option(fc.record({ written: fc.nat(4), late: fc.nat(2), lost: fc.boolean() }), { nil: undefined }),
});

/** What a dispatcher that sees everything at once would have done, and what lay on disk at the end. */
function play(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): {
  history: History;
  truth: FanOutTally;
} {
  const truth = tallyOf();
  const files = new Map<string, TaskLine[]>();
  const seals: { token: string; limit: number; tasks: readonly number[]; lost: boolean }[] = [];
  const pardons: string[] = [];
  let next = 0;
  steps.forEach(({ crew, size, codes, pardoned, cut }, index) => {
    const again = truth.takeAgain(size);
    const fresh = Array.from({ length: Math.min(size, tasks - next) }, (_, n) => next + n);
    const chosen = again.length > 0 ? again : fresh;
    if (again.length === 0) next += fresh.length;
    const token = `token${index}`;
    const written = chosen.slice(0, cut?.written ?? size).map((task, n) => line(token, task, codes[n]));
    const counted = cut === undefined ? written : written.slice(0, Math.max(0, written.length - cut.late));
    for (const one of counted) truth.add(one);
    files.set(crew, [...(files.get(crew) ?? []), ...written]);
    if (pardoned) {
      pardons.push(token);
      truth.pardon(token);
    }
    if (cut === undefined || chosen.length === 0) return;
    const seal = { token, limit: counted.length, tasks: chosen, lost: cut.lost };
    seals.push(seal);
    truth.seal(seal.token, seal.limit, seal.tasks, seal.lost);
  });
  return { history: { files, seals, pardons }, truth };
}

describe('the tally of a fan-out job', () => {
  test('comes to the same in whatever order files and seals are read', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.infiniteStream(fc.nat(1000)), (steps, chance) => {
        const { history, truth } = play(steps);
        const tally = tallyOf();
        const left = [...history.files.values()].map((lines) => [...lines]);
        const seals = [...history.seals];
        const pardons = [...history.pardons];
        const pick = (count: number): number => (chance.next().value ?? 0) % count;
        for (;;) {
          const sources = left.filter((lines) => lines.length > 0);
          const choices = sources.length + seals.length + pardons.length;
          if (choices === 0) break;
          const choice = pick(choices);
          if (choice < sources.length) tally.add(sources[choice]!.shift()!);
          else if (choice < sources.length + pardons.length) tally.pardon(pardons.pop()!);
          else {
            const index = choice - sources.length - pardons.length;
            const seal = seals[index]!;
            if (tally.seal(seal.token, seal.limit, seal.tasks, seal.lost)) seals.splice(index, 1);
          }
        }
        expect(picture(tally)).toEqual(picture(truth));
      }),
      { numRuns: 3000 },
    );
  });

  test('tries again what failed, as often as it may', () => {
    const tally = tallyOf(1);
    tally.add(line('a', 0, 1));
    expect([tally.stateOf(0), tally.takeAgain(9), tally.failuresOf(0)]).toEqual(['open', [0], { exit: 1 }]);
    tally.add(line('b', 0, 1));
    expect([tally.stateOf(0), tally.again, tally.isComplete]).toEqual(['failed', 0, true]);
  });

  test('counts a crew’s death against the first task without a line, and against no other', () => {
    const tally = tallyOf();
    tally.add(line('a', 0));
    expect(tally.seal('a', 1, [0, 1, 2], true)).toBe(true);
    expect([tally.failuresOf(1), tally.failuresOf(2), tally.takeAgain(9)]).toEqual([{ lost: 1 }, {}, [1, 2]]);
  });

  test('waits for the lines that a seal counts', () => {
    const tally = tallyOf();
    expect(tally.seal('a', 1, [0, 1], false)).toBe(false);
    tally.add(line('a', 0));
    expect(tally.seal('a', 1, [0, 1], false)).toBe(true);
    expect(tally.takeAgain(9)).toEqual([1]);
  });

  test('takes back lines that came after the seal', () => {
    const tally = tallyOf();
    for (const task of [0, 1, 2]) tally.add(line('a', task));
    tally.seal('a', 1, [0, 1, 2], false);
    tally.add(line('a', 2));
    expect([tally.done, tally.takeAgain(9)]).toEqual([1, [1, 2]]);
  });

  test('counts once what a line says that was written twice', () => {
    const tally = tallyOf();
    for (const one of [line('a', 0, 1), line('a', 0, 1), line('a', 1)]) tally.add(one);
    expect([tally.stateOf(0), tally.failuresOf(0), tally.executions]).toEqual(['open', { exit: 1 }, 2]);
    // A seal counts lines, and not what they say.
    expect(tally.seal('a', 3, [0, 1, 2], false)).toBe(true);
    expect(tally.takeAgain(9)).toEqual([0, 2]);
  });

  test('forgives, in whatever order that is read', () => {
    const failures = [line('a', 0, 1), line('b', 0, 1)];
    const after = tallyOf();
    for (const failure of failures) after.add(failure);
    after.forgive(0, after.blameOf(0));
    const before = tallyOf();
    before.forgive(0, { exit: 2 });
    for (const failure of failures) before.add(failure);
    expect(picture(before)).toEqual(picture(after));
    expect([after.stateOf(0), after.takeAgain(9), after.failuresOf(0)]).toEqual(['open', [0], {}]);
  });
});
