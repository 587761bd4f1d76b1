import { describe } from 'vitest';
import { fanOutFileJsonSchema } from '../../../src/job/fan-out-file/json-schema.js';
import { full } from './full-example.js';
import { example } from './issue-example.js';
import { describePublishedSchema } from './published-schema.js';
import { TestWorld } from './world.js';
import { wrongFiles } from './wrong-files.js';

describe('the published schema of fjr.yaml', () => {
  describePublishedSchema({
    schema: fanOutFileJsonSchema(),
    file: 'fjr-yaml.schema.json',
    world: () => new TestWorld({ env: { AWS_ACCESS_KEY_ID: 'AKIA' } }),
    right: [example.replace('aws ecr get-login-password', 'echo secret'), ...full],
    wrong: wrongFiles,
  });
});
