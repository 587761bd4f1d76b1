import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { right } from './habits.js';
import { type Mutant, historical, mutants } from './mutants.js';
import { scheduleFrom } from './schedule.js';
import { type Simulated, explain, play, simulate } from './simulate.js';

/**
 * The protocol's own verbs, on hosts that remember what was and over a server whose replies get lost or come late,
 * among crashes, stopped actors and false alarms: thousands of schedules, each of which follows from its seed. Wider
 * than the model in test/model, which follows every history of a smaller world.
 *
 * FJR_SCHEDULES=100000 plays so many (`npm run test:schedules`); FJR_SEED=n begins with another seed.
 */
const count = Number(process.env['FJR_SCHEDULES'] ?? 3000);
const firstSeed = Number(process.env['FJR_SEED'] ?? 1);

/** Milliseconds for a schedule on a machine that has much else to do. */
const patience = 30;
/** Schedules between two breaths: vitest wants to hear from a test now and then. */
const stretch = 1000;

async function simulateAll(): Promise<Simulated> {
  for (let played = 0; played < count; played += stretch) {
    const simulated = simulate(firstSeed + played, Math.min(stretch, count - played), right);
    if (simulated.fault !== undefined) return { ...simulated, played: played + simulated.played };
    await nextTurn();
  }
  return { played: count, fault: undefined };
}

test(
  `the protocol keeps its promises in ${count} schedules`,
  { timeout: 30_000 + count * patience },
  async () => {
    const { fault, played } = await simulateAll();
    expect(fault === undefined ? 'no fault' : `schedule ${played}, ${explain(fault, right)}`).toBe(
      'no fault',
    );
  },
);

describe('the simulation finds the fault', () => {
  const most = 10_000;
  const timeout = most * patience;

  const expectFound = ({ rule, habits, limits, fault }: Mutant): void => {
    const simulated = simulate(1, most, habits, limits, fault);
    expect(simulated.fault?.what).toMatch(fault);
    if (process.env['FJR_SCHEDULES'] !== undefined) console.log(`schedule ${simulated.played}: ${rule}`);
  };

  test.each(mutants)('when it is not so that $rule', { timeout }, expectFound);

  test.each(historical)('of an older system: $rule', { timeout }, expectFound);
});

test('a fault is told by a short history, the same whenever it is played', () => {
  const { habits, limits, fault } = historical[0]!;
  const found = simulate(1, 10_000, habits, limits, fault).fault!;
  const told = explain(found, habits);
  expect(told).toBe(explain(found, habits));
  expect(told.split('\n').length).toBeLessThan(60);
  expect(told).toMatch(/which is there\n/);
});

test('a seed is a schedule, and a schedule is a history', () => {
  const trace = (): string[] => {
    const lines: string[] = [];
    play(scheduleFrom(42), right, (line) => lines.push(line));
    return lines;
  };
  expect(trace()).toEqual(trace());
});
