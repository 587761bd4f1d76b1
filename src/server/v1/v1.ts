import { OpenAPIHono } from '@hono/zod-openapi';
import { type Ask, type ServerEnv, hasLeft } from '../answers.js';
import { needs } from '../authenticate.js';
import { describeFailure } from '../describe-failure.js';
import { HTTPException } from 'hono/http-exception';
import { addEventRoutes } from '../events/event-routes.js';
import type { Desk } from '../jobmgr-routes.js';
import { describeEvents } from './event-document.js';
import { refuseFaults } from './faults.js';
import { addJobRoutes } from './job-routes.js';
import { addLogRoute } from './log-routes.js';
import { type Metrics, addMetricsRoute } from './metrics.js';
import { describeApi } from './open-api.js';
import { Problem, answerProblem } from './problem.js';
import { RunBooks } from './run-books.js';
import { addStandingRoutes } from './standing-routes.js';
import { addTaskRoutes } from './task-routes.js';
import { addWritingRoutes } from './writing-routes.js';

export interface V1 {
  readonly app: OpenAPIHono<ServerEnv>;
  /** Its OpenAPI document. */
  readonly document: string;
}

/** The API below /v1. Who asks has been let in already. */
export function makeV1(desk: Desk, metrics: Metrics): V1 {
  const app = new OpenAPIHono<ServerEnv>({
    defaultHook: (result, ask) => refuseFaults(result, ask as Ask),
  });
  app.onError((error, ask) => {
    if (error instanceof Problem) return answerProblem(ask, error.status, error.said);
    if (error instanceof HTTPException) return answerProblem(ask, error.status, describeRefusal(error));
    if (!hasLeft(ask)) desk.served.remark(`${ask.req.method} ${ask.req.path}: ${describeFailure(error)}`);
    return answerProblem(ask, 500, {
      code: 'internal_server_error',
      detail: 'this is for whoever runs the server to see',
    });
  });
  app.on(['GET', 'HEAD'], '/v1/*', needs('read'));
  const books = new RunBooks(desk.served);
  addJobRoutes(app, desk, books);
  addLogRoute(app, desk);
  addTaskRoutes(app, desk, books);
  addStandingRoutes(app, desk);
  addWritingRoutes(app, desk);
  addEventRoutes(app, desk);
  describeEvents(app);
  addMetricsRoute(app, metrics);
  refuseOtherMethods(app);
  return { app, document: describeApi(app) };
}

/** A path that there is, asked in a way that there is not. */
function refuseOtherMethods(app: OpenAPIHono<ServerEnv>): void {
  const methods = new Map<string, string[]>();
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { path, method } = definition.route;
    methods.set(path, [
      ...(methods.get(path) ?? []),
      ...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]),
    ]);
  }
  for (const [path, allowed] of methods)
    app.all(path.replaceAll(/\{(.+?)\}/g, ':$1'), (ask) =>
      answerProblem(ask, 405, {
        code: 'method_not_allowed',
        detail: `${ask.req.method} is not answered here: expected ${allowed.join(', ')}`,
        headers: { Allow: allowed.join(', ') },
      }),
    );
}

/** What the framework refuses by itself. */
function describeRefusal({ status, message }: HTTPException): { code: string; detail: string } {
  if (status !== 415) return { code: 'invalid_request', detail: message };
  const detail =
    'expected the Content-Type application/json for a job of a spec; text/plain, application/octet-stream or multipart/form-data for a job file';
  return { code: 'unsupported_type', detail };
}
