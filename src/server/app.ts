import { Hono } from 'hono';
import { perform } from '../queue/perform.js';
import { forgetKeys } from './accept/forget-keys.js';
import { NumberDesk } from './accept/number-desk.js';
import { type ServerEnv, refuse } from './answers.js';
import { ArtifactBook } from './artifact-book.js';
import { authenticate, letEverybodyIn } from './authenticate.js';
import { ensureNumbers } from './claim-numbers.js';
import { describeFailure } from './describe-failure.js';
import { EventFeed } from './events/event-feed.js';
import { addEventRoutes } from './events/event-routes.js';
import { FailedTries } from './failed-tries.js';
import { LiveIndex } from './feed/live-index.js';
import { type Desk, addArtifactRoute, addJobmgrRoutes } from './jobmgr-routes.js';
import { refuseOtherHosts, refuseOtherOrigins } from './keep-browsers-out.js';
import { addPageRoutes } from './page-routes.js';
import type { Served } from './served.js';
import { ServedJobs } from './served-jobs.js';
import { ServerPaths } from './server-paths.js';
import { SignedLinks, ensureKey } from './signed-links.js';
import { runWebhooks } from './webhooks/webhooks.js';
import { addWorkerRoutes } from './workers/worker-routes.js';

const welcome = 'fjr: jobs over HTTP\n';

/** Everything that a server answers. */
export function makeApp(served: Served, auth: boolean): Hono<ServerEnv> {
  const desk = openDesk(served);
  const app = new Hono<ServerEnv>();
  app.onError((error, ask) => {
    served.remark(`${ask.req.method} ${ask.req.path}: ${describeFailure(error)}`);
    return refuse(ask, 'internal_server_error');
  });
  app.notFound((ask) => refuse(ask, 'not_found', 404));
  app.use(async (ask, next) => {
    await next();
    ask.header('X-Content-Type-Options', 'nosniff');
    ask.header('Referrer-Policy', 'no-referrer');
    if (!ask.res.headers.has('Cache-Control')) ask.header('Cache-Control', 'no-store');
  });
  addPageRoutes(app, served);
  app.use(refuseOtherOrigins);
  if (!auth) app.use(refuseOtherHosts);
  app.get('/', (ask) =>
    (ask.req.header('Accept') ?? '').includes('text/')
      ? ask.text(welcome)
      : ask.json({ message: welcome.trim() }),
  );
  addArtifactRoute(app, desk);
  const tries = new FailedTries(served.clock);
  addWorkerRoutes(app, { ...desk, tries: auth ? tries : undefined });
  // All that is added from here on asks for a token.
  app.use(auth ? authenticate(served.files, desk.paths, tries) : letEverybodyIn);
  addJobmgrRoutes(app, desk);
  addEventRoutes(app, desk);
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
  const artifacts = new ArtifactBook(served, paths);
  if (!files.exists(paths.numbers))
    perform(files, ensureNumbers(paths, { job: jobs.highest() + 1, artifact: artifacts.highest() + 1 }));
  const desk = {
    ...{ served, paths, index, feed, jobs, artifacts },
    numbers: new NumberDesk(served.durable, paths),
    links: new SignedLinks(ensureKey(files, paths), clock),
  };
  void forgetKeys(desk);
  return desk;
}
