import * as z from 'zod';
import { parseLabels } from '../labels.js';
import { choice, listOf, parsed, section, text, whole, yesNo } from '../fan-out-file/schema-parts.js';
import {
  command,
  cpuCount,
  delay,
  gpuCount,
  labels,
  niceness,
  priority,
  retryCount,
  timeLimit,
  variables,
} from '../fan-out-file/setting-parts.js';

const gpu = () =>
  section({
    count: gpuCount().describe('How many GPUs each rank has.'),
    type: choice(['gpu']).optional().describe('Always gpu.'),
    product: parsed(
      (value) => (parseLabels(value)?.length === 1 ? value.trim() : undefined),
      'one word of letters, digits, "-", "_" and ".", such as nvidia-tesla-t4',
    )
      .optional()
      .describe('Which GPUs: a label that a crew must have.'),
  });

const resources = () =>
  section({
    cpus: cpuCount().describe('CPUs of each rank.'),
    ramRatio: parsed(
      (value) => number(value, 1 / 1024, 10_000),
      'a number above 0: GB for each CPU',
    ).describe('Memory of each rank, in GB for each of its CPUs; a GB is 1024 × 1024 × 1024 bytes.'),
    shmSizeGB: parsed((value) => number(value, 0, 10_000), 'a number from 0: GB')
      .optional()
      .describe(
        "Size of each rank's /dev/shm in GB; it counts as memory. 0, the default, leaves what the engine gives.",
      ),
    accelerators: section({ gpu: gpu().optional().describe('GPUs of each rank.') })
      .optional()
      .describe('What else each rank has.'),
  });

const rankType = () =>
  section({
    count: ranks().describe('How many there are.'),
    completions: ranks()
      .optional()
      .describe('With operator jobset: how many ranks each of them is. The default is 1.'),
    parallelisms: ranks()
      .optional()
      .describe(
        'With operator jobset: how many ranks of each run at a time; the others follow. The default is 1.',
      ),
    resources: resources().describe('What each rank needs; in a container it has that, and no more.'),
  });

const typeName = 'a name of letters, digits, "-" and "_"';

const types = () => {
  const expected = 'a map with at least one type, such as Worker';
  return z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, { error: typeName }), rankType(), {
      error: expected,
    })
    .refine((value) => Object.keys(value).length > 0, { error: expected })
    .meta({ minProperties: 1 });
};

const builder = () =>
  section({
    image: text('the name of an image').describe('What the image is called.'),
    dockerfile: text('the path of a Dockerfile')
      .optional()
      .describe('What it is built by, as seen from the context. The default is ./Dockerfile.'),
    context: text('a directory')
      .optional()
      .describe("What it is built from, as seen from the manifest's directory. The default is that itself."),
  });

const spec = () =>
  section(
    {
      operator: choice(['tf', 'jobset']).describe(
        'Which variables tell a rank who it is: TF_CONFIG (tf), or JOB_INDEX and its like (jobset). RANK and WORLD_SIZE always do.',
      ),
      image: text('the name of an image')
        .optional()
        .describe(
          'The image that ranks run in: the one that is built, or, without a builder, one that is pulled.',
        ),
      command: command().describe(
        'What each rank runs: a line for /bin/sh, or a list of a program and its exact arguments.',
      ),
      types: types().describe('The ranks, by what they need. Their order is that of the ranks.'),
      failure: choice(['fail-all', 'ignore', 'retry-rank'])
        .optional()
        .describe(
          'What happens when a rank fails: the others are stopped (fail-all, the default), or go on (ignore), or it is ' +
            'tried again, and if that is in vain they are stopped (retry-rank).',
        ),
      retries: retryCount()
        .optional()
        .describe(
          'With failure: retry-rank: how often each kind of failure is tried again. The default is 3.',
        ),
      retryDelay: delay()
        .optional()
        .describe(
          'With failure: retry-rank: how long to wait before the first retry, doubled before each further one. The default is 1s.',
        ),
      timeout: timeLimit()
        .optional()
        .describe(
          'How long each rank may take: seconds, or 90s, 5m, 1h30m. Without it, as long as it takes.',
        ),
      priority: priority().optional().describe('Higher goes first. The default is 0.'),
      nice: niceness().optional().describe('Niceness of the processes. The default is 9.'),
      labels: labels()
        .optional()
        .describe('Labels that a crew must have: a list, or words separated by commas.'),
      env: variables().optional().describe('Variables that each rank gets, in a container too.'),
      portable: yesNo()
        .optional()
        .describe(
          'Whether ranks may also run on hosts that share nothing with the project (fjr-worker --api). They find no files of ' +
            'this host there, and meet at the addresses from which those hosts ask the server.',
        ),
      engine: text('the name of a program')
        .optional()
        .describe('Program with the command line of docker: docker (the default), podman, or a path.'),
      volumes: listOf(text('HOST:CONTAINER, or HOST:CONTAINER:ro'), 'a list of HOST:CONTAINER[:ro]')
        .optional()
        .describe("What is mounted, as in docker run's --volume: HOST:CONTAINER, or HOST:CONTAINER:ro."),
      network: text('the name of a network')
        .optional()
        .describe(
          "Network, as in docker run's --network. The default is host, so that ranks on several hosts can meet.",
        ),
      tensorboard: section({ enabled: yesNo().describe('Always false: fjr starts no TensorBoard.') })
        .optional()
        .describe('A TensorBoard beside the ranks.'),
      debug: section({ jupyter: yesNo().describe('Always false: fjr starts no Jupyter.') })
        .optional()
        .describe('What helps to find mistakes.'),
    },
    'a map with operator, command and types',
  );

/** What a manifest may hold: AIchor's own keys, as far as they mean something without AIchor, and some of fjr's. */
export const manifestSchema = section(
  {
    kind: choice(['AIchorManifest']).describe('Always AIchorManifest.'),
    apiVersion: choice(['0.2.1', '0.2.2']).describe('0.2.1 or 0.2.2, which mean the same here.'),
    builder: builder()
      .optional()
      .describe('How the image is made. Without it, and without spec.image, ranks are plain processes.'),
    spec: spec().describe('The ranks, and what they run.'),
  },
  'a map with kind, apiVersion, builder and spec',
);

export type ManifestConfig = z.output<typeof manifestSchema>;

function ranks() {
  return whole(1, 10_000, 'a whole number from 1 to 10000');
}

function number(value: string, least: number, most: number): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(value.trim())) return undefined;
  const read = Number(value);
  return read >= least && read <= most ? read : undefined;
}
