import { didYouMean } from '../job/did-you-mean.js';
import { FjrError } from '../job/fjr-error.js';
import { IniError, type IniValue, readIni } from '../job/ini.js';

/** One section of remote.conf as written: keys in lower case, each with its line. */
export interface Section {
  readonly name: string;
  readonly path: string;
  /** The line of its first key. */
  readonly line: number;
  readonly keys: ReadonlyMap<string, IniValue>;
}

/** How one key is read. `read` returns undefined for what is not `expected`. */
export interface KeyReader<T> {
  readonly key: string;
  readonly expected: string;
  readonly read: (text: string) => T | undefined;
}

/** A reader for each field of T. */
export type KeyTable<T> = { readonly [K in keyof T]-?: KeyReader<Exclude<T[K], undefined>> };

/** All sections of a remote.conf, in the order in which they stand. Throws FjrError where it is no INI file. */
export function readRemoteConf(text: string, path: string): Section[] {
  try {
    return [...readIni(text)].map(([name, keys]) => ({ name, path, keys, line: firstLine(keys) }));
  } catch (error) {
    if (!(error instanceof IniError)) throw error;
    throw new FjrError('remote-conf', `${path}, ${error.message}`, {
      hint: error.hint ?? 'see remote.conf.example',
    });
  }
}

function firstLine(keys: Section['keys']): number {
  return [...keys.values()].reduce((first, { line }) => Math.min(first, line), Infinity);
}

/** Reads the keys of a table from a section; what is not written is undefined. Throws FjrError at the first bad value. */
export function readKeys<T extends object>(section: Section, table: KeyTable<T>): Partial<T> {
  const values: Partial<T> = {};
  for (const field of Object.keys(table) as (keyof T)[]) {
    const { key, expected, read } = table[field];
    const written = section.keys.get(key);
    if (written === undefined) continue;
    const value = read(written.value.trim());
    if (value === undefined)
      throw badValue(section, written.line, `${key} is "${written.value}"`, `expected ${expected}`);
    values[field] = value;
  }
  return values;
}

/** The keys that a table knows, as they are written. */
export function keysOf<T extends object>(table: KeyTable<T>): string[] {
  return (Object.keys(table) as (keyof T)[]).map((field) => table[field].key);
}

/** Refuses the first key that is not known, and names the nearest that is. */
export function refuseUnknownKeys(section: Section, known: readonly string[]): void {
  for (const [key, { line }] of section.keys) {
    if (known.includes(key)) continue;
    const near = didYouMean(key, known);
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
    throw badValue(section, line, `unknown key "${key}"`, hint);
  }
}

/** A section that cannot be used; the others are. */
export function badValue(section: Section, line: number, what: string, hint: string): FjrError {
  // A section without a single key has no line that we know of.
  const where = Number.isFinite(line) ? `, line ${line}` : '';
  return new FjrError('remote-conf', `${section.path}${where}: [${section.name}] ${what}`, { hint });
}
