import type { JobSpecs } from '../../job/decode/decode-job.js';
import { type DecodeJob, parseDecodeJob } from '../../job/decode/decode-job.js';
import { failuresOf, parseEntryName } from '../../queue/entry-name.js';
import type { Held } from './remote-crew.js';
import type { SliceParts } from './slices.js';

/** The job as DECODE describes it, if it came that way. */
export function decodeJobOf({ job, content }: Pick<Held, 'job' | 'content'>): DecodeJob | undefined {
  return job.command.kind === 'decode' ? parseDecodeJob(content) : undefined;
}

/** How the ids of files begin that belong to a job that is no DECODE job: `job:ID:PATH`; without a path, its job file. */
export function fileIdOf(id: string, path: string): string {
  return `job:${id}:${path}`;
}

export function parseFileId(fileId: string): { readonly job: string; readonly path: string } | undefined {
  const [, job, path] = /^job:([^:/]+):(.*)$/s.exec(fileId) ?? [];
  return job === undefined || path === undefined ? undefined : { job, path };
}

/** What a worker of fjr is told of a job file: it runs it as it is. `inputs`: paths below its directory. */
export function describeJobFile(
  held: Held,
  project: string,
  inputs: readonly string[],
  created: string,
  slice?: SliceParts & { readonly run: string },
): JobSpecs {
  const { entry, job, executable, crew } = held;
  const { job: name, counts } = parseEntryName(entry);
  const { id } = held;
  return {
    app: { cmd: null, env: null },
    handler: {
      ...{ image_url: null, image_name: null, image_version: null, entrypoint: null },
      files_down: Object.fromEntries(inputs.map((path) => [path, fileIdOf(id, path)])),
      files_up: null,
    },
    meta: {
      job_id: 0,
      date_created: created,
      fjr: {
        ...(slice === undefined ? { kind: 'job' } : { kind: 'slice', ...slice }),
        ...{ entry, project, name, executable, job: fileIdOf(id, ''), items: crew.itemsOf(held) },
        ...{ outputs: job.outputs, timeout: job.timeout ?? null },
        ...{ attempt: failuresOf(counts) + 1, worker: `${crew.id}.1` },
      },
    },
    hardware: {
      cpu_cores: job.needs.cpus,
      memory: Math.ceil(job.needs.memory / (1024 * 1024)),
      ...{ gpu_model: job.needs.gpu?.model ?? null, gpu_archi: job.needs.gpu?.architecture ?? null },
      gpu_mem: job.needs.gpus === 0 ? null : Math.ceil((job.needs.gpu?.memory ?? 0) / (1024 * 1024)),
    },
  };
}
