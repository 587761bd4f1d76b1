import { type OpenAPIHono, createRoute, type z } from '@hono/zod-openapi';
import { FjrError } from '../../job/fjr-error.js';
import { jobFileLimit } from '../../job/read-job.js';
import { JobFileError } from '../../job/settings.js';
import { looksLikeSpecJob, parseSpecJob } from '../../job/spec/spec-job.js';
import type { Ask, ServerEnv } from '../answers.js';
import type { JobPage, JobQuery } from '../feed/job-index.js';
import { jobKinds, jobStates } from '../feed/job-index.js';
import { jobJson } from '../feed/job-json.js';
import type { Desk } from '../jobmgr-routes.js';
import { waitForEnd } from '../wait-for-end.js';
import { attemptsOf } from './attempts.js';
import { type FoundJob, findJob } from './find-job.js';
import { cursor, query, text, wait, whole, words } from './parameters.js';
import { Problem } from './problem.js';
import { answers, idParam } from './responses.js';
import type { RunBooks } from './run-books.js';
import { jobPageShape, jobShape } from './shapes.js';

const listRoute = createRoute({
  method: 'get',
  path: '/v1/jobs',
  summary: 'Jobs, the newest change first',
  request: {
    query: query({
      state: words(jobStates, 'Jobs in one of these states.'),
      kind: words(jobKinds, 'Jobs of one of these kinds.'),
      q: text('Jobs whose names hold this, in whatever case.'),
      limit: whole(1, 1000, 100, 'How many at most.'),
      cursor: cursor(),
    }),
  },
  responses: answers({ 200: jobPageShape }, 400),
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}',
  summary: 'One job: by its id, or by its name',
  description: 'A name means the job of this name that waits or runs, or else its newest outcome.',
  request: {
    params: idParam,
    query: query({ wait: wait('Answers when the job has ended, or after this time; five minutes at most.') }),
  },
  responses: answers({ 200: jobShape }, 400, 404),
});

export function addJobRoutes(app: OpenAPIHono<ServerEnv>, desk: Desk, books: RunBooks): void {
  app.openapi(listRoute, async (ask) => {
    const { state, kind, q = '', limit, cursor: after } = ask.req.valid('query');
    await desk.index.built();
    const page = readPage(desk, {
      ...{ states: state, kinds: kind, text: q, limit },
      ...(after === undefined ? {} : { after }),
    });
    return ask.json({ jobs: page.jobs.map(jobJson), next: page.next ?? null }, 200);
  });
  app.openapi(showRoute, async (ask) => {
    const { id } = ask.req.valid('param');
    const found = await waitFor(desk, id, ask.req.valid('query').wait, ask as Ask);
    return ask.json(await describe(desk, books, found), 200);
  });
}

function readPage({ index }: Desk, wanted: JobQuery): JobPage {
  try {
    return index.page(wanted);
  } catch (error) {
    if (!(error instanceof FjrError)) throw error;
    const detail = `cursor: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`;
    throw new Problem(400, {
      code: 'invalid_request',
      detail,
      errors: [{ in: 'query', name: 'cursor', detail }],
    });
  }
}

async function waitFor(desk: Desk, id: string, seconds: number, ask: Ask): Promise<FoundJob> {
  const found = await findJob(desk, id);
  const { id: asked, state, name } = found.summary;
  if (seconds === 0 || state === 'done' || state === 'failed') return found;
  await waitForEnd(desk, found.summary, seconds, ask);
  // Until it is assigned it is called by its name alone, which another may have by now.
  return findJob(desk, desk.index.find(asked)?.id === asked ? asked : name);
}

async function describe(desk: Desk, books: RunBooks, found: FoundJob): Promise<z.infer<typeof jobShape>> {
  const { summary, place } = found;
  const isRun = summary.kind === 'run';
  const inspected = isRun ? undefined : desk.served.files.inspect(place.path, jobFileLimit);
  const isWhole = inspected?.kind === 'file' && inspected.size <= jobFileLimit;
  const content = isWhole ? inspected.head : undefined;
  return {
    ...jobJson(summary),
    text: content === undefined || content.includes(0) ? null : Buffer.from(content).toString('utf8'),
    attempts: isRun ? [] : await attemptsOf(desk, found),
    tasks: isRun ? await books.counts(place.path) : null,
    artifacts: content === undefined ? [] : await artifactsOf(desk, found, content),
  };
}

/** Those of a spec's job that has ended. */
async function artifactsOf(
  { artifacts }: Desk,
  { summary, place }: FoundJob,
  content: Uint8Array,
): Promise<z.infer<typeof jobShape>['artifacts']> {
  const { started, ended } = summary;
  if (ended === undefined || !looksLikeSpecJob(content)) return [];
  try {
    const job = parseSpecJob(content);
    const left = await artifacts.of({ job, place, started, ended });
    return await Promise.all(
      left.map(async (artifact) => {
        const { name, mime, size } = artifact;
        return { name, mime, size, url: await artifacts.linkTo(artifact) };
      }),
    );
  } catch (error) {
    if (error instanceof JobFileError) return [];
    throw error;
  }
}
