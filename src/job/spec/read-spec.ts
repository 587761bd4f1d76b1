import { TomlError, parse } from 'smol-toml';
import { didYouMean } from '../did-you-mean.js';
import { shorten } from '../shorten.js';
import { parseGoDuration } from './go-duration.js';
import {
  type ParameterType,
  type Spec,
  type SpecParameter,
  defaultTimeout,
  parameterTypes,
  parameterVariable,
} from './spec.js';

/** All that is wrong with a spec, a line for each. */
export class SpecError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/** Reads a spec from TOML. `file` is what messages call it. Throws SpecError. */
export function readSpec(text: string, file: string): Spec {
  return new SpecReader(file).read(parseToml(text, file));
}

type Table = Readonly<Record<string, unknown>>;

function parseToml(text: string, file: string): Table {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new SpecError([`${file}: line ${error.line}, column ${error.column}: ${what}`]);
  }
}

const specKeys = ['Command', 'Arguments', 'WorkingDirectory', 'PreserveEnvVars', 'Timeout', 'Parameter'];
const parameterKeys = ['Name', 'Type'];

class SpecReader {
  readonly #file: string;
  readonly #faults: string[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  read(table: Table): Spec {
    const values = this.#keysOf(table, specKeys, '');
    const spec: Spec = {
      command: this.#command(values.get('Command')),
      arguments: this.#texts('Arguments', values.get('Arguments'), 'a list of strings', isPassable),
      workingDirectory: this.#optionalText('WorkingDirectory', values.get('WorkingDirectory')),
      preserve: this.#texts('PreserveEnvVars', values.get('PreserveEnvVars'), variables, isVariable),
      timeout: this.#timeout(values.get('Timeout')),
      parameters: this.#parameters(values.get('Parameter')),
    };
    if (this.#faults.length > 0) throw new SpecError(this.#faults);
    return spec;
  }

  /** jobmgr takes `command` for `Command`, and so do we; what it passes over in silence is a mistake more often than not. */
  #keysOf(table: Table, known: readonly string[], where: string): Map<string, unknown> {
    const values = new Map<string, unknown>();
    for (const [key, value] of Object.entries(table)) {
      const name = known.find((candidate) => candidate.toLowerCase() === key.toLowerCase());
      if (name === undefined) {
        const near = didYouMean(key, known);
        const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`;
        this.#fault(`${where}unknown key "${shorten(key)}" (${hint})`);
      } else if (values.has(name))
        this.#fault(`${where}${name} stands there twice, as "${shorten(key)}", too`);
      else values.set(name, value);
    }
    return values;
  }

  #command(value: unknown): string {
    if (typeof value === 'string' && value !== '' && isPassable(value)) return value;
    if (value === undefined) this.#fault('no Command (expected the program to run)');
    else this.#wrong('Command', value, 'the program to run');
    return '';
  }

  #optionalText(key: string, value: unknown): string | undefined {
    // jobmgr cannot tell an empty string from none.
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string' && isPassable(value)) return value;
    this.#wrong(key, value, 'a directory');
    return undefined;
  }

  #texts(key: string, value: unknown, expected: string, accept: (text: string) => boolean): string[] {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string' && accept(item)))
      return value as string[];
    this.#wrong(key, value, expected);
    return [];
  }

  #timeout(value: unknown): number {
    if (value === undefined) return defaultTimeout;
    const seconds = typeof value === 'string' ? parseGoDuration(value) : undefined;
    if (seconds === undefined || seconds < 0 || seconds > longestTimeout)
      this.#wrong('Timeout', value, 'a duration of Go such as "90s" or "1h30m"');
    return seconds === undefined || seconds === 0 ? defaultTimeout : seconds;
  }

  #parameters(value: unknown): SpecParameter[] {
    if (value === undefined) return [];
    if (!Array.isArray(value) || !value.every(isTable)) {
      this.#wrong('Parameter', value, 'sections [[Parameter]] with Name and Type');
      return [];
    }
    const parameters = value.map((table, index) => this.#parameter(table, `Parameter ${index + 1}: `));
    const names = new Map<string, string>();
    for (const { name } of parameters) {
      const variable = parameterVariable(name);
      const before = names.get(variable);
      if (before !== undefined)
        this.#fault(`parameters "${shorten(before)}" and "${shorten(name)}" would both be ${variable}`);
      names.set(variable, name);
    }
    return parameters;
  }

  #parameter(table: Table, where: string): SpecParameter {
    const values = this.#keysOf(table, parameterKeys, where);
    const [name, type] = [values.get('Name'), values.get('Type')];
    const isNamed = typeof name === 'string' && name !== '' && isPassable(name) && !name.includes('=');
    if (!isNamed) this.#wrong(`${where}Name`, name, 'a name without "="');
    if (!isParameterType(type)) this.#wrong(`${where}Type`, type, '"string" or "int"');
    return { name: isNamed ? name : where, type: isParameterType(type) ? type : 'string' };
  }

  #wrong(key: string, value: unknown, expected: string): void {
    this.#fault(`${key} is ${shown(value)} (expected ${expected})`);
  }

  #fault(what: string): void {
    this.#faults.push(`${this.#file}: ${what}`);
  }
}

/** A year: more is a mistake, and nothing that waits can count it. */
const longestTimeout = 366 * 86_400;

const variables = 'a list of names of variables';

/** What can be an argument or in an environment. */
function isPassable(text: string): boolean {
  return !text.includes('\0');
}

function isVariable(text: string): boolean {
  return text !== '' && !/[=\0]/.test(text);
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function isParameterType(value: unknown): value is ParameterType {
  return parameterTypes.some((type) => type === value);
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const replace = (_key: string, item: unknown): unknown => (typeof item === 'bigint' ? String(item) : item);
  return shorten(JSON.stringify(value, replace));
}
