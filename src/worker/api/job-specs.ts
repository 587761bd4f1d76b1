import type { FanOut, TaskInput } from '../../job/fan-out.js';
import { shorten } from '../../job/shorten.js';
import type { UploadType } from './api-client.js';

/** Why a job of a server is not run. */
export class JobSpecsError extends Error {}

/** What a job needs that is not the same for all GPUs. */
export interface GpuNeed {
  /** Null: any. */
  readonly model: string | null;
  readonly architecture: string | null;
  /** MiB. */
  readonly memory: number;
}

/** What a server says of a job: DECODE's JobSpecs. */
export interface JobSpecs {
  /** Words that are joined to a line for the shell; undefined: what the image does by itself. */
  readonly cmd: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly image: string | undefined;
  /** The words of what is run in place of what the image would run by itself; none: it is left alone. */
  readonly entrypoint: readonly string[];
  /** Paths in the job's directory, and which file of the server each is. */
  readonly filesDown: readonly (readonly [path: string, fileId: string])[];
  /** Which directories in the job's directory hold what is to be sent. */
  readonly filesUp: readonly (readonly [type: UploadType, directory: string])[];
  /** Null: any. */
  readonly cpus: number | null;
  /** MiB; 0: any. */
  readonly memory: number;
  /** Undefined: it needs none. */
  readonly gpu: GpuNeed | undefined;
  /** Undefined: it is a container or a command, as DECODE has them. */
  readonly fjr: FjrJob | undefined;
}

/** A job file of an fjr project, which is run as it is; or tasks of a fan-out job. */
export interface FjrJob {
  readonly kind: 'job' | 'slice';
  /** The entry's name. */
  readonly entry: string;
  readonly executable: boolean;
  /** Which file of the server the job file is. */
  readonly file: string;
  /** Paths and patterns of what is to be sent. */
  readonly outputs: readonly string[];
  readonly project: string | undefined;
  /** What the server calls the worker that it runs on. */
  readonly worker: string | undefined;
  /** The pool items that it holds. */
  readonly items: readonly Item[];
  /** Of a slice: the fan-out job that it is of. */
  readonly run: RunPart | undefined;
}

/** What a slice needs of its fan-out job. */
export interface RunPart {
  readonly name: string;
  readonly fanOut: FanOut;
  readonly inputs: readonly (readonly [task: number, input: TaskInput])[];
}

export interface Item {
  readonly pool: string;
  readonly item: string;
  readonly value: string;
}

/** Throws JobSpecsError. */
export function readJobSpecs(value: unknown): JobSpecs {
  const specs = new Fields('', value, ['app', 'handler', 'meta', 'hardware']);
  const app = new Fields('app', specs.get('app'), ['cmd', 'env']);
  const handler = new Fields('handler', specs.get('handler'), handlerFields);
  const hardware = new Fields('hardware', specs.get('hardware'), hardwareFields);
  const memory = hardware.number('gpu_mem', 0) ?? 0;
  const [model, architecture] = [hardware.text('gpu_model') ?? null, hardware.text('gpu_archi') ?? null];
  return {
    cmd: app.texts('cmd'),
    env: Object.fromEntries(app.map('env')),
    image: imageOf(handler),
    entrypoint: handler.words('entrypoint'),
    filesDown: handler.map('files_down'),
    filesUp: handler.map('files_up').map(([type, directory]) => [uploadType(type), directory] as const),
    cpus: hardware.number('cpu_cores', 1) ?? null,
    memory: hardware.number('memory', 0) ?? 0,
    gpu:
      model === null && architecture === null && memory === 0 ? undefined : { model, architecture, memory },
    fjr: readFjr(specs.get('meta')),
  };
}

const handlerFields = ['image_url', 'image_name', 'image_version', 'entrypoint', 'files_down', 'files_up'];
const hardwareFields = ['cpu_cores', 'memory', 'gpu_model', 'gpu_archi', 'gpu_mem'];

function imageOf(handler: Fields): string | undefined {
  const url = handler.text('image_url');
  const [name, version] = [handler.text('image_name'), handler.text('image_version')];
  if (url !== undefined) return url;
  return name === undefined || version === undefined ? name : `${name}:${version}`;
}

