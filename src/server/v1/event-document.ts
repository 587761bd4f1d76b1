import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ServerEnv } from '../answers.js';
import { problems } from './responses.js';
import { eventTypeShape } from './shapes.js';

/** Tells of GET /v1/events, which events/event-routes.ts answers. */
export function describeEvents(app: OpenAPIHono<ServerEnv>): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/events',
    summary: 'What happens in the project, as it happens: server-sent events',
    description:
      'The first is `counts`. Events `job.*` hold a JobSummary, and in `was` what its id was before, if that is known and was another. `reset`: what was missed is too much to tell; read all anew.',
    request: {
      query: z.object({
        types: z
          .array(eventTypeShape)
          .optional()
          .openapi({ description: 'Events of these types alone.', param: { style: 'form', explode: false } }),
        job: z
          .string()
          .optional()
          .openapi({ description: 'Events about the job of this name or id, and about none.' }),
      }),
      headers: z.object({
        'last-event-id': z
          .string()
          .optional()
          .openapi({ description: 'The id that was heard last: what came since is told.' }),
      }),
    },
    responses: {
      200: { description: 'A stream', content: { 'text/event-stream': { schema: z.string() } } },
      ...problems(400, 503),
    },
  });
}
