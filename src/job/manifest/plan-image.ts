import { isAbsolute, join } from 'node:path/posix';
import { checkReadable } from '../fan-out-file/plan-input.js';
import type { Report } from '../fan-out-file/report.js';
import type { FanOutFileWorld } from '../fan-out-file/world.js';
import type { ContainerSpec } from '../fan-out.js';
import type { ImageBuild, ManifestPlan } from './plan.js';
import type { ManifestConfig } from './schema.js';

/** `containers`: whether any are wanted; else ranks are plain processes, whatever image is named. */
export function planImage(
  config: ManifestConfig,
  world: FanOutFileWorld,
  report: Report,
  containers: boolean,
): Pick<ManifestPlan, 'container' | 'build' | 'context'> {
  const { builder, spec } = config;
  const context = report.attempt(['builder', 'context'], () => world.directory(builder?.context ?? '.'), '');
  if (builder !== undefined && spec.image !== undefined && spec.image !== builder.image)
    report.key(
      ['spec', 'image'],
      `it is not the image that is built, ${builder.image}`,
      'name that one, or leave out builder',
    );
  const image = spec.image ?? builder?.image;
  if (image === undefined || !containers) return { container: undefined, build: undefined, context };
  const engine = spec.engine ?? 'docker';
  const build = builder === undefined ? undefined : planBuild({ ...builder, engine, context }, world, report);
  return { container: containerOf(spec, engine, image, build), build, context };
}

function planBuild(
  {
    image,
    dockerfile = './Dockerfile',
    engine,
    context,
  }: {
    readonly image: string;
    readonly dockerfile?: string | undefined;
    readonly engine: string;
    readonly context: string;
  },
  world: FanOutFileWorld,
  report: Report,
): ImageBuild {
  const path = isAbsolute(dockerfile) ? dockerfile : join(context, dockerfile);
  // Without a context it cannot be there, and that is told already.
  if (context !== '') checkReadable(['builder', 'dockerfile'], path, world, report);
  return { engine, name: image, dockerfile: path, context };
}

function containerOf(
  { volumes = [], network = 'host' }: ManifestConfig['spec'],
  engine: string,
  image: string,
  build: ImageBuild | undefined,
): ContainerSpec {
  return {
    engine,
    image,
    pull: build === undefined ? 'always' : 'load',
    registry: undefined,
    environment: {},
    volumes,
    workdir: undefined,
    network,
    shm: undefined,
    // The manifest's command is all that runs: an image's entry point would be put before it.
    options: ['--entrypoint', ''],
  };
}
