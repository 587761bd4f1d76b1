import { onPath } from './on-path.js';

/** GPUs that nvidia-smi lists on this host; 0 where there is none. */
export async function countGpus(): Promise<number> {
  if (onPath('nvidia-smi') === undefined) return 0;
  const { execa } = await import('execa');
  const result = await execa('nvidia-smi', ['--list-gpus'], {
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
  });
  return result.failed ? 0 : result.stdout.split('\n').filter((line) => line.startsWith('GPU ')).length;
}
