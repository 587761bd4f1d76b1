import { describe } from 'vitest';
import { manifestJsonSchema } from '../../../src/job/manifest/json-schema.js';
import { describePublishedSchema } from '../fan-out-file/published-schema.js';
import { TestWorld } from '../fan-out-file/world.js';
import { full, tfExample } from './examples.js';
import { given, wrongManifests } from './wrong-manifests.js';

describe('the published schema of manifests', () => {
  describePublishedSchema({
    schema: manifestJsonSchema(),
    file: 'manifest.schema.json',
    world: () => new TestWorld(given),
    right: [tfExample, full],
    wrong: wrongManifests,
  });
});
