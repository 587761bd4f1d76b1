import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { jobFileLimit } from '../../job/read-job.js';
import type { AcceptDesk } from '../accept/submission.js';
import { type ServerEnv, hasLeft } from '../answers.js';
import { describeFailure } from '../describe-failure.js';
import type { TreeFile } from '../../system/trees.js';
import type { FailedTries } from '../failed-tries.js';
import { limitBody } from '../limit-body.js';
import { sendFile } from '../send-file.js';
import type { ServerPaths } from '../server-paths.js';
import { untilAborted } from '../sole-server.js';
import { invalid, refuse } from './answers.js';
import { submittersOnly, workersOnly } from './guard.js';
import { JobFiles } from './job-files.js';
import { JobStatus } from './job-status.js';
import { longestWait, pullJobs } from './pull-jobs.js';
import { invalidJson, readJson } from './read-json.js';
import { receiveUpload } from './receive-upload.js';
import type { Held } from './remote-crew.js';
import { RemoteCrews } from './remote-crews.js';
import {
  ending,
  filesQuery,
  growQuery,
  isBelow,
  jobsQuery,
  sliceEnding,
  statusQuery,
  submittedJob,
} from './schemas.js';
import { areLinesOf, gangOf, grow, sliceOf } from './slices.js';
import { submitDecode } from './submit-decode.js';
import { hear } from './supervise.js';

type Asked = Context<ServerEnv, string>;

/** What these routes work with. `tries` undefined: everybody is let in. */
export interface WorkerDesk extends AcceptDesk {
  readonly paths: ServerPaths;
  readonly tries: FailedTries | undefined;
}

/** Bytes of lines, or of what tasks printed, at a time. */
const mostGrowth = 8 * 1024 * 1024;

/**
 * The worker-facing API of DECODE OpenCloud, for workers that share nothing with the project. Whoever asks for a job is
 * a crew for as long as it asks and works: see remote-crew.ts.
 */
export function addWorkerRoutes(whole: Hono<ServerEnv>, desk: WorkerDesk): void {
  const { served, tries } = desk;
  const app = new Hono<ServerEnv>();
  app.onError((error, ask) => {
    if (!hasLeft(ask)) served.remark(`${ask.req.method} ${ask.req.path}: ${describeFailure(error)}`);
    return refuse(ask, 500, 'Internal server error');
  });
  const files = new JobFiles(served, served.workers.files);
  const crews = new RemoteCrews(desk);
  const desks = { desk, crews, files };
  const status = new JobStatus(desk, crews);
  const guarded = { ...desk, tries };
  const workers = workersOnly(guarded);
  served.lastly(
    files
      .recover()
      // It may have been told to end by then.
      .then(async () => untilAborted(served.closing))
      .then(async () => crews.close()),
  );

  app.get('/access_info', (ask) =>
    ask.json({
      cognito: { user_pool_id: null, client_id: null, region: null },
      fjr: { version: served.version, lease: served.workers.lease, wait: longestWait / 2 },
    }),
  );

  app.get('/jobs', workers, async (ask) => {
    // What is given out by an answer that nobody reads would be lost for a lease.
    if (ask.req.method === 'HEAD') return refuse(ask, 405, 'Method not allowed');
    const raw = {
      ...ask.req.query(),
      groups: ask.req.queries('groups') ?? [],
      labels: ask.req.queries('labels') ?? [],
    };
    const query = jobsQuery.safeParse(raw);
    if (!query.success) return invalid(ask, 'query', query.error.issues, raw);
    const jobs = await pullJobs(desks, ask, query.data);
    return ask.json(jobs);
  });

  app.get('/jobs/:id/status', workers, async (ask) => {
    const found = await status.of(ask.get('owner'), ask.req.param('id'));
    return found === undefined ? notFound(ask) : ask.json(found);
  });

  app.put('/jobs/:id/status', workers, limit(jobFileLimit), async (ask) => {
    const raw = ask.req.query();
    const query = statusQuery.safeParse(raw);
    if (!query.success) return invalid(ask, 'query', query.error.issues, raw);
    const json = readJson(await ask.req.text());
    if (json.kind === 'broken') return invalidJson(ask, json.why);
    const body = json.kind === 'nothing' ? undefined : z.union([ending, sliceEnding]).safeParse(json.value);
    if (body?.success === false && json.kind === 'value')
      return invalid(ask, 'body', body.error.issues, json.value);
    const [worker, id] = [ask.get('owner'), ask.req.param('id')];
    const held = crews.find(worker, id);
    const { status: stage, runtime_details: details } = query.data;
    if (held === undefined)
      return (await status.hasHeard(worker, id, stage)) ? ask.body(null, 204) : notFound(ask);
    const said = body?.data;
    const word = {
      ending: said !== undefined && 'outcome' in said ? said : undefined,
      sliceEnd: said !== undefined && 'slice' in said ? said.slice : undefined,
    };
    const heard = await hear(served, files, held, { stage, details, ...word });
    if (heard === 'gone') return notFound(ask);
    status.noteLast(worker, id, stage);
    return ask.body(null, 204);
  });

  app.put('/jobs/:id/grow', workers, limit(mostGrowth), async (ask) => {
    const raw = ask.req.query();
    const query = growQuery.safeParse(raw);
    if (!query.success) return invalid(ask, 'query', query.error.issues, raw);
    const bytes = new Uint8Array(await ask.req.arrayBuffer());
    const held = crews.find(ask.get('owner'), ask.req.param('id'));
    const slice = held === undefined ? undefined : sliceOf(held);
    if (held === undefined || slice === undefined) return notFound(ask);
    const { file, offset } = query.data;
    if (file === 'lines' && !areLinesOf(held, slice, bytes))
      return refuse(ask, 422, "expected whole lines of this slice's tasks");
    const allowance = await files.allowanceOf(held);
    if (!allowance.take(bytes.length)) return tooMuch(ask, desk);
    const { size, added } = grow(served, held, slice, file, offset, bytes);
    if (!added) allowance.release(bytes.length);
    return ask.json({ size }, added ? 200 : 409);
  });

  app.get('/jobs/:id/gang', workers, (ask) => {
    const held = crews.find(ask.get('owner'), ask.req.param('id'));
    const slice = held === undefined ? undefined : sliceOf(held);
    const gang = slice === undefined ? undefined : gangOf(served, slice);
    return gang === undefined ? notFound(ask) : ask.json(gang);
  });

  app.post('/jobs/:id/files/url', workers, (ask) => {
    const place = placeOf(ask, crews);
    if (place instanceof Response) return place;
    return ask.json(fileRequest(ask, served.publicUrl, 'POST', '/upload'), 201);
  });

  app.post('/jobs/:id/files/upload', workers, async (ask) => {
    const place = placeOf(ask, crews);
    if (place instanceof Response) return place;
    const { held, type, directory } = place;
    const upload = await receiveUpload(ask.env.incoming, (name, content) =>
      files.receive(held, type, directory, name, content),
    );
    if (upload.kind === 'refused') return refuse(ask, 422, upload.reason);
    if (upload.taken === 'no-place') return refuse(ask, 422, 'no file can be called so there');
    if (upload.taken === 'too-much') return tooMuch(ask, desk);
    return upload.taken === 'gone' ? notFound(ask) : ask.json(null, 201);
  });

  app.get('/files/:id{.+}/url', workers, async (ask) => {
    const file = await open(ask.get('owner'), ask.req.param('id'));
    if (typeof file === 'string') return noFile(ask, file);
    await file.close();
    return ask.json(fileRequest(ask, served.publicUrl, 'GET', '/download'));
  });

  app.get('/files/:id{.+}/download', workers, async (ask) => {
    const file = await open(ask.get('owner'), ask.req.param('id'));
    if (typeof file === 'string') return noFile(ask, file);
    const etag = `"${file.size}-${file.version}"`;
    return sendFile(ask, file, { etag, type: 'application/octet-stream' });
  });

  app.post('/_jobs', submittersOnly(guarded), limit(jobFileLimit), async (ask) => {
    const json = readJson(await ask.req.text());
    if (json.kind === 'broken') return invalidJson(ask, json.why);
    const raw = json.kind === 'value' ? json.value : undefined;
    const body = submittedJob.safeParse(raw);
    if (!body.success) return invalid(ask, 'body', body.error.issues, raw);
    if ((await submitDecode(desk, body.data)) === 'too-large')
      return refuse(ask, 413, `the job's file would have more than ${jobFileLimit} bytes`);
    return ask.json(body.data, 201);
  });

  whole.route('/', app);

  /** Another server may have given out the job that it belongs to. */
  async function open(worker: string, fileId: string): Promise<TreeFile | 'forbidden' | 'missing'> {
    const file = await files.open(fileId, crews.heldBy(worker, false));
    return file === 'forbidden' ? files.open(fileId, crews.heldBy(worker, true)) : file;
  }
}

