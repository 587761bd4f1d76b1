import { onPath } from './on-path.js';

/** What nvidia-smi tells of a GPU. */
export interface Gpu {
  /** As CUDA_VISIBLE_DEVICES calls it. */
  readonly name: string;
  /** '' where nobody knows. */
  readonly model: string;
  /** `ampere`; '' where nobody knows. */
  readonly architecture: string;
  /** MiB; 0 where nobody knows. */
  readonly memory: number;
}

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
  const list = await askNvidia(['--list-gpus']);
  return (list ?? '').split('\n').filter((line) => line.startsWith('GPU ')).length;
}

/** The same, with what they are. */
export async function describeGpus(): Promise<Gpu[]> {
  const all = await listGpus();
  if ((process.env['CUDA_VISIBLE_DEVICES'] ?? '') === '') return all.map(({ gpu }) => gpu);
  return givenGpus().map((name) => {
    const known = all.find(({ gpu, uuid }) => gpu.name === name || uuid.startsWith(name));
    return { ...(known?.gpu ?? unknownGpu), name };
  });
}

export const unknownGpu: Gpu = { name: '', model: '', architecture: '', memory: 0 };

interface ListedGpu {
  readonly gpu: Gpu;
  readonly uuid: string;
}

async function listGpus(): Promise<ListedGpu[]> {
  const query = (fields: string): string[] => [`--query-gpu=${fields}`, '--format=csv,noheader,nounits'];
  // Older drivers do not know the last field, and then tell nothing at all.
  const text =
    (await askNvidia(query('index,uuid,memory.total,name,compute_cap'))) ??
    (await askNvidia(query('index,uuid,memory.total,name')));
  return (text ?? '')
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter(([index = '']) => /^\d+$/.test(index))
    .map(([name = '', uuid = '', memory = '', model = '', capability = '']) => ({
      uuid,
      gpu: {
        name,
        model,
        architecture: architectureOf(capability),
        memory: Number.parseInt(memory, 10) || 0,
      },
    }));
}

/** Names of NVIDIA's generations by compute capability, newest first: each from its own number up to the next. */
const generations: readonly (readonly [least: number, name: string])[] = [
  [10, 'blackwell'],
  [9, 'hopper'],
  [8.9, 'ada'],
  [8, 'ampere'],
  [7.5, 'turing'],
  [7, 'volta'],
  [6, 'pascal'],
  [5, 'maxwell'],
  [3, 'kepler'],
];

function architectureOf(capability: string): string {
  const number = Number.parseFloat(capability);
  return generations.find(([least]) => number >= least)?.[1] ?? '';
}

/** Undefined: there is no nvidia-smi, or it failed. */
async function askNvidia(args: readonly string[]): Promise<string | undefined> {
  if (onPath('nvidia-smi') === undefined) return undefined;
  const { execa } = await import('execa');
  const result = await execa('nvidia-smi', args, { reject: false, stdin: 'ignore', timeout: 10_000 });
  return result.failed ? undefined : result.stdout;
}
