import { describe, expect, test } from 'vitest';
import type { ContainerSpec } from '../../src/job/fan-out.js';
import { plainNeeds } from '../../src/job/job.js';
import { containerProcess } from '../../src/worker/container.js';

const spec: ContainerSpec = {
  engine: 'docker',
  image: 'image',
  pull: 'missing',
  ...{ registry: undefined, environment: {}, volumes: [], options: [] },
  ...{ workdir: undefined, network: undefined, shm: undefined },
};

function processOf(gpus: number, env: Record<string, string>): { argv: readonly string[]; lines: string[] } {
  const { argv, env: outside } = containerProcess({
    ...{ spec, name: 'fjr-t-0', run: 'r', crew: 'c', argv: ['true'], env, archive: '' },
    ...{ needs: { ...plainNeeds, gpus }, script: ['container.sh'] },
  });
  return { argv, lines: (outside['FJR_CONTAINER_ENV'] ?? '').split('\n') };
}

describe('GPUs of a container', () => {
  test('are those that the job was given, and in it they begin with 0', () => {
    const { argv, lines } = processOf(2, { CUDA_VISIBLE_DEVICES: '1,GPU-a' });
    expect(argv).toContain('"device=1,GPU-a"');
    expect(lines).toContain('CUDA_VISIBLE_DEVICES=0,1');
  });

  test('are none where none were asked for', () => {
    const { argv, lines } = processOf(0, { A: 'b' });
    expect(argv).not.toContain('--gpus');
    expect(lines).toEqual(['A=b']);
  });
});
