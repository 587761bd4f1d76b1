import { type OpenAPIHono, createRoute, z } from '@hono/zod-openapi';
import type { LogStream } from '../../queue/layout.js';
import type { Ask, ServerEnv } from '../answers.js';
import type { Desk } from '../jobmgr-routes.js';
import { type FoundJob, findJob } from './find-job.js';
import { LogBell } from './log-bell.js';
import { LogFollower } from './log-follower.js';
import { choice, flag, query } from './parameters.js';
import { Problem } from './problem.js';
import { idParam, problems } from './responses.js';
import { sendLog, streamLog } from './send-log.js';

const mostFollowers = 500;

const text = { 'text/plain': { schema: z.string() } };

/** What may be asked of a log, whosever it is. */
export const logQuery = query({
  stream: choice<LogStream>(['out', 'err'], 'Standard output, or standard error.'),
  follow: flag('Go on for as long as it runs.'),
});

export const logHeaders = z.object({
  range: z.string().optional().openapi({ description: '`bytes=A-B`, `bytes=A-` or `bytes=-N`.' }),
});

/** How a log is answered. */
export const logResponses = {
  200: { description: 'All of it', content: text },
  206: { description: 'The part that was asked for', content: text },
} as const;

const logRoute = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}/log',
  summary: 'What a job printed',
  description:
    'Of its present or last execution. With `follow` the answer begins where the range does and goes on until the execution ends; its status is then 200.',
  request: {
    params: idParam,
    query: logQuery,
    headers: logHeaders,
  },
  responses: { ...logResponses, ...problems(400, 404, 416, 503) },
});

export function addLogRoute(app: OpenAPIHono<ServerEnv>, desk: Desk): void {
  const bell = new LogBell(desk.served);
  app.openapi(logRoute, (async (ask: Ask) => {
    const { stream: wanted, follow: isFollowed } = logQuery.parse(ask.req.query());
    const found = await findJob(desk, ask.req.param('id') ?? '');
    if (isFollowed && ask.req.method !== 'HEAD') return follow(ask, desk, bell, found, wanted);
    return send(ask, desk, found, wanted);
  }) as never);
}

/** Undefined: it has not begun, so that what lies there under its name is another's. */
function pathOf(
  { served }: Desk,
  { summary: { id, kind, state } }: FoundJob,
  wanted: LogStream,
): string | undefined {
  const isNone = kind === 'run' || state === 'waiting' || state === 'assigned';
  return isNone ? undefined : served.layout.log(id, wanted);
}

function send(ask: Ask, desk: Desk, found: FoundJob, wanted: LogStream): Response {
  const { files } = desk.served;
  const path = pathOf(desk, found, wanted);
  if (path !== undefined && desk.served.isShared) files.refresh(path);
  const size = path === undefined ? undefined : files.size(path);
  if (path === undefined || size === undefined) throw nothingPrinted(found, wanted);
  return sendLog(ask, files, { path, offset: 0, size });
}

function follow(ask: Ask, desk: Desk, bell: LogBell, found: FoundJob, wanted: LogStream): Response {
  if (found.summary.kind === 'run') throw nothingPrinted(found, wanted);
  if (bell.size >= mostFollowers)
    throw new Problem(503, { code: 'too_many', detail: `${bell.size} clients follow logs already` });
  const range = ask.req.header('Range');
  return streamLog(ask, desk.served, () => new LogFollower(desk, bell, found.summary, wanted, range));
}

function nothingPrinted({ summary: { name, kind } }: FoundJob, wanted: LogStream): Problem {
  const what = wanted === 'out' ? 'its standard output' : 'its standard error';
  return new Problem(404, {
    code: 'no_log',
    detail:
      kind === 'run'
        ? `"${name}" is a run: its tasks print, each for itself`
        : `"${name}" has printed nothing to ${what}`,
  });
}
