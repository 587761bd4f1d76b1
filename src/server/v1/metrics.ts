import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Ask, ServerEnv } from '../answers.js';
import type { LiveIndex } from '../feed/live-index.js';
import type { Served } from '../served.js';
import { crewsJson } from './crews.js';
import { query } from './parameters.js';
import { poolsJson } from './pools.js';
import { problems } from './responses.js';

/** How the project and this server stand, for Prometheus. */
export class Metrics {
  readonly #served: Served;
  readonly #index: LiveIndex;
  readonly #registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #ended: Counter<'state'>;
  readonly #jobs: Gauge<'state'>;
  readonly #crews: Gauge;
  readonly #workers: Gauge<'host' | 'state'>;
  readonly #items: Gauge<'pool' | 'state'>;

  constructor(served: Served, index: LiveIndex) {
    this.#served = served;
    this.#index = index;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
    this.#requests = new Histogram({
      name: 'fjr_http_request_duration_seconds',
      help: 'Until an answer begins.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#ended = new Counter({
      name: 'fjr_jobs_ended_total',
      help: 'Jobs that have ended since this server was started.',
      labelNames: ['state'],
      registers,
    });
    this.#jobs = new Gauge({ name: 'fjr_jobs', help: 'Jobs by state.', labelNames: ['state'], registers });
    this.#crews = new Gauge({ name: 'fjr_crews', help: 'Crews.', registers });
    this.#workers = new Gauge({
      name: 'fjr_workers',
      help: 'Workers by host, and whether they are busy.',
      labelNames: ['host', 'state'],
      registers,
    });
    this.#items = new Gauge({
      name: 'fjr_pool_items',
      help: 'Items of resource pools.',
      labelNames: ['pool', 'state'],
      registers,
    });
    for (const state of ['done', 'failed']) this.#ended.inc({ state }, 0);
    index.onChange(({ job }) => {
      if (job?.state === 'done' || job?.state === 'failed') this.#ended.inc({ state: job.state });
    });
  }

  /** Counts requests, and how long they take. */
  readonly watch: MiddlewareHandler<ServerEnv> = async (ask, next) => {
    const begun = this.#served.clock.monotonic();
    await next();
    const labels = { method: methodOf(ask), route: routePath(ask, -1), status: ask.res.status };
    this.#requests.observe(labels, (this.#served.clock.monotonic() - begun) / 1000);
  };

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    await this.#index.built();
    for (const [state, count] of Object.entries(this.#index.counts())) this.#jobs.set({ state }, count);
    await this.#lookAtCrews();
    await this.#lookAtPools();
    return this.#registry.metrics();
  }

  async #lookAtCrews(): Promise<void> {
    const crews = await crewsJson(this.#served, this.#index);
    this.#crews.set(crews.length);
    this.#workers.reset();
    for (const { host, free, busy } of crews) {
      this.#workers.inc({ host, state: 'free' }, free);
      this.#workers.inc({ host, state: 'busy' }, busy.length);
    }
  }

  async #lookAtPools(): Promise<void> {
    const pools = await poolsJson(this.#served);
    this.#items.reset();
    for (const { pool, items } of pools) {
      const free = items.filter((item) => item.free).length;
      this.#items.set({ pool, state: 'free' }, free);
      this.#items.set({ pool, state: 'used' }, items.length - free);
    }
  }
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Clients choose names of methods as they like; there are as many lines as there are names. */
function methodOf({ req: { method } }: Ask): string {
  return methods.includes(method) ? method : 'other';
}

const metricsRoute = createRoute({
  method: 'get',
  path: '/v1/metrics',
  summary: 'The same in numbers, for Prometheus',
  request: { query: query({}) },
  responses: {
    200: { description: "Prometheus' text format", content: { 'text/plain': { schema: z.string() } } },
    ...problems(400),
  },
});

export function addMetricsRoute(app: OpenAPIHono<ServerEnv>, metrics: Metrics): void {
  app.openapi(metricsRoute, async (ask) =>
    ask.text(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
  );
}
