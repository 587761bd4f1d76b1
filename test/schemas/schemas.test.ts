import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/job/outcome.js';
import type { JobState } from '../../src/queue/places.js';
import type { Liveness } from '../../src/system/host.js';
import { Rig } from '../rig/rig.js';
import { mutantsOf } from './mutants.js';
import { Scenario } from './scenario.js';
import { faults, reportNames } from './schema-set.js';

/** What the tests read of a report. */
interface Crew {
  state: Liveness;
}
interface Show {
  job: string;
  places: { state: JobState; failures: Record<string, number> }[];
  history: { event: string; to?: string; outcome?: Outcome }[];
}
interface Found {
  level: string;
  host: string | null;
}
interface Logs {
  entry: string;
  out: string | null;
  err: string | null;
}

describe('what the programs print with --json', () => {
  let rig: Rig;
  let scenario: Scenario;
  let failed = true;

  beforeAll(async () => {
    rig = new Rig();
    scenario = new Scenario(rig);
    try {
      await scenario.play();
      failed = false;
    } finally {
      if (failed) console.error(rig.describe());
    }
  }, 180_000);

  afterAll(async () => {
    await rig.dispose(failed);
  });

  test.each(reportNames)('fits its schema: %s', (name) => {
    const reports = scenario.reports.filter(({ schema }) => schema === name);
    expect(reports).not.toEqual([]);
    const wrong = reports
      .map(({ command, value }) => ({ command, faults: faults(name, value), value }))
      .filter((report) => report.faults.length > 0);
    expect(wrong).toEqual([]);
  });

  test.each(reportNames)('would not fit with anything missing, unknown or of another type: %s', (name) => {
    const accepted = scenario.of(name).flatMap((report) => {
      const mutants = [...mutantsOf(report)];
      expect(mutants.length).toBeGreaterThan(1);
      return mutants.filter(({ value }) => faults(name, value).length === 0);
    });
    expect(accepted).toEqual([]);
  });

  describe('was seen in each state that a schema knows:', () => {
    const shown = (): Show[] => scenario.of<Show>('show');

    test('jobs that ended in each way', () => {
      const endings = new Map<string, unknown>();
      for (const { job, history } of shown()) endings.set(job, history.at(-1)?.outcome);
      expect(Object.fromEntries(endings)).toEqual({
        'done.conf': { kind: 'exit', code: 0 },
        'exit.conf': { kind: 'exit', code: 3 },
        'signal.conf': { kind: 'signal', signal: 'SIGSEGV' },
        'timeout.conf': { kind: 'timeout', seconds: 0.2 },
        'retried.conf': { kind: 'exit', code: 1 },
        'spawn-error.conf': { kind: 'spawn-error', reason: expect.stringContaining('/no/such/program') },
        'rejected.conf': {
          kind: 'rejected',
          reason: 'line 3: unknown key "timout" in [fjr]',
          hint: 'did you mean "timeout"?',
        },
        'dependent.conf': { kind: 'dependency', reason: 'it was to run after "exit.conf", which failed' },
        'stopped.conf': { kind: 'cancelled' },
        'withdrawn.sh': { kind: 'cancelled' },
        // The second execution of held.conf died with its crew: it has a start and no end.
        'held.conf': undefined,
        'waiting.conf': undefined,
        'assigned.conf': undefined,
      });
    });

    test('jobs in each place, and given back by a crew that went and one that died', () => {
      const states = shown().flatMap(({ places }) => places.map(({ state }) => state));
      expect([...new Set(states)].sort()).toEqual(['assigned', 'done', 'failed', 'running', 'waiting']);
      const held = shown().filter(({ job }) => job === 'held.conf');
      expect(held.map(({ places }) => places.map(({ state, failures }) => [state, failures]))).toEqual([
        [['running', {}]],
        [['waiting', {}]],
        [['waiting', { lost: 1 }]],
      ]);
      const lines = held.at(-1)!.history.map(({ event, to, outcome }) => [event, to, outcome?.kind]);
      expect(lines).toEqual([
        ['start', undefined, undefined],
        ['finish', 'queue', 'lost'],
        ['start', undefined, undefined],
      ]);
    });

    test('a job that was tried again', () => {
      const { places, history } = shown().find(({ job }) => job === 'retried.conf')!;
      expect(places).toMatchObject([{ state: 'failed', failures: { exit: 1 } }]);
      expect(history.map(({ event, to }) => [event, to])).toEqual([
        ['start', undefined],
        ['finish', 'queue'],
        ['start', undefined],
        ['finish', 'failed'],
      ]);
    });

    test('output on either stream, and none', () => {
      const logs = scenario.of<Logs>('logs').map(({ entry, out, err }) => [entry.split('@')[0], out, err]);
      expect(logs).toEqual(
        expect.arrayContaining([
          ['done', 'result\n', 'remark\n'],
          ['exit', null, 'sorry\n'],
          ['stopped', 'half a result\n', null],
          ['signal', null, null],
          ['waiting.conf', null, null],
        ]),
      );
    });

    test('a project with nobody in it, at work, and with a dead and a far crew', () => {
      const standings = scenario.of<{ crews: Crew[]; running: number; assigned: number }>('status');
      expect(
        standings.map(({ crews, running, assigned }) => [
          crews.map(({ state }) => state).sort(),
          running,
          assigned,
        ]),
      ).toEqual([
        [[], 0, 0],
        [['alive'], 1, 1],
        [['alive'], 1, 0],
        [['dead', 'elsewhere'], 1, 0],
        [['alive'], 0, 0],
        [[], 0, 0],
      ]);
    });

    test('crews that were hired and were there, that left and that had died', () => {
      const hired = scenario.of<{ hosts: { outcome: string }[] }>('recruiter-hire');
      expect(hired.map(({ hosts }) => hosts.map(({ outcome }) => outcome).sort())).toEqual([
        ['hired'],
        ['already'],
        ['hired'],
        ['already'],
        ['failed', 'hired'],
      ]);
      const fired = scenario.of<{ fired: { how: string }[] }>('recruiter-fire');
      expect(fired.map((report) => report.fired.map(({ how }) => how))).toEqual([
        [],
        ['left'],
        ['dead'],
        ['left'],
      ]);
      const listed = scenario.of<{ crews: Crew[] }>('recruiter-list').map(({ crews }) => crews.length);
      expect(listed).toEqual([0, 1, 2, 1]);
    });

    test('cancellations of each result', () => {
      const reports = scenario.of<{ cancelled: { result: string }[] }>('cancel');
      const results = reports.map(({ cancelled }) => [...new Set(cancelled.map(({ result }) => result))]);
      expect(results).toEqual([['withdrawn'], ['over'], ['stopping'], ['withdrawn'], ['withdrawn'], []]);
    });

    test('pools with items that are free, in use and known', () => {
      const pools = scenario.of<{ pools: { free: string[]; used: string[] }[] }>('pool-list');
      expect(pools.map((list) => list.pools.map(({ free, used }) => [free.length, used.length]))).toEqual([
        [],
        [
          [1, 0],
          [1, 2],
        ],
      ]);
      const added = scenario.of<{ added: number; known: number }>('pool-add');
      expect(added.map((report) => [report.added, report.known])).toEqual([
        [2, 0],
        [1, 1],
        [1, 0],
      ]);
    });

    test('findings of each level, here and on hosts, and repairs', () => {
      const reports = scenario.of<{ findings: Found[]; repaired: { did: string | null }[] }>('doctor');
      const levels = new Set(reports.flatMap(({ findings }) => findings.map(({ level }) => level)));
      expect([...levels].sort()).toEqual(expect.arrayContaining(['fault', 'fine', 'warning']));
      const hosts = new Set(reports.flatMap(({ findings }) => findings.map(({ host }) => host)));
      expect([...hosts].sort()).toEqual(['host1', 'host2', null]);
      expect(reports.map(({ repaired }) => repaired.map(({ did }) => did))).toEqual([
        [],
        [],
        [],
        ['removed 1 badge'],
      ]);
    });

    test('garbage that would go, that went, and none', () => {
      const reports = scenario.of<{ removed: number; garbage: string[] }>('gc');
      expect(reports).toMatchObject([
        { removed: 0, garbage: reports[1]!.garbage },
        { removed: reports[1]!.garbage.length },
        { removed: 0, garbage: [] },
      ]);
      expect(reports[1]!.removed).toBeGreaterThan(0);
    });
  });
});
