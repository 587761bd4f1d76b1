import * as z from 'zod';
import { manifestSchema } from './schema.js';

/** The schema of manifests for editors, who see the file before its templates are carried out. */
export function manifestJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(manifestSchema, { io: 'input' });
  return {
    $schema,
    $id: 'manifest.schema.json',
    title: 'Manifest of ranks',
    description:
      'Processes that run together, each with a number. {{ Env "NAME" }}, {{ Exec "command" }}, {{ .RunID }} and their ' +
      'like are replaced before this schema applies.',
    ...schema,
  };
}
