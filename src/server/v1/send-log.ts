import { stream } from 'hono/streaming';
import type { Files } from '../../system/files.js';
import type { Ask } from '../answers.js';
import { readRange } from '../byte-range.js';
import { describeFailure } from '../describe-failure.js';
import type { Served } from '../served.js';
import { Problem } from './problem.js';

/** Bytes that are read at a time. */
export const chunk = 256 * 1024;
/** Milliseconds of silence after which the other end is asked whether it is there. */
const probeAfter = 30_000;

/** Where a log is: a file, or a part of one. */
export interface LogPart {
  readonly path: string;
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** All of it, or the part that is asked for. */
export function sendLog(ask: Ask, files: Files, log: LogPart): Response {
  const { size } = log;
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
  const body = ask.req.method === 'HEAD' ? null : contentOf(files, log, from, to);
  return ask.newResponse(body, asked.kind === 'part' ? 206 : 200, headers);
}

/** Read as it is taken. */
function contentOf(
  files: Files,
  { path, offset }: LogPart,
  from: number,
  to: number,
): ReadableStream<Uint8Array> {
  let at = from;
  return new ReadableStream({
    pull(controller) {
      const bytes = at < to ? files.readFrom(path, offset + at, Math.min(chunk, to - at)) : undefined;
      if (bytes !== undefined && bytes.length > 0) {
        at += bytes.length;
        controller.enqueue(Uint8Array.from(bytes));
      } else if (at < to) controller.error(new Error(`${path} was shortened while it was sent`));
      if (at >= to) controller.close();
    },
  });
}

/** Reads a log for somebody who follows it. */
export interface Follower {
  read(): AsyncIterable<Uint8Array>;
  /** Nobody wants to know any more. */
  end(): void;
}

/** A log as it grows. */
export function streamLog(ask: Ask, served: Served, makeFollower: () => Follower): Response {
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
      const follower = makeFollower();
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
