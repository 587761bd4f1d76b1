import * as z from 'zod';
import { fanOutFileSchema } from './schema.js';

/** The schema of fan-out files for editors, who see the file before its templates are carried out. */
export function fanOutFileJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(fanOutFileSchema, { io: 'input' });
  return {
    $schema,
    $id: 'fjr-yaml.schema.json',
    title: 'fjr.yaml',
    description:
      'One command or image, many inputs. {{ Env "NAME" }}, {{ Exec "command" }}, {{ .RunID }} and their like are ' +
      'replaced before this schema applies.',
    ...schema,
  };
}
