import { type Webhook, signedHeaders } from './webhook.js';
import type { Message } from './message.js';

/** Milliseconds that a receiver may take. */
const patience = 15_000;

/** What became of one try. */
export type Posted =
  | { readonly kind: 'told' }
  /** It wants no more: 410. */
  | { readonly kind: 'gone' }
  /** `after`: seconds that it asks for before the next try. */
  | { readonly kind: 'failed'; readonly why: string; readonly after: number };

/** Tells a receiver once. Where it points to, nobody goes: the answer to a message is yes, or not yes. */
export async function post(
  { url, key }: Webhook,
  { id, body }: Message,
  seconds: number,
  cancelled: AbortSignal,
): Promise<Posted> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Content-Type': 'application/json', ...signedHeaders(key, id, seconds, body) },
      body,
      signal: AbortSignal.any([AbortSignal.timeout(patience), cancelled]),
    });
    await answer.body?.cancel();
    if (answer.ok) return { kind: 'told' };
    if (answer.status === 410) return { kind: 'gone' };
    const after = /^\d{1,6}$/.exec(answer.headers.get('Retry-After') ?? '')?.[0] ?? '0';
    return { kind: 'failed', why: `it answered ${answer.status}`, after: Number(after) };
  } catch (error) {
    return { kind: 'failed', why: describe(error), after: 0 };
  }
}

function describe(error: unknown): string {
  const { name, cause, message } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${patience / 1000} s`;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
}
