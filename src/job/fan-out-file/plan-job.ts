import type { ContainerSpec, FanOut, TaskCommand } from '../fan-out.js';
import { jobDefaults, plainNeeds } from '../job.js';
import type { DockerConfig } from './docker-schema.js';
import type { FanOutFileConfig, MaxFailures } from './schema.js';

/** What each task is given, and what it needs. */
export function planJob(config: FanOutFileConfig): FanOut['job'] {
  const { timeout, retries, priority, nice, cpus, memory, gpus, labels, workdir, env } = config;
  const retryDelay = config.retry_delay ?? config['retry-delay'];
  return {
    timeout,
    retries: retries ?? jobDefaults.retries,
    retryDelay: retryDelay ?? jobDefaults.retryDelay,
    priority: priority ?? jobDefaults.priority,
    nice: nice ?? jobDefaults.nice,
    needs: {
      ...plainNeeds,
      cpus: cpus ?? plainNeeds.cpus,
      memory: memory ?? plainNeeds.memory,
      gpus: gpus ?? plainNeeds.gpus,
      labels: labels ?? plainNeeds.labels,
      seconds: timeout ?? 0,
      ...(config.portable === true ? { portable: true } : {}),
    },
    workdir,
    env: env ?? {},
  };
}

export function planCommand(command: string | readonly string[]): TaskCommand {
  return typeof command === 'string' ? { kind: 'shell', line: command } : { kind: 'argv', argv: command };
}

export function planDocker(config: DockerConfig | undefined): ContainerSpec | undefined {
  if (config === undefined) return undefined;
  const { image, workdir, network, shm, registry } = config;
  return {
    image,
    engine: config.engine ?? 'docker',
    registry: registry === undefined ? undefined : { ...registry, server: registry.server },
    pull: config.pull ?? 'always',
    environment: config.environment ?? {},
    volumes: config.volumes ?? [],
    workdir,
    network,
    shm,
    options: config.options ?? [],
  };
}

export function planFailures({ max_failures, fail_fast }: FanOutFileConfig): MaxFailures | undefined {
  return fail_fast === true ? { kind: 'tasks', tasks: 0 } : max_failures;
}
