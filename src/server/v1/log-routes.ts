import { type OpenAPIHono, createRoute, z } from '@hono/zod-openapi';
import { stream } from 'hono/streaming';
import type { LogStream } from '../../queue/layout.js';
import type { Ask, ServerEnv } from '../answers.js';
import { describeFailure } from '../describe-failure.js';
import type { Desk } from '../jobmgr-routes.js';
import { readRange } from '../byte-range.js';
import { type FoundJob, findJob } from './find-job.js';
import { LogBell } from './log-bell.js';
import { LogFollower, chunk } from './log-follower.js';
import { choice, flag, query } from './parameters.js';
import { Problem } from './problem.js';
import { idParam, problems } from './responses.js';

const mostFollowers = 500;
/** Milliseconds of silence after which the other end is asked whether it is there. */
const probeAfter = 30_000;

const text = { 'text/plain': { schema: z.string() } };

const logRoute = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}/log',
  summary: 'What a job printed',
  description:
    'Of its present or last execution. With `follow` the answer begins where the range does and goes on until the execution ends; its status is then 200.',
  request: {
    params: idParam,
    query: query({
      stream: choice<LogStream>(['out', 'err'], 'Standard output, or standard error.'),
      follow: flag('Go on for as long as it runs.'),
    }),
    headers: z.object({
      range: z.string().optional().openapi({ description: '`bytes=A-B`, `bytes=A-` or `bytes=-N`.' }),
    }),
  },
  responses: {
    200: { description: 'All of it', content: text },
    206: { description: 'The part that was asked for', content: text },
    ...problems(400, 404, 416, 503),
  },
});

export function addLogRoute(app: OpenAPIHono<ServerEnv>, desk: Desk): void {
  const bell = new LogBell(desk.served);
  app.openapi(logRoute, (async (ask: Ask) => {
    const { stream: wanted, follow } = logRoute.request.query.parse(ask.req.query());
    const found = await findJob(desk, ask.req.param('id') ?? '');
    if (follow && ask.req.method !== 'HEAD') return followLog(ask, desk, bell, found, wanted);
    return sendLog(ask, desk, found, wanted);
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

function sendLog(ask: Ask, desk: Desk, found: FoundJob, wanted: LogStream): Response {
  const { files } = desk.served;
  const path = pathOf(desk, found, wanted);
  if (path !== undefined && desk.served.isShared) files.refresh(path);
  const size = path === undefined ? undefined : files.size(path);
  if (path === undefined || size === undefined) throw nothingPrinted(found, wanted);
  const asked = readRange(ask.req.header('Range'), size);
  if (asked.kind === 'beyond')
    throw new Problem(416, {
      code: 'no_such_range',
      detail: `the log has ${size} bytes`,
      headers: { 'Content-Range': `bytes */${size}` },
    });
  const { from, to } = asked.kind === 'part' ? asked : { from: 0, to: size };
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Accept-Ranges': 'bytes',
    'Content-Length': String(to - from),
    ...(asked.kind === 'part' ? { 'Content-Range': `bytes ${from}-${to - 1}/${size}` } : {}),
  };
  const body = ask.req.method === 'HEAD' ? null : contentOf(desk, path, from, to);
  return ask.newResponse(body, asked.kind === 'part' ? 206 : 200, headers);
}

/** Read as it is taken. */
function contentOf(
  { served: { files } }: Desk,
  path: string,
  from: number,
  to: number,
): ReadableStream<Uint8Array> {
  let at = from;
  return new ReadableStream({
    pull(controller) {
      const bytes = at < to ? files.readFrom(path, at, Math.min(chunk, to - at)) : undefined;
      if (bytes !== undefined && bytes.length > 0) {
        at += bytes.length;
        controller.enqueue(Uint8Array.from(bytes));
      } else if (at < to) controller.error(new Error(`${path} was shortened while it was sent`));
      if (at >= to) controller.close();
    },
  });
}

function followLog(ask: Ask, desk: Desk, bell: LogBell, found: FoundJob, wanted: LogStream): Response {
  const { served } = desk;
  if (found.summary.kind === 'run') throw nothingPrinted(found, wanted);
  if (bell.size >= mostFollowers)
    throw new Problem(503, { code: 'too_many', detail: `${bell.size} clients follow logs already` });
  ask.header('Content-Type', 'text/plain; charset=utf-8');
  // Proxies that collect what they pass on would make it late.
  ask.header('X-Accel-Buffering', 'no');
  const { socket } = ask.env.incoming;
  // A job may be silent for long; whether there is still somebody to hear it is for the system to find out.
  socket.setTimeout(0);
  socket.setKeepAlive(true, probeAfter);
  return stream(
    ask,
    async (out) => {
      const follower = new LogFollower(desk, bell, found.summary, wanted, ask.req.header('Range'));
      out.onAbort(() => {
        follower.end();
      });
      try {
        for await (const bytes of follower.read()) await out.write(bytes);
      } finally {
        follower.end();
      }
    },
    (error) => {
      served.remark(`GET ${ask.req.path}: ${describeFailure(error)}`);
      return Promise.resolve();
    },
  );
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
