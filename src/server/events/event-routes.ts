import type { OpenAPIHono } from '@hono/zod-openapi';
import { stream } from 'hono/streaming';
import type { Ask, ServerEnv } from '../answers.js';
import { needs } from '../authenticate.js';
import { describeFailure } from '../describe-failure.js';
import type { Desk } from '../jobmgr-routes.js';
import { answerProblem } from '../v1/problem.js';
import { type EventFeed, type FeedEvent, eventTypes } from './event-feed.js';
import { formatEventId, parseEventId } from './event-id.js';
import { Outbox } from './outbox.js';

/** Milliseconds between signs of life. */
const keepAlive = 15_000;
/** Then the client comes again, and shows its token again. Milliseconds. */
const longestStream = 3_600_000;
const mostListeners = 1_500;

/** `GET /v1/events`: what happens in the project, as it happens. */
export function addEventRoutes(app: OpenAPIHono<ServerEnv>, { served, index, feed }: Desk): void {
  let listeners = 0;
  app.get('/v1/events', needs('read'), async (ask) => {
    const filter = readFilter(ask);
    if (typeof filter === 'string')
      return answerProblem(ask, 400, { code: 'invalid_request', detail: filter });
    if (listeners >= mostListeners)
      return answerProblem(ask, 503, { code: 'too_many', detail: `${listeners} clients listen already` });
    await index.refresh();
    ask.header('Content-Type', 'text/event-stream');
    // Proxies that collect what they pass on would make it late.
    ask.header('X-Accel-Buffering', 'no');
    if (ask.req.method === 'HEAD') return ask.body(null);
    listeners += 1;
    return stream(
      ask,
      async (out) => {
        const outbox = new Outbox(() => {
          // A client that does not read is not waited for.
          ask.env.outgoing.destroy();
        });
        const end = (): void => {
          outbox.close();
        };
        out.onAbort(end);
        served.closing.addEventListener('abort', end);
        const deafen = feed.listen((event) => {
          if (filter(event)) outbox.put(event.bytes);
        });
        const alive = setInterval(() => {
          outbox.put(Buffer.from(`: still here\nid: ${formatEventId(feed.position)}\n\n`));
        }, keepAlive);
        const limit = setTimeout(end, longestStream);
        try {
          for (const bytes of await opening(ask, feed, filter)) await out.write(bytes);
          for (let bytes; !out.aborted && (bytes = await outbox.take()) !== undefined;)
            await out.write(bytes);
        } finally {
          deafen();
          clearInterval(alive);
          clearTimeout(limit);
          served.closing.removeEventListener('abort', end);
          listeners -= 1;
        }
      },
      (error) => {
        served.remark(`GET /v1/events: ${describeFailure(error)}`);
        return Promise.resolve();
      },
    );
  });
}

type Filter = (event: Pick<FeedEvent, 'type' | 'about'>) => boolean;

/** A sentence: what is wrong with it. */
function readFilter(ask: Ask): Filter | string {
  const { job, types } = ask.req.query();
  const wanted = types?.split(',').filter((type) => type !== '') ?? [];
  const unknown = wanted.find((type) => !eventTypes.some((known) => known === type));
  if (unknown !== undefined)
    return `there are no events of type ${JSON.stringify(unknown)}: expected some of ${eventTypes.join(', ')}`;
  return ({ type, about }) =>
    (wanted.length === 0 || wanted.includes(type)) &&
    (job === undefined || about.length === 0 || about.includes(job));
}

/** What a client hears first: the totals; and what it has missed, if it says what it heard last. */
async function opening(ask: Ask, feed: EventFeed, filter: Filter): Promise<Uint8Array[]> {
  const last = ask.req.header('Last-Event-ID') ?? '';
  // Before anything is waited for: what comes from here on is listened to already.
  const now = feed.position;
  if (last === '') return [feed.counts(now)];
  const id = parseEventId(last);
  const missed = id === undefined ? undefined : (feed.after(id) ?? (await feed.since(id)));
  if (missed === undefined) return [reset, feed.counts(now)];
  return [feed.counts(undefined), ...missed.filter(filter).map(({ bytes }) => bytes), feed.counts(now)];
}

const reset = Buffer.from('event: reset\ndata: {}\n\n');
