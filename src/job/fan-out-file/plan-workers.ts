import type { LogFiles } from '../fan-out.js';
import type { WorkersPlan } from './plan.js';
import type { Report } from './report.js';
import { readSshHosts } from './ssh-host.js';
import type { WorkersConfig } from './workers-schema.js';
import type { FanOutFileWorld } from './world.js';

export function planWorkers(
  config: WorkersConfig | undefined,
  world: FanOutFileWorld,
  report: Report,
): WorkersPlan {
  if (config?.local !== undefined) return { kind: 'local', workers: config.local };
  if (config?.file === undefined) return { kind: 'crews' };
  const { path } = config.file;
  const place = ['workers', 'file', 'path'];
  const hosts = report.attempt(place, () => [...readSshHosts(path, world.lines(path))], undefined);
  if (hosts?.length === 0) report.key(place, `${path} names no host`, 'a line user@host is a worker');
  const { privateKey, port, options = [] } = config.ssh ?? {};
  return {
    kind: 'ssh',
    path,
    hosts: (hosts ?? []).map((host) => ({ ...host, port: host.port ?? port })),
    privateKey,
    options,
  };
}

export function planLogFiles(config: WorkersConfig | undefined): LogFiles | undefined {
  if (config?.logs?.file === undefined) return undefined;
  const { directory, stdout = true, stderr = true, system = true } = config.logs.file;
  return { directory, stdout, stderr, system };
}
