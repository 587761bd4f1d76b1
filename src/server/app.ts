import { Hono } from 'hono';
import { perform } from '../queue/perform.js';
import { NumberDesk } from './accept/number-desk.js';
import { type ServerEnv, hasLeft, refuse } from './answers.js';
import { ArtifactBook } from './artifact-book.js';
import { addArtifactRoute } from './artifact-route.js';
import { authenticate, letEverybodyIn } from './authenticate.js';
import { ensureNumbers } from './claim-numbers.js';
import { describeFailure } from './describe-failure.js';
import { EventFeed } from './events/event-feed.js';
import { FailedTries } from './failed-tries.js';
import { LiveIndex } from './feed/live-index.js';
import { type Desk, addJobmgrRoutes } from './jobmgr-routes.js';
import { refuseOtherHosts, refuseOtherOrigins } from './keep-browsers-out.js';
import { addPageRoutes } from './page-routes.js';
import type { Served } from './served.js';
import { ServedJobs } from './served-jobs.js';
import { ServerPaths } from './server-paths.js';
import { SignedLinks, ensureKey } from './signed-links.js';
import { tidyUp } from './tidy-up.js';
import { Metrics } from './v1/metrics.js';
import { makeV1 } from './v1/v1.js';
import { runStore } from './stores/run-store.js';
import { runWebhooks } from './webhooks/webhooks.js';
import { addWorkerRoutes } from './workers/worker-routes.js';

const welcome = `${JSON.stringify({ message: 'fjr: jobs over HTTP' })}\n`;

/** Everything that a server answers. */
export function makeApp(served: Served, auth: boolean): Hono<ServerEnv> {
  const desk = openDesk(served);
  const metrics = new Metrics(served, desk.index);
  const app = new Hono<ServerEnv>();
  app.onError((error, ask) => {
    if (!hasLeft(ask)) served.remark(`${ask.req.method} ${ask.req.path}: ${describeFailure(error)}`);
    return refuse(ask, 'internal_server_error');
  });
  app.notFound((ask) => refuse(ask, 'not_found', 404));
  app.use(async (ask, next) => {
    await next();
    ask.header('X-Content-Type-Options', 'nosniff');
    ask.header('Referrer-Policy', 'no-referrer');
    if (!ask.res.headers.has('Cache-Control')) ask.header('Cache-Control', 'no-store');
  });
  app.use(metrics.watch);
  addPageRoutes(app, served);
  app.use(refuseOtherOrigins(served.publicUrl));
  if (!auth) app.use(refuseOtherHosts);
  // A line of text to clients of jobmgr, and JSON to workers of DECODE.
  app.get('/', (ask) => ask.body(welcome, 200, { 'Content-Type': 'application/json' }));
  addArtifactRoute(app, desk);
  const tries = new FailedTries(served.clock);
  addWorkerRoutes(app, { ...desk, tries: auth ? tries : undefined });
  const v1 = makeV1(desk, metrics);
  app.get('/openapi.json', (ask) => ask.body(v1.document, 200, { 'Content-Type': 'application/json' }));
  // All that is added from here on asks for a token.
  app.use(auth ? authenticate(served.files, desk.paths, tries) : letEverybodyIn);
  addJobmgrRoutes(app, desk);
  app.route('/', v1.app);
  return app;
}

function openDesk(served: Served): Desk {
  const { files, layout, clock } = served;
  const paths = new ServerPaths(layout);
  for (const directory of [paths.directory, paths.keys, served.jobspecs]) files.ensureDirectory(directory);
  const index = new LiveIndex(served);
  const feed = new EventFeed(served, index);
  const jobs = new ServedJobs(served, index);
  if (served.webhooks.length > 0) served.lastly(runWebhooks(served, paths, index));
  const links = new SignedLinks(ensureKey(files, paths), clock);
  const artifacts = new ArtifactBook(served, paths, links);
  if (!files.exists(paths.numbers))
    perform(files, ensureNumbers(paths, { job: jobs.highest() + 1, artifact: artifacts.highest() + 1 }));
  const desk = {
    ...{ served, paths, index, feed, jobs, artifacts, links },
    numbers: new NumberDesk(served.durable, paths),
  };
  void tidyUp(desk);
  const { store } = served;
  if (store !== undefined) {
    for (const directory of [paths.stored, paths.unwanted]) files.ensureDirectory(directory);
    served.lastly(runStore({ served, paths, jobs, artifacts, store }, index));
  }
  return desk;
}
