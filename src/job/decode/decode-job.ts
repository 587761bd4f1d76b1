import { environmentPrefix } from '../capacity.js';
import type { GpuKind, Needs } from '../job.js';
import { JobFileError } from '../settings.js';

/** What a worker of DECODE OpenCloud is told of a job. What is not said is null. */
export interface JobSpecs {
  readonly app: {
    readonly cmd: readonly string[] | null;
    readonly env: Readonly<Record<string, string>> | null;
  };
  readonly handler: {
    readonly image_url: string | null;
    readonly image_name: string | null;
    readonly image_version: string | null;
    readonly entrypoint: string | readonly string[] | null;
    /** Path below the job's directory → the file's id. */
    readonly files_down: Readonly<Record<string, string>> | null;
    /** What kind of files lies in which directory below the job's. */
    readonly files_up: Readonly<Partial<Record<UploadType, string>>> | null;
  };
  readonly meta: Readonly<Record<string, unknown>> & {
    readonly job_id: number;
    readonly date_created: string;
  };
  readonly hardware: {
    readonly cpu_cores: number | null;
    /** MB, as `gpu_mem`. */
    readonly memory: number | null;
    readonly gpu_model: string | null;
    readonly gpu_archi: string | null;
    readonly gpu_mem: number | null;
  };
}

export const uploadTypes = ['output', 'log', 'artifact'] as const;
export type UploadType = (typeof uploadTypes)[number];

/** A job as it is given to DECODE's queue. */
export interface SubmittedJob {
  readonly job: JobSpecs;
  readonly environment: 'cloud' | 'local' | null;
  readonly group: string | null;
  /** Higher goes first. */
  readonly priority: number;
  /** Directories among the project's files in which what the job uploads is put. */
  readonly paths_upload: Readonly<Record<UploadType, string>>;
}

/** The job file that is made of it. */
export interface DecodeJob {
  /** What people ask for it by; no two jobs have the same. */
  readonly decode: number;
  /** When it was submitted; ISO 8601. */
  readonly created: string;
  /** Whether no worker is to have it that has lost it before. */
  readonly retryDifferent: boolean;
  readonly submitted: SubmittedJob;
}

/** What crews are labelled with that take such jobs. */
export const decodeLabel = 'decode';

/** Bytes. */
export const megabyte = 1024 * 1024;

const start = /^\{\s*"decode":/;

export function looksLikeDecodeJob(head: Uint8Array): boolean {
  return start.test(Buffer.from(head.subarray(0, 64)).toString('latin1'));
}

export function formatDecodeJob({ decode, ...rest }: DecodeJob): string {
  return `${JSON.stringify({ decode, ...rest }, undefined, 2)}\n`;
}

/** Throws JobFileError. These files are written by programs, which have checked what stands in them. */
export function parseDecodeJob(content: Uint8Array): DecodeJob {
  let job: Partial<DecodeJob> = {};
  try {
    job = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)) as Partial<DecodeJob>;
  } catch {
    // Said below.
  }
  const { decode, created, submitted } = job;
  if (!Number.isSafeInteger(decode) || typeof created !== 'string' || typeof submitted?.job !== 'object')
    throw new JobFileError('the job is cut short or was changed', 'submit it again where it came from');
  return job as DecodeJob;
}

/** What the job's file is called. */
export function decodeJobName(id: number): string {
  return `decode-${id}.json`;
}

/** Which job a file of such a name would be; other files may be called so, too. */
export function idOfDecodeJobName(name: string): number | undefined {
  const [, digits] = /^decode-([1-9]\d{0,14})\.json$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function needsOf({ job: { hardware }, environment, group }: SubmittedJob): Needs {
  const { cpu_cores: cpus, memory, gpu_mem: gpuMemory, gpu_model: model, gpu_archi: architecture } = hardware;
  const gpu: GpuKind = {
    memory: (gpuMemory ?? 0) * megabyte,
    model: model ?? undefined,
    architecture: architecture ?? undefined,
  };
  const needsGpu = gpu.memory > 0 || gpu.model !== undefined || gpu.architecture !== undefined;
  return {
    cpus: Math.max(1, cpus ?? 1),
    memory: (memory ?? 0) * megabyte,
    gpus: needsGpu ? 1 : 0,
    resources: [],
    labels: [decodeLabel, ...(environment === null ? [] : [`${environmentPrefix}${environment}`])],
    seconds: 0,
    portable: true,
    ...(needsGpu ? { gpu } : {}),
    ...(group === null ? {} : { group }),
  };
}
