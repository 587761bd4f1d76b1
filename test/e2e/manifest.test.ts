import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { FanOut } from '../../src/job/fan-out.js';
import { tfExample } from '../job/manifest/examples.js';
import { outcomesOf } from '../rig/fan-out.js';
import { type Rig, test } from '../rig/rig.js';

/** Writes a manifest, and a Dockerfile beside it. */
function write(rig: Rig, text: string): string {
  const file = `${rig.directory}/manifest.yaml`;
  writeFileSync(file, text);
  writeFileSync(`${rig.directory}/Dockerfile`, 'FROM scratch\n');
  return file;
}

/** AIchor's example with another command, and little memory. */
function running(command: string): string {
  return tfExample.replace('"python -u src/main.py"', command).replace('ramRatio: 1', 'ramRatio: 0.01');
}

const heavy = `kind: AIchorManifest
apiVersion: 0.2.2
builder: { image: team/sim, context: sub, dockerfile: ../Dockerfile }
spec:
  operator: jobset
  command: [sim, '{{ Env "SECRET" }}']
  failure: retry-rank
  labels: fast
  types:
    heavy:
      count: 1
      resources:
        { cpus: 60, ramRatio: 2, shmSizeGB: 16, accelerators: { gpu: { count: 2, product: nvidia-tesla-t4 } } }
    worker: { count: 4, completions: 10, parallelisms: 2, resources: { cpus: 2, ramRatio: 0.25 } }
`;

describe('fjr check manifest.yaml', () => {
  test('says what ranks there would be, with which image, and how many together', async ({ rig }) => {
    const file = write(rig, heavy);
    mkdirSync(`${rig.directory}/sub`);
    const env = { SECRET: 'hunter22' };
    const { code, stdout, stderr } = await rig.run('fjr', ['check', file], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`${file} is fine: 41 ranks, told by jobset
  command  docker run team/sim sim ***
  image    team/sim, built by docker from ${rig.directory}/Dockerfile
  type     heavy: 1 rank, each with 60 CPUs, 120 GB of memory, 16 GB of it shared, 2 GPUs, label fast, label nvidia-tesla-t4
  type     worker: 4 × 10 ranks, 2 at a time, each with 2 CPUs, 0.5 GB of memory, label fast
  failure  retry-rank: one that fails is tried again, 3 times
  at once  9, all or none: the project’s crews have 0 workers now
`);
    const json = await rig.run('fjr', ['--json', 'check', '--no-container', file], { env });
    expect(JSON.parse(json.stdout)).toEqual({
      file,
      operator: 'jobset',
      failure: 'retry-rank',
      retries: 3,
      ranks: 41,
      together: 9,
      workers: 0,
      command: 'sim ***',
      container: null,
      build: null,
      directory: `${rig.directory}/sub`,
      types: [
        {
          name: 'heavy',
          count: 1,
          completions: 1,
          parallelisms: 1,
          cpus: 60,
          memory: 120 * 2 ** 30,
          gpus: 2,
          shm: 16 * 2 ** 30,
          labels: ['fast', 'nvidia-tesla-t4'],
        },
        {
          name: 'worker',
          count: 4,
          completions: 10,
          parallelisms: 2,
          cpus: 2,
          memory: 2 ** 29,
          gpus: 0,
          shm: null,
          labels: ['fast'],
        },
      ],
    });
  });

  test('tells all that is wrong, as fjr submit and fjr run do', async ({ rig }) => {
    const file = write(rig, tfExample.replace('count', 'coun').replace('context: .', 'context: ./none'));
    for (const command of ['check', 'submit', 'run']) {
      const { code, stdout, stderr } = await rig.run('fjr', [command, file]);
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: '',
        stderr: `fjr: ${file} has 2 problems:
  line 15, column 5: "count" is missing in spec.types.Worker (expected a whole number from 1 to 10000)
  line 16, column 7: unknown key "coun" in spec.types.Worker (did you mean "count"?)
`,
      });
    }
  });
});

