import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ServerEnv } from '../answers.js';

/** The OpenAPI document, made of the schemas that check requests. It says nothing of the project. */
export function describeApi(app: OpenAPIHono<ServerEnv>): string {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'fjr',
      version: '1',
      description:
        'A project of fjr over HTTP. What is not known is null; times are ISO 8601; refusals are problems (RFC 9457). Reading needs a token with the scope `read`, all else one with `submit`.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
  });
  return JSON.stringify(document);
}
