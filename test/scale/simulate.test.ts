import { describe, expect, test } from 'vitest';
import { ServerTime } from './server-time.js';
import { servers } from './server.js';
import { type Figures, type Scenario, play } from './scenario.js';

const base: Scenario = {
  hosts: 20,
  workersPerHost: 4,
  kind: 'files',
  count: 0,
  taskSeconds: 1,
  server: servers.assumed,
  seconds: 120,
  seed: 1,
};

function callsOf({ calls }: Figures): Record<string, number> {
  return Object.fromEntries(calls);
}

/** What depends on nothing but the scenario: the processor's time is this machine's. */
function repeatable({ cpu: _, ...figures }: Figures): unknown {
  return figures;
}

describe('what can be worked out by hand', () => {
  const idle = play(base);

  test('idle crews beat eleven times in a lease of a minute', () => {
    expect(callsOf(idle)['heartbeats: crews']).toBeCloseTo((base.hosts * 11) / 60, 0);
  });

  test('a dispatcher reads each heartbeat twelve times in a lease at most, and ten times at least', () => {
    const reads = callsOf(idle)['heartbeats: dispatcher']!;
    expect(reads).toBeGreaterThanOrEqual((base.hosts * 10) / 60);
    expect(reads).toBeLessThanOrEqual((base.hosts * 12) / 60);
  });

  test('it reads each journal every two seconds, and at each look for new ones', () => {
    expect(callsOf(idle)['journals and outcomes: dispatcher']).toBeCloseTo(base.hosts * (1 / 2 + 1 / 10), 0);
  });

  test('workers that always find work are busy, and as many tasks end as they can do', () => {
    const { used, ended } = play({ ...base, hosts: 2, kind: 'tasks', count: 1e8, taskSeconds: 30 });
    expect(used).toBeGreaterThan(0.95);
    expect(ended).toBeCloseTo(8 / 30, 1);
  });

  test('of the time of a server that is asked too much everybody gets what is left, in turn', () => {
    const time = new ServerTime();
    const starts = Array.from({ length: 30 }, () => time.enter(0, 1));
    expect(starts.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(starts.at(-1)).toBe(25);
    expect(time.enter(100, 1)).toBe(100);
  });
});

test('the same scenario comes to the same, and another seed to something else', () => {
  const scenario: Scenario = { ...base, hosts: 3, kind: 'tasks', count: 1e6, taskSeconds: 0.5, seconds: 20 };
  const once = repeatable(play(scenario));
  expect(repeatable(play(scenario))).toEqual(once);
  expect(repeatable(play({ ...scenario, seed: 2 }))).not.toEqual(once);
});

test('job files run as tasks do, and each leaves its lines in a journal', () => {
  const { ended, journals } = play({ ...base, hosts: 2, kind: 'files', count: 10_000, seconds: 30 });
  expect(ended).toBeGreaterThan(4);
  expect(journals / ended).toBeGreaterThan(200);
});
