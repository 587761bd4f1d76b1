import { describe, expect, test } from 'vitest';
import type { FanOutPlan } from '../../../src/job/fan-out-file/plan.js';
import { readFanOutFile } from '../../../src/job/fan-out-file/read-fan-out-file.js';
import { jobDefaults } from '../../../src/job/job.js';
import { full, fullFiles } from './full-example.js';
import { example, exampleFiles } from './issue-example.js';
import { TestWorld } from './world.js';

function plan(text: string, world = new TestWorld({ files: fullFiles })): FanOutPlan {
  return readFanOutFile(text, 'fjr.yaml', world);
}

const password = ': "\'\\n#{}\n---\n- x: y';

describe("FancyJobRunner's example", () => {
  /** As it stands, where `aws` prints a password that no YAML would survive. */
  class WithAws extends TestWorld {
    override execute(line: string): ReturnType<TestWorld['execute']> {
      expect(line).toBe('aws ecr get-login-password');
      return { failure: undefined, stdout: `${password}\n`, stderr: '' };
    }
  }
  const key = 'AKIA: "x"\n  y: [';
  const world = new WithAws({ files: exampleFiles, env: { AWS_ACCESS_KEY_ID: key } });
  const { input, ...rest } = plan(example, world);

  test('is read as it stands', () => {
    expect(rest).toEqual({
      name: undefined,
      command: undefined,
      docker: {
        image: 'ghcr.io/user/image',
        engine: 'docker',
        registry: { server: 'ghcr.io', user: 'USERNAME', password },
        pull: 'always',
        environment: { AWS_ACCESS_KEY_ID: key, S3_PREFIX: 'some_prefix/' },
        volumes: [],
        workdir: undefined,
        network: undefined,
        shm: undefined,
        options: [],
      },
      job: {
        timeout: undefined,
        retries: 0,
        retryDelay: 1,
        priority: 0,
        nice: 9,
        needs: jobDefaults.needs,
        workdir: undefined,
        env: {},
      },
      workers: {
        kind: 'ssh',
        path: 'workers.txt',
        hosts: [
          { user: 'me', host: '10.0.0.1', port: undefined },
          { user: 'me', host: '10.0.0.2', port: 2222 },
        ],
        privateKey: '/home/me/.ssh/id_ed25519',
        options: [],
      },
      logFiles: { directory: 'runs/logs/run-k3f9', stdout: true, stderr: true, system: true },
      workerResources: [
        { kind: 'items', name: 'PROXY', items: ['http://proxy1:3128', 'http://proxy2:3128'] },
      ],
      taskResources: [{ kind: 'items', name: 'ACCOUNT', items: ['alice', 'bob'] }],
      maxFailures: undefined,
      failFast: false,
      shards: undefined,
      secrets: [
        { path: ['docker', 'registry', 'password'], values: [password] },
        { path: ['docker', 'environment', 'AWS_ACCESS_KEY_ID'], values: [key] },
      ],
    });
    expect([input.columns, input.range, [...input.inputs]]).toEqual([[], undefined, ['first', 'second one']]);
  });
});

