import { type OpenAPIHono, createRoute } from '@hono/zod-openapi';
import { FjrError } from '../../job/fjr-error.js';
import { readFanOut } from '../../queue/fan-out-book.js';
import { FanOutPaths } from '../../queue/fan-out-paths.js';
import type { LogStream } from '../../queue/layout.js';
import type { Place } from '../../queue/places.js';
import { TaskLogReader } from '../../queue/task-logs.js';
import type { Ask, ServerEnv } from '../answers.js';
import type { JobSummary } from '../feed/job-index.js';
import type { Desk } from '../jobmgr-routes.js';
import { findJob } from './find-job.js';
import { logHeaders, logQuery, logResponses } from './log-routes.js';
import { cursor, query, whole } from './parameters.js';
import { Problem } from './problem.js';
import { answers, idParam, problems, taskParams } from './responses.js';
import { type RunBooks, checkTasks } from './run-books.js';
import { sendLog, streamLog } from './send-log.js';
import { taskPageShape } from './shapes.js';
import { TaskLogFollower, lookForLog, partOf } from './task-log-follower.js';

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

const logRoute = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/tasks/{task}/log',
  summary: 'What a task of a run printed',
  description:
    'Of its newest execution; of one that runs, as soon as it has printed much or for some seconds. With `follow` the answer begins where the range does and goes on until the execution ends; its status is then 200.',
  request: { params: taskParams, query: logQuery, headers: logHeaders },
  responses: { ...logResponses, ...problems(400, 404, 416, 422, 503) },
});

/** Who follows makes the server look once in a second, at all that the run's crews have written since. */
const mostFollowers = 100;
/** Looks at all lines of a run at once. */
const mostLooks = 16;

export function addTaskRoutes(app: OpenAPIHono<ServerEnv>, desk: Desk, books: RunBooks): void {
  addTaskLogRoute(app, desk);
  app.openapi(tasksRoute, async (ask) => {
    const { id } = ask.req.valid('param');
    const { limit, cursor: after } = ask.req.valid('query');
    const from = readCursor(after);
    const { summary, place } = await findJob(desk, id);
    const page = summary.kind === 'run' ? await books.tasks(place.path, from, limit) : undefined;
    if (page === undefined) throw notRun(summary);
    return ask.json({ tasks: page.tasks, next: page.next === undefined ? null : String(page.next) }, 200);
  });
}

function addTaskLogRoute(app: OpenAPIHono<ServerEnv>, desk: Desk): void {
  let followers = 0;
  let looks = 0;
  const follow = (ask: Ask, run: JobSummary, task: number, wanted: LogStream): Response => {
    if (followers >= mostFollowers) throw tooMany(`${followers} clients follow logs of tasks already`);
    followers += 1;
    return streamLog(ask, desk.served, () => {
      const follower = new TaskLogFollower(desk, run, task, wanted, ask.req.header('Range'));
      let isOver = false;
      const end = (): void => {
        if (!isOver) followers -= 1;
        isOver = true;
        follower.end();
      };
      return { read: () => follower.read(), end };
    });
  };
  app.openapi(logRoute, (async (ask: Ask) => {
    const { stream: wanted, follow: isFollowed } = logQuery.parse(ask.req.query());
    const { id, task } = taskParams.parse(ask.req.param());
    const { summary, place } = await findJob(desk, id);
    const reader = summary.kind === 'run' ? readerOf(desk, place, task) : undefined;
    if (reader === undefined) throw notRun(summary);
    if (task >= reader.tasks) throw noSuchTask(summary, task, reader.tasks);
    if (isFollowed && ask.req.method !== 'HEAD') return follow(ask, summary, task, wanted);
    if (looks >= mostLooks) throw tooMany(`${looks} logs of tasks are looked for already`);
    looks += 1;
    const { logs } = await lookForLog(desk, reader).finally(() => (looks -= 1));
    const log = logs[wanted];
    const part = log === undefined ? undefined : partOf(desk, log);
    if (part === undefined) throw nothingPrinted(summary, task, wanted);
    return sendLog(ask, desk.served.files, part);
  }) as never);
}

/** Undefined: it is no run's directory, or not any more. */
function readerOf({ served }: Desk, { path }: Place, task: number): TaskLogReader | undefined {
  try {
    checkTasks(readFanOut(served.files, new FanOutPaths(path)).tasks);
    return new TaskLogReader(served.files, path, task);
  } catch (error) {
    if (error instanceof FjrError && error.code === 'not-a-fan-out') return undefined;
    throw error;
  }
}

function notRun({ name }: JobSummary): Problem {
  return new Problem(404, { code: 'not_a_run', detail: `"${name}" is no run: it has no tasks` });
}

function noSuchTask({ name }: JobSummary, task: number, tasks: number): Problem {
  const detail = `"${name}" has no task ${task}: its tasks are numbered from 0 to ${tasks - 1}`;
  return new Problem(404, { code: 'unknown_task', detail });
}

function nothingPrinted({ name }: JobSummary, task: number, wanted: LogStream): Problem {
  const what = wanted === 'out' ? 'its standard output' : 'its standard error';
  const detail = `task ${task} of "${name}" has printed nothing to ${what}, as far as is known`;
  return new Problem(404, { code: 'no_log', detail });
}

function tooMany(detail: string): Problem {
  return new Problem(503, { code: 'too_many', detail });
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
