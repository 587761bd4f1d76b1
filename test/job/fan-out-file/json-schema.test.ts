import { Ajv2020 } from 'ajv/dist/2020.js';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { fanOutFileJsonSchema } from '../../../src/job/fan-out-file/json-schema.js';
import { readYamlTree } from '../../../src/job/fan-out-file/yaml-tree.js';
import { nodesOf } from '../../schemas/schema-set.js';
import { full } from './full-example.js';
import { example } from './issue-example.js';
import { TestWorld } from './world.js';
import { wrongFiles } from './wrong-files.js';

const file = fileURLToPath(new URL('../../../src/cli/schemas/fjr-yaml.schema.json', import.meta.url));

const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allowUnionTypes: true,
}).compile(fanOutFileJsonSchema());

/** What an editor would say of a file whose templates are carried out. */
function faults(text: string): unknown[] {
  const { value } = readYamlTree(text, new TestWorld({ env: { AWS_ACCESS_KEY_ID: 'AKIA' } }));
  validate(value);
  return validate.errors ?? [];
}

describe('the published schema of fjr.yaml', () => {
  test('is the one that files are checked with (vitest -u writes it anew)', async () => {
    const text = await format(JSON.stringify(fanOutFileJsonSchema(), undefined, 2), {
      parser: 'json',
      printWidth: 110,
    });
    await expect(text).toMatchFileSnapshot(file);
  });

  test('takes the example', () => {
    expect(faults(example.replace('aws ecr get-login-password', 'echo secret'))).toEqual([]);
  });

  test('takes a file in which every key is used', () => {
    expect(full.flatMap(faults)).toEqual([]);
  });

  test('is closed, and describes every key', () => {
    const objects = [...nodesOf(fanOutFileJsonSchema())].filter(({ node }) => node.properties !== undefined);
    expect(objects.length).toBeGreaterThan(10);
    for (const { path, node } of objects) {
      expect([path, node.additionalProperties]).toEqual([path, false]);
      for (const [key, { description }] of Object.entries(node.properties!))
        expect([path, key, description]).toEqual([path, key, expect.stringMatching(/.{5}\.$/s)]);
    }
  });

  test.each(wrongFiles)('$what: refuses what it can know to be wrong', ({ lines, fitsSchema }) => {
    expect(faults(lines.join('\n')).length === 0).toBe(fitsSchema ?? false);
  });
});
