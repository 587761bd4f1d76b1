import type { ContainerSpec } from '../job/fan-out.js';
import type { Needs } from '../job/job.js';

/** One task's container. */
export interface ContainerLaunch {
  readonly spec: ContainerSpec;
  /** What the container is called: nobody else's is. */
  readonly name: string;
  readonly crew: string;
  readonly needs: Needs;
  /** Inside the container; none: what the image does by itself. */
  readonly argv: readonly string[];
  /** Variables inside the container. */
  readonly env: Readonly<Record<string, string>>;
  /** The run that it is of. */
  readonly run: string;
  /** What a shell reads container.sh from: its path, or the words that stand for its text. */
  readonly script: readonly string[];
  /** Where the image lies, if it is loaded. */
  readonly archive: string;
}

/** The command line and the variables of the process that runs a container (see container.sh). */
export function containerProcess(launch: ContainerLaunch): {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  const { spec, name, script, run, archive, argv } = launch;
  const { engine, pull, image, registry } = spec;
  const { lines, several } = variables({ ...spec.environment, ...launch.env, ...devicesInside(launch) });
  return {
    argv: [
      '/bin/sh',
      ...script,
      engine,
      name,
      run,
      pull,
      image,
      registry?.server ?? '',
      registry?.user ?? '',
      archive,
      ...['--env-file', '/dev/stdin', ...Object.keys(several).flatMap((variable) => ['--env', variable])],
      ...limits(launch),
      ...spec.options,
      image,
      ...argv,
    ],
    env: {
      ...several,
      FJR_CONTAINER_ENV: lines.join('\n'),
      FJR_REGISTRY_PASSWORD: registry?.password ?? '',
      // Whoever looks for processes of this execution finds the watcher, too.
      ...(launch.env['FJR_TOKEN'] === undefined ? {} : { FJR_TOKEN: launch.env['FJR_TOKEN'] }),
    },
  };
}

/** A container sees its own GPUs and no others: there they begin with 0, whatever they are called on the host. */
function devicesInside({ needs, env }: ContainerLaunch): Readonly<Record<string, string>> {
  const devices = env['CUDA_VISIBLE_DEVICES'];
  if (needs.gpus === 0 || devices === undefined) return {};
  return {
    CUDA_VISIBLE_DEVICES: devices
      .split(',')
      .map((_, index) => index)
      .join(','),
  };
}

/** The engine reads a variable on each line; those of several lines come from its own environment. */
function variables(env: Readonly<Record<string, string>>): {
  readonly lines: string[];
  readonly several: Record<string, string>;
} {
  const lines: string[] = [];
  const several: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value.includes('\n')) several[name] = value;
    else lines.push(`${name}=${value}`);
  return { lines, several };
}

function limits({ spec, needs, crew, env }: ContainerLaunch): string[] {
  const { volumes, workdir, network, shm } = spec;
  const option = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, String(value)];
  const memory = needs.memory > 0 ? needs.memory : undefined;
  const gpus = env['CUDA_VISIBLE_DEVICES'];
  return [
    ...option('--label', `fjr.crew=${crew}`),
    ...option('--cpus', needs.cpus),
    ...option('--memory', memory),
    ...option('--memory-swap', memory),
    ...option('--gpus', needs.gpus > 0 && gpus !== undefined ? `"device=${gpus}"` : undefined),
    ...option('--shm-size', shm),
    ...option('--network', network),
    ...option('--workdir', workdir),
    ...volumes.flatMap((volume) => ['--volume', volume]),
    ...option('--mount', env['FJR_SHARD_FILE'] === undefined ? undefined : asItIs(env['FJR_SHARD_FILE'])),
  ];
}

/** A mount that makes a file visible under its own path. The engine reads the fields as those of a line of CSV. */
function asItIs(path: string): string {
  const field = (key: string): string => `"${key}=${path.replaceAll('"', '""')}"`;
  return ['type=bind', field('source'), field('target'), 'readonly'].join(',');
}
