import { type OpenAPIHono, createRoute } from '@hono/zod-openapi';
import type { ServerEnv } from '../answers.js';
import type { Desk } from '../jobmgr-routes.js';
import { findJob } from './find-job.js';
import { cursor, query, whole } from './parameters.js';
import { Problem } from './problem.js';
import { answers, idParam } from './responses.js';
import type { RunBooks } from './run-books.js';
import { taskPageShape } from './shapes.js';

const tasksRoute = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/tasks',
  summary: "A run's tasks that have been executed, by their numbers",
  request: {
    params: idParam,
    query: query({ limit: whole(1, 1000, 100, 'How many at most.'), cursor: cursor() }),
  },
  responses: answers({ 200: taskPageShape }, 400, 404, 422),
});

export function addTaskRoute(app: OpenAPIHono<ServerEnv>, desk: Desk, books: RunBooks): void {
  app.openapi(tasksRoute, async (ask) => {
    const { id } = ask.req.valid('param');
    const { limit, cursor: after } = ask.req.valid('query');
    const from = readCursor(after);
    const { summary, place } = await findJob(desk, id);
    const page = summary.kind === 'run' ? await books.tasks(place.path, from, limit) : undefined;
    if (page === undefined)
      throw new Problem(404, { code: 'not_a_run', detail: `"${summary.name}" is no run: it has no tasks` });
    return ask.json({ tasks: page.tasks, next: page.next === undefined ? null : String(page.next) }, 200);
  });
}

function readCursor(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const detail = `cursor is ${JSON.stringify(text)}: expected what the page before says is next`;
  throw new Problem(400, {
    code: 'invalid_request',
    detail,
    errors: [{ in: 'query', name: 'cursor', detail }],
  });
}