describe('fjr run manifest.yaml --no-container', () => {
  test('runs each rank in the context, and tells it who it is', async ({ rig }) => {
    const file = write(rig, running(`'echo "$RANK/$WORLD_SIZE $TF_CONFIG" {} $(pwd)'`));
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file, '--no-container']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^manifest-(\S+)\.run: 5 ranks\nmanifest-\1\.run: done\n$/);
    const project = rig.project();
    const directory = `${project.root}/done/${project.entries('done')[0]!}`;
    const { gang } = JSON.parse(readFileSync(`${directory}/fan-out.json`, 'utf8')) as FanOut;
    const worker = [0, 1, 2, 3, 4].map((rank) => `localhost:${gang!.port + rank}`);
    const { output } = outcomesOf(directory);
    for (const index of [0, 1, 2, 3, 4]) {
      const config = { cluster: { worker }, task: { type: 'worker', index } };
      expect(output(index)).toBe(`${index}/5 ${JSON.stringify(config)} {} ${rig.directory}\n`);
    }
  }, 30_000);

  test('gives a rank that is alone no TF_CONFIG', async ({ rig }) => {
    const file = write(
      rig,
      running(`'echo "$RANK/$WORLD_SIZE \${TF_CONFIG-none}"'`).replace('count: 5', 'count: 1'),
    );
    expect((await rig.run('fjr', ['run', file, '--no-container'])).code).toBe(0);
    const project = rig.project();
    const { output } = outcomesOf(`${project.root}/done/${project.entries('done')[0]!}`);
    expect(output(0)).toBe('0/1 none\n');
  }, 30_000);

  test('is also how fjr submit queues them', async ({ rig }) => {
    const file = write(rig, tfExample);
    const { code, stdout } = await rig.run('fjr', ['submit', '--name', 'five', '--no-container', file]);
    expect(code).toBe(0);
    const path = `${rig.project().root}/jobqueue/${stdout.trim()}/fan-out.json`;
    const fanOut = JSON.parse(readFileSync(path, 'utf8')) as FanOut;
    expect(stdout).toMatch(/^five-\w+\.run\n$/);
    expect(fanOut).toMatchObject({ tasks: 5, shown: 'python -u src/main.py', maxFailures: 0 });
    expect(fanOut.container).toBeUndefined();
    expect(fanOut.gang).toMatchObject({
      operator: 'tf',
      failure: 'fail-all',
      types: [{ name: 'Worker', count: 5 }],
    });
  });
});

describe('what does not go together is told before anything runs:', () => {
  test.for([
    [['run', 'fjr.yaml', '--no-container'], '--no-container goes with manifests, and fjr.yaml is none'],
    [['check', '--no-container', 'fjr.yaml'], '--no-container goes with manifests, and fjr.yaml is none'],
    [['run', '--no-container', 'true'], '--no-container goes with manifests'],
    [['submit', '--no-container', '--', 'true'], '--no-container goes with manifests'],
    [
      ['run', 'manifest.yaml', '--no-container', '--resume', 'x'],
      '--resume goes with fan-out files: ranks all run',
    ],
  ] as const)('%j', async ([args, says], { rig }) => {
    write(rig, tfExample);
    writeFileSync(`${rig.directory}/fjr.yaml`, 'command: echo {}\ninput: [1]\n');
    const { code, stdout, stderr } = await rig.run('fjr', args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`fjr: ${says}`);
  });

  test('an engine that is not there', async ({ rig }) => {
    const file = write(rig, tfExample.replace('operator: tf', 'operator: tf\n  engine: /no/engine'));
    const { code, stdout, stderr } = await rig.run('fjr', ['run', file]);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `fjr: cannot build the image tf-multi-jobs: /no/engine cannot be run here (ENOENT)
hint: install it, name another in spec.engine, or use --no-container: ranks are plain processes then
`,
    });
    expect(rig.project().entries('jobqueue')).toEqual([]);
  });
});
