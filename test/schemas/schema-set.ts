import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const directory = fileURLToPath(new URL('../../src/cli/schemas', import.meta.url));
const suffix = '.schema.json';

/** A node of a schema, as far as the tests look into one. */
export interface Schema {
  readonly $id?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** Schemas of other things than reports. */
const others = ['common', 'fjr-yaml', 'manifest'].map((name) => name + suffix);

/** `status`, `recruiter-list` … : a schema each. */
export const reportNames = readdirSync(directory)
  .filter((name) => name.endsWith(suffix) && !others.includes(name))
  .map((name) => name.slice(0, -suffix.length))
  .sort();

export function readSchema(name: string): Schema {
  return JSON.parse(readFileSync(`${directory}/${name}${suffix}`, 'utf8')) as Schema;
}

// Strict: a misspelt keyword is an error. It also wants a type beside each `properties`, which `if` has no use for.
const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true });
for (const name of ['common', ...reportNames]) ajv.addSchema(readSchema(name));

/** What is wrong with a report; [] if it fits. `name` may go on into the file: `common.schema.json#/$defs/outcome`. */
export function faults(name: string, value: unknown): readonly unknown[] {
  const key = name.includes('#') ? name : `${name}${suffix}`;
  const validate = ajv.getSchema(key);
  if (validate === undefined) throw new Error(`there is no schema ${key}`);
  return validate(value) === true ? [] : (validate.errors ?? ['invalid']);
}

/** All nodes of a schema, each with its path. */
export function* nodesOf(schema: unknown, path = ''): Iterable<{ path: string; node: Schema }> {
  if (typeof schema !== 'object' || schema === null) return;
  if (!Array.isArray(schema)) yield { path, node: schema };
  for (const [key, value] of Object.entries(schema)) yield* nodesOf(value, `${path}/${key}`);
}
