import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Ask, ServerEnv } from './answers.js';

/** How many times what a body may have is read and thrown away, so that whoever still sends it hears why. */
const patience = 16;

/** Refuses bodies of more bytes, whether their length is told or not. */
export function limitBody(
  most: number,
  refuse: (ask: Ask, detail: string) => Response,
): MiddlewareHandler<ServerEnv> {
  return bodyLimit({
    maxSize: most,
    onError: async (ask) => {
      await waste(ask as Ask, patience * most);
      return refuse(ask as Ask, `a body may have ${most} bytes`);
    },
  });
}

async function waste(ask: Ask, most: number): Promise<void> {
  const { body } = ask.req.raw;
  if (body?.locked !== false || !(Number(ask.req.header('Content-Length')) <= most)) return;
  let wasted = 0;
  for await (const piece of body as ReadableStream<Uint8Array>) if ((wasted += piece.length) > most) break;
}
