import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { HistoryLine } from '../../src/cli/history.js';
import type { Outcome } from '../../src/job/outcome.js';
import type { CrewFile } from '../../src/queue/crew-file.js';
import type { CountedReason } from '../../src/queue/entry-name.js';
import type { JobState } from '../../src/queue/places.js';
import type { Fired } from '../../src/recruiter/fire.js';
import type { Liveness } from '../../src/system/host.js';
import { mutantsOf } from './mutants.js';
import { directory, faults, nodesOf, readSchema, reportNames } from './schema-set.js';

describe('the schemas', () => {
  const common = readSchema('common').$defs!;

  /** Records, so that the compiler asks for what is new. */
  const outcomes: { [K in Outcome['kind']]: Extract<Outcome, { kind: K }>[] } = {
    exit: [
      { kind: 'exit', code: 0 },
      { kind: 'exit', code: 255 },
    ],
    signal: [
      { kind: 'signal', signal: 'SIGKILL' },
      { kind: 'signal', signal: 'signal 35' },
    ],
    timeout: [{ kind: 'timeout', seconds: 1.5 }],
    lost: [{ kind: 'lost', crew: 'vm-k3f9q2m4' }],
    'spawn-error': [{ kind: 'spawn-error', reason: 'no such program' }],
    rejected: [
      { kind: 'rejected', reason: 'empty' },
      { kind: 'rejected', reason: 'empty', hint: 'fill it' },
    ],
    cancelled: [{ kind: 'cancelled' }],
    dependency: [{ kind: 'dependency', reason: 'it waits for itself' }],
    tasks: [{ kind: 'tasks', tasks: 10, failed: 3, left: 0 }],
  };
  const states: Record<JobState, true> = {
    waiting: true,
    assigned: true,
    running: true,
    done: true,
    failed: true,
  };
  const counted: Record<CountedReason, true> = {
    exit: true,
    signal: true,
    timeout: true,
    lost: true,
    'spawn-error': true,
  };
  const liveness: Record<Liveness, true> = { alive: true, dead: true, elsewhere: true };
  const sessions: Record<CrewFile['session']['kind'], true> = {
    tmux: true,
    screen: true,
    none: true,
    slurm: true,
    http: true,
  };
  const ways: Record<Fired['how'], true> = { left: true, killed: true, dead: true };
  const events: Record<HistoryLine['event'], true> = {
    start: true,
    finish: true,
    verdict: true,
  };

  test('take every outcome, with nothing unknown and nothing missing', () => {
    const schema = 'common.schema.json#/$defs/outcome';
    for (const outcome of Object.values(outcomes).flat()) {
      expect(faults(schema, outcome)).toEqual([]);
      const accepted = [...mutantsOf({ outcome })].filter(({ value }) => {
        const { outcome: mutant, ...rest } = value as { outcome?: unknown };
        return Object.keys(rest).length === 0 && mutant !== undefined && faults(schema, mutant).length === 0;
      });
      expect(accepted).toEqual([]);
    }
    expect(common['outcome']!.oneOf).toHaveLength(Object.keys(outcomes).length);
  });

  test('know exactly the words that the code knows', () => {
    const fired = readSchema('recruiter-fire').$defs!['fired']!.properties!;
    expect({
      states: common['jobState']!.enum,
      counted: Object.keys(common['failureCounts']!.properties!),
      liveness: common['crew']!.properties!['state']!.enum,
      sessions: common['session']!.properties!['kind']!.enum,
      ways: fired['how']!.enum,
      events: ['startLine', 'finishLine', 'verdictLine'].map(
        (line) => common[line]!.properties!['event']!.const,
      ),
    }).toEqual({
      states: Object.keys(states),
      counted: Object.keys(counted),
      liveness: Object.keys(liveness),
      sessions: Object.keys(sessions),
      ways: Object.keys(ways),
      events: Object.keys(events),
    });
    expect(common['historyLine']!.oneOf).toHaveLength(Object.keys(events).length);
  });

  test('let a job have a crew only while a crew has it', () => {
    const place = {
      entry: 'job@k3f9q2m4n7.conf',
      token: 'k3f9q2m4n7',
      failures: {},
      path: '/jobs/job',
      logs: { out: null, err: null },
    };
    const fits = (state: string, crew: string | null): boolean =>
      faults('common.schema.json#/$defs/place', { ...place, state, crew }).length === 0;
    const verdicts = Object.keys(states).map((state) => [
      state,
      fits(state, 'vm-k3f9q2m4'),
      fits(state, null),
    ]);
    expect(verdicts).toEqual([
      ['waiting', false, true],
      ['assigned', true, false],
      ['running', true, false],
      ['done', false, true],
      ['failed', false, true],
    ]);
  });

  test.each(['common', ...reportNames])('close every object and describe every property: %s', (name) => {
    const schema = readSchema(name);
    expect(schema.$id).toBe(`${name}.schema.json`);
    // What stands under `if`, `then` and `else` only adds to the object around it.
    const nodes = [...nodesOf(schema)].filter(({ path }) => !/\/(if|then|else)(\/|$)/.test(path));
    const objects = nodes.filter(({ node }) => node.type === 'object');
    expect(objects).not.toEqual([]);
    for (const { path, node } of objects) {
      expect([path, node.additionalProperties]).toEqual([path, false]);
      for (const [property, { description }] of Object.entries(node.properties!))
        expect([path, property, description]).toEqual([path, property, expect.stringMatching(/.{5}\.$/)]);
      const absent = Object.keys(node.properties!).filter((key) => node.required?.includes(key) !== true);
      for (const key of absent)
        expect(`${node.properties![key]!.description!} ${node.description ?? ''}`).toMatch(
          /missing|How many/i,
        );
    }
  });
});

describe('the README of the schemas', () => {
  const text = readFileSync(`${directory}/README.md`, 'utf8');
  const rows = [...text.matchAll(/^\| `(.+?)` +\| \[(.+?)\.schema\.json\]\(\2\.schema\.json\) +\|/gm)];
  const examples = [...text.matchAll(/^### `(.+?)`\n[^#]*?```json\n(.+?)```/gms)];

  test('lists each report', () => {
    expect(rows.map(([, , name]) => name).sort()).toEqual(reportNames);
  });

  test('shows an example of each, and each fits', () => {
    expect(examples.map(([, command]) => command)).toEqual(rows.map(([, command]) => command));
    for (const [index, [, , name = '']] of rows.entries())
      expect([name, faults(name, JSON.parse(examples[index]![2]!))]).toEqual([name, []]);
  });
});