function uploadType(text: string): UploadType {
  if (text === 'output' || text === 'log' || text === 'artifact') return text;
  throw new JobSpecsError(`handler.files_up names "${shorten(text)}" (expected output, log or artifact)`);
}

/** What kind of job it is: here, and nowhere else. */
function readFjr(meta: unknown): FjrJob | undefined {
  const value = ((meta ?? {}) as { readonly fjr?: unknown }).fjr;
  if (value === undefined || value === null) return undefined;
  const fields = new Fields('meta.fjr', value, undefined);
  const kind = fields.text('kind') ?? '';
  switch (kind) {
    case 'job':
    case 'slice':
      return {
        kind,
        run: kind === 'slice' ? readRun(fields) : undefined,
        entry: fields.required('entry'),
        executable: fields.get('executable') === true,
        file: fields.required('job'),
        outputs: fields.texts('outputs') ?? [],
        project: fields.text('project'),
        worker: fields.text('worker'),
        items: readItems(fields.get('items')),
      };
    default:
      throw new JobSpecsError(
        `meta.fjr.kind is "${shorten(kind)}", of which this worker knows nothing (expected job or slice): it may be older than its server`,
      );
  }
}

/** Only servers of fjr say this, of what they have written themselves. */
function readRun(fields: Fields): RunPart {
  const [fanOut, inputs] = [fields.get('fanOut'), fields.get('inputs')];
  const { job } = (fanOut ?? {}) as Partial<FanOut>;
  if (job === undefined || !Array.isArray(inputs))
    throw new JobSpecsError('meta.fjr says nothing of the run that the slice is of');
  return { name: fields.required('run'), fanOut: fanOut as FanOut, inputs: inputs as RunPart['inputs'] };
}

function readItems(value: unknown): Item[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.map((one) => {
    const fields = new Fields('meta.fjr.items', one, undefined);
    return {
      pool: fields.required('pool'),
      item: fields.required('item'),
      value: fields.text('value') ?? '',
    };
  });
}

/** Some fields of an answer, each read as what it must be. A field that nobody knows may mean that we would do the wrong thing. */
class Fields {
  readonly #path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(path: string, value: unknown, known: readonly string[] | undefined) {
    this.#path = path;
    if (typeof (value ?? {}) !== 'object' || Array.isArray(value))
      throw new JobSpecsError(`${path === '' ? 'the job' : path} is ${shown(value)} (expected an object)`);
    this.#fields = (value ?? {}) as Record<string, unknown>;
    for (const [name, content] of Object.entries(this.#fields))
      if (known?.includes(name) === false && content !== null)
        throw new JobSpecsError(
          `this worker does not know what ${this.#named(name)} asks for (it knows ${known.join(', ')})`,
        );
  }

  get(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }

  required(name: string): string {
    const text = this.text(name);
    if (text === undefined) throw this.#wrong(name, 'a text');
    return text;
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string' && !value.includes('\0')) return value;
    throw this.#wrong(name, 'a text');
  }

  /** A line, or its words. */
  words(name: string): readonly string[] {
    const value = this.get(name);
    if (Array.isArray(value)) return this.texts(name) ?? [];
    return (this.text(name) ?? '').split(/\s+/).filter((word) => word !== '');
  }

  number(name: string, least: number): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= 1e12) return value;
    throw this.#wrong(name, `a number, at least ${least}`);
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes('\0')))
      return value as string[];
    throw this.#wrong(name, 'a list of texts');
  }

  map(name: string): [string, string][] {
    const value = this.get(name);
    if (value === undefined) return [];
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.#wrong(name, 'an object');
    return Object.entries(value).map(([key, item]: [string, unknown]) => {
      if (typeof item === 'number' || typeof item === 'boolean') return [key, String(item)];
      if (typeof item === 'string' && !item.includes('\0') && !key.includes('\0')) return [key, item];
      throw this.#wrong(`${name}.${key}`, 'a text');
    });
  }

  #wrong(name: string, expected: string): JobSpecsError {
    return new JobSpecsError(`${this.#named(name)} is ${shown(this.#fields[name])} (expected ${expected})`);
  }

  #named(name: string): string {
    return shorten(this.#path === '' ? name : `${this.#path}.${name}`);
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : shorten(JSON.stringify(value));
}
