import { Ajv2020 } from 'ajv/dist/2020.js';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { expect, test } from 'vitest';
import type { FanOutFileWorld } from '../../../src/job/fan-out-file/world.js';
import { readYamlTree } from '../../../src/job/fan-out-file/yaml-tree.js';
import { nodesOf } from '../../schemas/schema-set.js';
import type { WrongFile } from './wrong-files.js';

/** What is guaranteed of the schema of a file that people write. */
export function describePublishedSchema({
  schema,
  file,
  world,
  right,
  wrong,
}: {
  readonly schema: Record<string, unknown>;
  readonly file: string;
  readonly world: () => FanOutFileWorld;
  /** Files that are fine, and use every key. */
  readonly right: readonly string[];
  readonly wrong: readonly WrongFile[];
}): void {
  const path = fileURLToPath(new URL(`../../../src/cli/schemas/${file}`, import.meta.url));
  const validate = new Ajv2020({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allowUnionTypes: true,
  }).compile(schema);

  /** What an editor would say of a file whose templates are carried out. */
  function faults(text: string): unknown[] {
    validate(readYamlTree(text, world()).value);
    return validate.errors ?? [];
  }

  test('is the one that files are checked with (vitest -u writes it anew)', async () => {
    const text = await format(JSON.stringify(schema, undefined, 2), { parser: 'json', printWidth: 110 });
    await expect(text).toMatchFileSnapshot(path);
  });

  test('takes the example, and a file in which every key is used', () => {
    expect(right.flatMap(faults)).toEqual([]);
  });

  test('is closed, and describes every key', () => {
    const objects = [...nodesOf(schema)].filter(({ node }) => node.properties !== undefined);
    expect(objects.length).toBeGreaterThan(7);
    for (const { path: at, node } of objects) {
      expect([at, node.additionalProperties]).toEqual([at, false]);
      for (const [key, { description }] of Object.entries(node.properties!))
        expect([at, key, description]).toEqual([at, key, expect.stringMatching(/.{5}\.$/s)]);
    }
  });

  test.each(wrong)('$what: refuses what it can know to be wrong', ({ lines, fitsSchema }) => {
    expect(faults(lines.join('\n')).length === 0).toBe(fitsSchema ?? false);
  });
}
