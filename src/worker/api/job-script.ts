import { plainNeeds } from '../../job/job.js';
import { shorten } from '../../job/shorten.js';
import { containerProcess } from '../container.js';
import { type JobSpecs, JobSpecsError } from './job-specs.js';
import { type Share, inMegabytes } from './room.js';

/** What a job's container is made with. */
export interface Containers {
  /** `docker`, `podman`. */
  readonly engine: string;
  /** The path of container.sh. */
  readonly script: string;
  /** What all containers of this worker's directory are labelled with. */
  readonly label: string;
  /** What this worker's containers have in common while it lives. */
  readonly run: string;
}

export interface ScriptOptions {
  readonly specs: JobSpecs;
  readonly share: Share;
  /** How the GPUs are called that it has. */
  readonly gpuNames: readonly string[];
  /** CPUs of the machine. */
  readonly cpus: number;
  /** The job's directory, as the engine knows it. */
  readonly hostDirectory: string;
  /** Undefined: it is a plain process. */
  readonly containers: Containers | undefined;
  /** What the container is called: nobody else's is. */
  readonly name: string;
}

/** Where a job finds its directory in its container. */
const mountPoint = '/files';

/** The job file that the machine's own crew runs for a job of a DECODE server: a script for the shell. Throws JobSpecsError. */
export function jobScript(options: ScriptOptions): string {
  const { share, specs, containers } = options;
  checkVariables(specs.env);
  const lines = [
    '#!/bin/sh',
    `#FJR cpus: ${share.cpus}`,
    `#FJR memory: ${inMegabytes(share.memory)}M`,
    `#FJR gpus: ${share.gpus.length}`,
    '#FJR nice: 0',
    '# What is printed stays in the order in which it is printed.',
    'exec 2>&1',
    ...(containers === undefined ? plainLines(options) : containerLines(options, containers)),
  ];
  return `${lines.join('\n')}\n`;
}

function plainLines({ specs, gpuNames }: ScriptOptions): string[] {
  if (specs.cmd === undefined)
    throw new JobSpecsError('app.cmd is missing, and without a container there is nothing else to run');
  const env = { CUDA_VISIBLE_DEVICES: gpuNames.join(','), ...specs.env };
  return [...exported(env), `exec /bin/sh -c ${quoted(specs.cmd.join(' '))}`];
}

function containerLines(options: ScriptOptions, containers: Containers): string[] {
  const { specs, share, gpuNames, cpus, hostDirectory, name } = options;
  const { engine, script, label, run } = containers;
  if (specs.image === undefined) throw new JobSpecsError('handler.image_url is missing');
  if (specs.image.startsWith('-')) throw new JobSpecsError(`handler.image_url is "${shorten(specs.image)}"`);
  const [entrypoint, ...first] = specs.entrypoint;
  const { argv, env } = containerProcess({
    spec: {
      engine,
      image: specs.image,
      pull: 'never',
      registry: undefined,
      environment: specs.env,
      volumes: [`${hostDirectory}:${mountPoint}`],
      workdir: undefined,
      network: undefined,
      shm: undefined,
      options: [
        ...['--ipc', 'host', '--label', label],
        ...gpuOptions(engine, gpuNames),
        ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
      ],
    },
    name,
    crew: run,
    // What nobody asked for is not limited.
    needs: { ...plainNeeds, cpus: specs.cpus === null ? cpus : share.cpus, memory: share.memory },
    argv: entrypoint === undefined ? shellLine(specs.cmd) : [...first, ...(specs.cmd ?? [])],
    env: {},
    run,
    script: [script],
    archive: '',
  });
  return [...exported(env), `exec ${argv.map(quoted).join(' ')}`];
}

/** Inside, they are numbered from 0, whatever they are called outside: no variable is to say otherwise. */
function gpuOptions(engine: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  if (engine.endsWith('podman')) return names.flatMap((name) => ['--device', `nvidia.com/gpu=${name}`]);
  return ['--gpus', `"device=${names.join(',')}"`];
}

/** As DECODE's fetcher has it: the words make a line for the shell. */
function shellLine(cmd: readonly string[] | undefined): string[] {
  return cmd === undefined ? [] : ['/bin/sh', '-c', cmd.join(' ')];
}

function checkVariables(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(env))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new JobSpecsError(
        `app.env names the variable "${shorten(name)}" (expected letters, digits and _)`,
      );
}

function exported(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
