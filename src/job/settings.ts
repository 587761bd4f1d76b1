import { didYouMean } from './did-you-mean.js';
import type { IniValue } from './ini.js';
import { parseLabels } from './labels.js';
import { type Job, type Needs, type ResourceNeed, jobDefaults, plainNeeds } from './job.js';
import { parseDuration, parseMemory, parseWhole } from './quantities.js';
import { shorten } from './shorten.js';

/** Why a job file is not run. `hint` says what to do. */
export class JobFileError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The settings of a job as written: keys in lower case, each with its line. */
export type Settings = ReadonlyMap<string, IniValue>;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Mutable<Omit<Job, 'command' | 'needs'>> & { needs: Mutable<Needs> };

/** Puts one value into the draft; returns what was expected instead if the value cannot be read. */
type Setter = (draft: Draft, value: string) => string | undefined;

const duration = 'a duration such as 90, 90s, 5m or 1h30m';

const setters: Readonly<Record<string, Setter>> = {
  timeout: number('timeout', duration, (text) => positive(parseDuration(text))),
  retries: number('retries', 'a whole number from 0 to 1000', (text) => parseWhole(text, 0, 1000)),
  'retry-delay': number('retryDelay', duration, parseDuration),
  priority: number('priority', 'a whole number, higher goes first', (text) => parseWhole(text, -1e9, 1e9)),
  nice: number('nice', 'a whole number from -20 to 19', (text) => parseWhole(text, -20, 19)),
  cpus: need('cpus', 'a whole number from 1', (text) => parseWhole(text, 1, 1e6)),
  memory: need('memory', 'a size such as 512M or 4G', parseMemory),
  gpus: need('gpus', 'a whole number from 0', (text) => parseWhole(text, 0, 1e4)),
  resources: (draft, value) => {
    const resources = parseResources(value);
    if (resources === undefined) return 'pool names with optional counts, such as PROXY, LICENCE*2';
    draft.needs.resources = resources;
    return undefined;
  },
  labels: (draft, value) => {
    const labels = parseLabels(value);
    if (labels === undefined) return 'words separated by commas';
    draft.needs.labels = labels;
    return undefined;
  },
  after: (draft, value) => {
    draft.after = splitList(value);
    return undefined;
  },
  workdir: (draft, value) => {
    if (value === '' || value.includes('\0')) return 'a directory';
    draft.workdir = value;
    return undefined;
  },
  inputs: (draft, value) => {
    const paths = parsePaths(value);
    if (paths === undefined)
      return 'files below workdir, separated by commas or line ends, such as data/*.csv';
    draft.inputs = paths;
    draft.needs.portable = true;
    return undefined;
  },
  outputs: (draft, value) => {
    const paths = parsePaths(value);
    if (paths === undefined)
      return 'files below workdir, separated by commas or line ends, such as results/**';
    draft.outputs = paths;
    draft.needs.portable = true;
    return undefined;
  },
  logfile: (draft, value) => {
    if (value === '' || value.includes('\0')) return 'a file name';
    draft.logfile = value;
    return undefined;
  },
  env: (draft, value) => {
    const env = parseEnvironment(value);
    if (env === undefined) return 'NAME=value, one on each line (further lines indented)';
    draft.env = env;
    return undefined;
  },
};

export const settingNames: readonly string[] = ['executable', ...Object.keys(setters)];

/** Reads all settings but `executable`. `strict`: an unknown key is an error, not somebody else's business. */
export function readSettings(settings: Settings, where: string, strict: boolean): Omit<Job, 'command'> {
  if (settings.size === 0) return jobDefaults;
  const draft: Draft = { ...jobDefaults, needs: { ...plainNeeds } };
  for (const [key, { value, line }] of settings) {
    if (key === 'executable') continue;
    const setter = Object.hasOwn(setters, key) ? setters[key] : undefined;
    if (setter === undefined) {
      if (strict) throw unknownKey(key, line, where);
      continue;
    }
    const expected = setter(draft, value);
    if (expected !== undefined)
      throw new JobFileError(`line ${line}: ${key} is "${shorten(value)}"`, `expected ${expected}`);
  }
  draft.needs.seconds = draft.timeout ?? 0;
  return draft;
}

function unknownKey(key: string, line: number, where: string): JobFileError {
  const near = didYouMean(key, settingNames);
  return new JobFileError(
    `line ${line}: unknown key "${shorten(key)}" in ${where}`,
    near === undefined ? `known are ${settingNames.join(', ')}` : `did you mean "${near}"?`,
  );
}

type NumberKey<T> = { [K in keyof T]-?: T[K] extends number | undefined ? K : never }[keyof T];
type Reader = (text: string) => number | undefined;

function number(key: NumberKey<Omit<Draft, 'needs'>>, expected: string, read: Reader): Setter {
  return (draft, value) => {
    const result = read(value);
    if (result === undefined) return expected;
    draft[key] = result;
    return undefined;
  };
}

function need(key: NumberKey<Draft['needs']>, expected: string, read: Reader): Setter {
  return (draft, value) => {
    const result = read(value);
    if (result === undefined) return expected;
    draft.needs[key] = result;
    return undefined;
  };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function splitList(value: string): string[] {
  return value
    .split(/[,\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Paths and patterns that lead to nothing outside of the directory where they begin. */
function parsePaths(value: string): string[] | undefined {
  const paths = splitList(value);
  const isBelow = (path: string): boolean =>
    !path.startsWith('/') && !path.startsWith('~') && !path.includes('\0') && !path.split('/').includes('..');
  return paths.every(isBelow) ? paths : undefined;
}

/** A pool's name becomes part of an environment variable's, so it is made of the same characters. */
export const poolNamePattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

function parseResources(value: string): ResourceNeed[] | undefined {
  const counts = new Map<string, number>();
  for (const item of splitList(value)) {
    const match = /^(\S+?)\s*(?:\*\s*(\d{1,4}))?$/.exec(item);
    const pool = match?.[1] ?? '';
    const count = Number(match?.[2] ?? 1);
    if (!poolNamePattern.test(pool) || count < 1) return undefined;
    counts.set(pool, (counts.get(pool) ?? 0) + count);
  }
  return [...counts].map(([pool, count]) => ({ pool, count }));
}

/** `NAME=value` lines; undefined where a line is none. */
export function parseEnvironment(value: string): Record<string, string> | undefined {
  // Not an object literal: `__proto__` is a legal name for a variable.
  const env = Object.create(null) as Record<string, string>;
  for (const line of value.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/su.exec(line);
    if (match === null || line.includes('\0')) return undefined;
    env[match[1] ?? ''] = match[2] ?? '';
  }
  return env;
}
