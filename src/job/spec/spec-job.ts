import { JobFileError } from '../settings.js';

/**
 * The job that a request makes of a spec: all that is needed to run it, in a file of its own. What the request brought
 * is data in JSON, which no shell and no reader of INI ever sees.
 */
export interface SpecJob {
  /** The spec's name. */
  readonly jobspec: string;
  /** What people ask for it by; no two jobs have the same. */
  readonly id: number;
  /** When it was submitted; ISO 8601. */
  readonly created: string;
  /** As they were given, those included that the spec does not ask for. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Absolute; null: the directory that each execution gets. */
  readonly workingDirectory: string | null;
  readonly preserve: readonly string[];
  /** What the command sees beside those. */
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number;
}

const start = /^\{\s*"jobspec":/;

export function looksLikeSpecJob(head: Uint8Array): boolean {
  return start.test(Buffer.from(head.subarray(0, 64)).toString('latin1'));
}

export function formatSpecJob({ jobspec, ...rest }: SpecJob): string {
  return `${JSON.stringify({ jobspec, ...rest }, undefined, 2)}\n`;
}

/** Throws JobFileError: these files are written by programs, so that all that can be said of a bad one is that it is. */
export function parseSpecJob(content: Uint8Array): SpecJob {
  const job = parseJson(content);
  if (!isSpecJob(job))
    throw new JobFileError(
      "the spec's job is cut short or was changed",
      'submit it again where it came from',
    );
  return job;
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return undefined;
  }
}

function isSpecJob(value: unknown): value is SpecJob {
  if (typeof value !== 'object' || value === null) return false;
  const job = value as Partial<Record<keyof SpecJob, unknown>>;
  return (
    isText(job.jobspec) &&
    Number.isSafeInteger(job.id) &&
    isText(job.created) &&
    isTexts(job.parameters) &&
    isText(job.command) &&
    job.command !== '' &&
    Array.isArray(job.arguments) &&
    isTexts(job.arguments) &&
    (job.workingDirectory === null || isText(job.workingDirectory)) &&
    Array.isArray(job.preserve) &&
    isTexts(job.preserve) &&
    isTexts(job.environment) &&
    typeof job.timeout === 'number' &&
    job.timeout > 0
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isText);
}

/** What the job's file is called. */
export function specJobName(jobspec: string, id: number): string {
  return `${jobspec}-${id}.json`;
}

/** Which job a file of such a name would be; other files may be called so, too. */
export function idOfSpecJobName(name: string): number | undefined {
  const [, digits] = /^.+-([1-9]\d{0,14})\.json$/s.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