/** Where an upload is to go. */
function placeOf(
  ask: Asked,
  crews: RemoteCrews,
): Response | { held: Held; type: ReturnType<typeof filesQuery.parse>['type']; directory: string } {
  const raw = ask.req.query();
  const query = filesQuery.safeParse(raw);
  if (!query.success) return invalid(ask, 'query', query.error.issues, raw);
  const { type, base_path: directory } = query.data;
  const held = crews.find(ask.get('owner'), ask.req.param('id') ?? '');
  if (held === undefined) return notFound(ask);
  if (directory.startsWith('/') || !isBelow(directory))
    return refuse(ask, 403, "base_path leads out of the job's directory");
  return { held, type, directory };
}

/** What a client replays as it is: the same path as the one that ends in `/url`. */
function fileRequest(
  ask: Asked,
  publicUrl: URL | undefined,
  method: string,
  end: '/upload' | '/download',
): Record<string, unknown> {
  const asked = new URL(ask.req.url);
  const path = asked.pathname.replace(/\/url$/, end);
  const url = new URL(publicUrl ?? asked);
  url.pathname = publicUrl === undefined ? path : `${publicUrl.pathname.replace(/\/+$/, '')}${path}`;
  url.search = asked.search;
  const authorization = ask.req.header('Authorization');
  return {
    method,
    url: url.href,
    headers: authorization === undefined ? {} : { authorization },
    data: {},
  };
}

function tooMuch(ask: Asked, { served }: WorkerDesk): Response {
  const { uploadLimit } = served.workers;
  return refuse(ask, 413, `an execution may send ${uploadLimit} bytes in all (UploadLimit in [Workers])`);
}

function notFound(ask: Asked): Response {
  return refuse(ask, 404, 'Job not found');
}

function noFile(ask: Asked, why: 'forbidden' | 'missing'): Response {
  return why === 'forbidden'
    ? refuse(ask, 403, 'File is not in your filesystem or you do not have access')
    : refuse(ask, 404, 'File not found');
}

function limit(most: number): ReturnType<typeof limitBody> {
  return limitBody(most, (ask, detail) => refuse(ask, 413, detail));
}