describe('a plan', () => {
  test('has all that stands in the file', () => {
    const { input, ...rest } = plan(full[0]!);
    expect(rest).toEqual({
      name: 'night-run',
      command: { kind: 'argv', argv: ['tool', '--in', '{}', '-n', '1.10'] },
      docker: {
        image: 'registry.local:5000/tool:1.2',
        engine: 'podman',
        registry: { server: undefined, user: 'me', password: '12345' },
        pull: 'missing',
        environment: { MODE: 'fast', LEVEL: '3', DEBUG: 'true', EMPTY: '' },
        volumes: ['/data:/data:ro', './out:/out'],
        workdir: '/out',
        network: 'none',
        shm: 1024 ** 3,
        options: ['--cap-drop', 'ALL'],
      },
      job: {
        timeout: 5400,
        retries: 3,
        retryDelay: 5,
        priority: -1,
        nice: 0,
        needs: {
          cpus: 2,
          memory: 512 * 1024 ** 2,
          gpus: 1,
          resources: [],
          labels: ['bigmem', 'lab-2'],
          seconds: 5400,
        },
        workdir: '/tmp',
        env: { A: 'x', B: '1.10', C: '' },
      },
      workers: {
        kind: 'ssh',
        path: 'hosts.txt',
        hosts: [
          { user: 'me', host: 'a', port: 2200 },
          { user: undefined, host: 'b', port: 22 },
        ],
        privateKey: '~/.ssh/id',
        options: ['-o', 'ConnectTimeout=5'],
      },
      logFiles: { directory: 'logs/run-k3f9', stdout: true, stderr: false, system: false },
      workerResources: [
        { kind: 'items', name: 'PROXY', items: ['p1', 'p2'] },
        { kind: 'pool', name: 'LICENCE', pool: 'SHARED' },
      ],
      taskResources: [{ kind: 'items', name: 'ACCOUNT', items: ['alice', '7'] }],
      maxFailures: { kind: 'share', share: 0.025 },
      failFast: false,
      shards: undefined,
      secrets: [{ path: ['docker', 'registry', 'password'], values: ['12345'] }],
    });
    expect([...input.inputs]).toEqual(['a', 'b']);
  });

  test('of plain processes on this host', () => {
    expect(plan(full[1]!)).toMatchObject({
      command: { kind: 'shell', line: 'true' },
      docker: undefined,
      workers: { kind: 'local', workers: 4 },
      job: { timeout: 90, retryDelay: 0, needs: { labels: ['bigmem', 'lab-2'], seconds: 90 } },
      maxFailures: { kind: 'tasks', tasks: 3 },
      failFast: false,
      shards: 10,
      input: { range: { count: 1000 } },
    });
  });

  test("leaves the work to the project's crews, if it says nothing of workers", () => {
    expect(plan('command: a\ninput: [1]\n')).toMatchObject({
      workers: { kind: 'crews' },
      logFiles: undefined,
      job: { env: {}, needs: jobDefaults.needs },
    });
    expect(plan(full[4]!)).toMatchObject({ workers: { kind: 'crews' }, logFiles: undefined });
  });

  test('ends with the first failure, if it is to fail fast', () => {
    expect(plan(full[3]!).maxFailures).toEqual({ kind: 'tasks', tasks: 0 });
  });

  test('goes by a format that is named, and not by the ending of a path', () => {
    const { columns, inputs } = plan(full[2]!).input;
    expect([columns, [...inputs]]).toEqual([['a', 'b'], [['1', '2']]]);
  });

  test('takes numbers and truth values from templates', () => {
    const env = { N: '3', YES: 'true', TIME: '5m', MEMORY: '1G' };
    const text = [
      'command: a',
      'input: { range: 1..{{ Env "N" }} }',
      'retries: {{ Env "N" }}',
      'fail_fast: {{ Env "YES" }}',
      'timeout: {{ Env "TIME" }}',
      'memory: {{ Env "MEMORY" }}',
      'workers: { local: {{ Env "N" }} }',
    ].join('\n');
    expect(plan(text, new TestWorld({ env }))).toMatchObject({
      job: { retries: 3, timeout: 300, needs: { memory: 1024 ** 3 } },
      maxFailures: { kind: 'tasks', tasks: 0 },
      workers: { workers: 3 },
      input: { range: { count: 3 } },
    });
  });

  test('may repeat parts by aliases', () => {
    const text = 'command: a\ninput: &list [a, b]\ntask_resources:\n  - X: { items: *list }\n';
    expect(plan(text).taskResources).toEqual([{ kind: 'items', name: 'X', items: ['a', 'b'] }]);
  });

  test('has variables of any name, those of JavaScript objects too', () => {
    const { env } = plan(
      'command: a\ninput: [1]\nenv: { constructor: 1, toString: 2, hasOwnProperty: 3 }\n',
    ).job;
    expect(env).toEqual({ constructor: '1', toString: '2', hasOwnProperty: '3' });
  });
});
