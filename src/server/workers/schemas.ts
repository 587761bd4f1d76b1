import * as z from 'zod';
import { uploadTypes } from '../../job/decode/decode-job.js';
import { parseGoDuration } from '../../job/spec/go-duration.js';
import { growing } from './slices.js';
import { stages } from './stage.js';

/** What becomes a word of a command line, or a variable: neither can hold NUL. */
const word = z.string().refine((value) => !value.includes('\0'), { error: 'expected text without NUL' });

const text = word.nullish().transform((value) => value ?? null);

function number(least: number, most: number): z.ZodType<number | null> {
  return z
    .number()
    .int()
    .min(least)
    .max(most)
    .nullish()
    .transform((value) => value ?? null);
}

/** A path below some directory; `..` leads nowhere. */
const pathBelow = z.string().refine((path) => isBelow(path), {
  error: 'expected a path below the directory of files, without ".."',
});

export function isBelow(path: string): boolean {
  return !path.includes('\0') && !path.split('/').includes('..');
}

/** Bytes of a job's whole file may be no more than of any other; what is in it may be as long. */
const jobSpecs = z.object({
  app: z.object({
    cmd: z
      .array(word)
      .nullish()
      .transform((value) => value ?? null),
    env: z
      .record(z.string().regex(/^[^=\0]+$/), word)
      .nullish()
      .transform((value) => value ?? null),
  }),
  handler: z.object({
    image_url: text,
    image_name: text,
    image_version: text,
    entrypoint: z
      .union([word, z.array(word)])
      .nullish()
      .transform((value) => value ?? null),
    files_down: z
      .record(pathBelow, pathBelow)
      .nullish()
      .transform((value) => value ?? null),
    files_up: z
      .partialRecord(z.enum(uploadTypes), pathBelow)
      .nullish()
      .transform((value) => value ?? null),
  }),
  meta: z.looseObject({ job_id: z.number().int(), date_created: z.string() }),
  hardware: z.object({
    cpu_cores: number(0, 1e6),
    memory: number(0, 1e12),
    gpu_model: text,
    gpu_archi: text,
    gpu_mem: number(0, 1e9),
  }),
});

/** Body of `POST /_jobs`. */
export const submittedJob = z.object({
  job: jobSpecs,
  environment: z
    .enum(['cloud', 'local'])
    .nullish()
    .transform((value) => value ?? null),
  group: text,
  priority: z.number().int().min(-1e9).max(1e9).default(5),
  paths_upload: z.object({ output: pathBelow, log: pathBelow, artifact: pathBelow }),
});

function whole(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^-?\d+$/, 'Input should be a valid integer')
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

const seconds = z
  .string()
  .transform((value) => (/^\d+$/.test(value) ? Number(value) : parseGoDuration(value)))
  .pipe(z.number({ error: 'expected a duration such as 30s' }).min(0));

/** Query of `GET /jobs`. MB, as DECODE counts them. */
export const jobsQuery = z.object({
  memory: whole(0, 1e12),
  cpu_cores: whole(0, 1e6).default(1),
  gpu_mem: whole(0, 1e9).optional(),
  /** What DECODE's own fetcher says for gpu_mem. */
  gpu_memory: whole(0, 1e9).optional(),
  gpu_model: z.string().optional(),
  gpu_archi: z.string().optional(),
  groups: z.array(z.string()),
  limit: whole(1, 100).default(1),
  older_than: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'Input should be a valid number')
    .transform(Number)
    .pipe(z.number().max(1e12))
    .default(0),
  // What only workers of fjr say.
  wait: seconds.optional(),
  fjr: z.string().optional(),
  labels: z.array(z.string()),
  gpus: whole(0, 10_000).optional(),
  instance: z.string().max(64).default(''),
});

/** Query of `PUT /jobs/ID/status`. */
export const statusQuery = z.object({
  status: z.enum(stages),
  runtime_details: z.string().default(''),
});

/** What a worker of fjr says at the end, in the body. */
export const ending = z.object({
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('exit'), code: z.number().int().min(0).max(255) }),
    z.object({ kind: z.literal('signal'), signal: z.string().max(20) }),
    z.object({ kind: z.literal('timeout'), seconds: z.number().min(0) }),
    z.object({ kind: z.literal('spawn-error'), reason: z.string().max(10_000) }),
    z.object({ kind: z.literal('rejected'), reason: z.string().max(10_000) }),
    z.object({ kind: z.literal('cancelled') }),
  ]),
  ms: z.number().min(0).default(0),
});

/** The same of a slice. */
export const sliceEnding = z.object({
  slice: z.object({ tasks: z.number().int().min(0), failed: z.number().int().min(0), ms: z.number().min(0) }),
});

/** Query of `PUT /jobs/ID/grow`. */
export const growQuery = z.object({ file: z.enum(growing), offset: whole(0, Number.MAX_SAFE_INTEGER) });

/** Query of `POST /jobs/ID/files/…`. */
export const filesQuery = z.object({ type: z.enum(uploadTypes), base_path: z.string().default('') });
