import { type OpenAPIHono, createRoute } from '@hono/zod-openapi';
import type { ServerEnv } from '../answers.js';
import type { Desk } from '../jobmgr-routes.js';
import { crewsJson } from './crews.js';
import { query } from './parameters.js';
import { poolsJson } from './pools.js';
import { answers } from './responses.js';
import { countsShape, crewsShape, poolsShape, throughputShape } from './shapes.js';

const nothing = query({});

const countsRoute = createRoute({
  ...{ method: 'get', path: '/v1/counts', summary: 'How many jobs there are' },
  ...{ request: { query: nothing }, responses: answers({ 200: countsShape }, 400) },
});

const throughputRoute = createRoute({
  ...{ method: 'get', path: '/v1/throughput', summary: 'What ended in the last hour' },
  ...{ request: { query: nothing }, responses: answers({ 200: throughputShape }, 400) },
});

const crewsRoute = createRoute({
  ...{ method: 'get', path: '/v1/crews', summary: 'Crews, and what their workers do' },
  ...{ request: { query: nothing }, responses: answers({ 200: crewsShape }, 400) },
});

const poolsRoute = createRoute({
  ...{ method: 'get', path: '/v1/pools', summary: 'Resource pools, and who has their items' },
  ...{ request: { query: nothing }, responses: answers({ 200: poolsShape }, 400) },
});

/** How the project stands as a whole. */
export function addStandingRoutes(app: OpenAPIHono<ServerEnv>, desk: Desk): void {
  const { index, served } = desk;
  app.openapi(countsRoute, async (ask) => {
    await index.built();
    return ask.json(index.counts(), 200);
  });
  app.openapi(throughputRoute, async (ask) => {
    await index.built();
    return ask.json({ minutes: [...index.throughput()] }, 200);
  });
  app.openapi(crewsRoute, async (ask) => {
    await index.refresh();
    return ask.json({ crews: await crewsJson(served, index) }, 200);
  });
  app.openapi(poolsRoute, async (ask) => ask.json({ pools: await poolsJson(served) }, 200));
}
