import { describe, expect, test } from 'vitest';
import { readFanOutFile } from '../../../src/job/fan-out-file/read-fan-out-file.js';
import type { ManifestPlan } from '../../../src/job/manifest/plan.js';
import { readRunFile } from '../../../src/job/read-run-file.js';
import { TestWorld } from '../fan-out-file/world.js';
import { full, tfExample } from './examples.js';

const gigabyte = 2 ** 30;

function plan(text: string, containers = true): ManifestPlan {
  const world = new TestWorld({
    env: { DATA: 's3cret data' },
    files: { '/here/Dockerfile': 'FROM scratch\n', '/here/app/build/Dockerfile': 'FROM scratch\n' },
    directories: ['app'],
  });
  const read = readRunFile(text, 'manifest.yaml', world, { containers });
  if (read.kind !== 'manifest') throw new Error('it was taken for an fjr.yaml');
  return read.plan;
}

const plain = { resources: [], labels: [], gpus: 0, seconds: 0 };

describe('a manifest', () => {
  test('as AIchor has it is read as it stands', () => {
    const needs = { ...plain, cpus: 1, memory: gigabyte };
    expect(plan(tfExample)).toEqual({
      gang: {
        operator: 'tf',
        failure: 'fail-all',
        types: [{ name: 'Worker', count: 5, completions: 1, parallelism: 1, needs, shm: undefined }],
      },
      command: { kind: 'shell', line: 'python -u src/main.py' },
      job: {
        timeout: undefined,
        retries: 0,
        retryDelay: 1,
        priority: 0,
        nice: 9,
        needs,
        workdir: '/here',
        env: {},
      },
      container: {
        engine: 'docker',
        image: 'tf-multi-jobs',
        pull: 'load',
        registry: undefined,
        environment: {},
        volumes: [],
        workdir: undefined,
        network: 'host',
        shm: undefined,
        options: ['--entrypoint', ''],
      },
      build: { engine: 'docker', name: 'tf-multi-jobs', dockerfile: '/here/Dockerfile', context: '/here' },
      context: '/here',
      secrets: [],
    });
  });

  test('may use every key', () => {
    const { gang, job, container, build, command, secrets } = plan(full);
    const labels = ['fast'];
    expect(gang).toEqual({
      operator: 'jobset',
      failure: 'retry-rank',
      types: [
        {
          name: 'worker-heavy',
          count: 1,
          completions: 1,
          parallelism: 1,
          needs: {
            ...plain,
            cpus: 60,
            memory: 120 * gigabyte,
            gpus: 2,
            labels: ['fast', 'NVIDIA-H100-80GB-HBM3'],
            seconds: 7200,
          },
          shm: gigabyte / 2,
        },
        {
          name: 'worker',
          count: 10,
          completions: 10,
          parallelism: 2,
          // Its shared memory is more than the ratio gives, and is memory; it has no GPU, whatever product is named.
          needs: { ...plain, cpus: 2, memory: 4 * gigabyte, labels, seconds: 7200 },
          shm: 4 * gigabyte,
        },
      ],
    });
    expect(job).toEqual({
      timeout: 7200,
      retries: 5,
      retryDelay: 10,
      priority: 3,
      nice: 0,
      needs: gang.types[0]!.needs,
      workdir: '/here/app',
      env: { DATA: 's3cret data', SEED: '7', EMPTY: '' },
    });
    expect(command).toEqual({ kind: 'argv', argv: ['python', '-u', 'main.py', '{}'] });
    expect(container).toMatchObject({
      engine: 'podman',
      pull: 'load',
      volumes: ['/data:/data:ro'],
      network: 'none',
    });
    expect(build).toEqual({
      engine: 'podman',
      name: 'team/sim',
      dockerfile: '/here/app/build/Dockerfile',
      context: '/here/app',
    });
    expect(secrets).toEqual([{ path: ['spec', 'env', 'DATA'], values: ['s3cret data'] }]);
  });

  test('is plain processes in its context, if nobody wants containers', () => {
    expect(plan(full, false)).toMatchObject({ container: undefined, build: undefined, context: '/here/app' });
  });

  test('without a builder pulls its image, and without that has none', () => {
    const spec = (more: string): string =>
      `kind: AIchorManifest\napiVersion: 0.2.1\nspec:\n  operator: tf\n  command: a\n${more}  types: { Worker: { count: 1, resources: { cpus: 1, ramRatio: 1 } } }\n`;
    const pulled = plan(spec('  image: busybox:1\n'));
    expect(pulled.container).toMatchObject({ image: 'busybox:1', pull: 'always' });
    expect(pulled.build).toBeUndefined();
    expect(plan(spec(''))).toMatchObject({ container: undefined, build: undefined, context: '/here' });
  });

  test('tries a rank three times again, if it says nothing but that it should', () => {
    expect(plan(tfExample.replace('spec:', 'spec:\n  failure: retry-rank')).job.retries).toBe(3);
    expect(plan(tfExample.replace('spec:', 'spec:\n  failure: ignore')).job.retries).toBe(0);
  });

  test('runs no more ranks at a time than there are', () => {
    const text = tfExample.replace('operator: tf', 'operator: jobset');
    const type = (more: string): unknown =>
      plan(text.replace('count: 5', `count: 5\n      ${more}`)).gang.types[0];
    expect(type('parallelisms: 8')).toMatchObject({ completions: 1, parallelism: 1 });
    expect(type('completions: 4')).toMatchObject({ completions: 4, parallelism: 1 });
    expect(type('completions: 4\n      parallelisms: 8')).toMatchObject({ completions: 4, parallelism: 4 });
  });

  test('is told from an fjr.yaml, which is read as ever', () => {
    const text = 'command: echo {}\ninput: [1, 2]\n';
    const { kind, plan: read } = readRunFile(text, 'fjr.yaml', new TestWorld(), { containers: true });
    expect(kind).toBe('fan-out');
    expect(JSON.stringify(read)).toBe(JSON.stringify(readFanOutFile(text, 'fjr.yaml', new TestWorld())));
  });
});
