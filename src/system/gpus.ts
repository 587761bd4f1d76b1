import { onPath } from './on-path.js';

/** The GPUs that somebody, say a batch system, left to this process; empty where nobody said anything. */
export function givenGpus(): string[] {
  const given = process.env['CUDA_VISIBLE_DEVICES'] ?? '';
  return given
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^(\d+|GPU-|MIG-)/.test(name));
}

/** GPUs that we were given, or that nvidia-smi lists on this host; 0 where there is none. */
export async function countGpus(): Promise<number> {
  if ((process.env['CUDA_VISIBLE_DEVICES'] ?? '') !== '') return givenGpus().length;
  if (onPath('nvidia-smi') === undefined) return 0;
  const { execa } = await import('execa');
  const result = await execa('nvidia-smi', ['--list-gpus'], {
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
  });
  return result.failed ? 0 : result.stdout.split('\n').filter((line) => line.startsWith('GPU ')).length;
}
