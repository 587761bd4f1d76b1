import { hasOwnHosts, retryPlace } from '../../queue/retry-place.js';
import { lookAgain } from './look-again.js';
import type { AcceptDesk } from './submission.js';

export type Retried =
  | {
      readonly kind: 'retried';
      /** What people call it. */
      readonly job: string;
    }
  /** It waits, runs, or is done. */
  | { readonly kind: 'not-failed' }
  /** Somebody was faster: it is in the queue again. */
  | { readonly kind: 'exists' }
  /** A run on hosts that only `fjr run` reaches. */
  | { readonly kind: 'own-hosts'; readonly message: string }
  | { readonly kind: 'unknown' };

/** As `fjr retry` does: a failed job goes back into the queue, with all its tries before it. */
export async function retry(desk: Pick<AcceptDesk, 'served' | 'index'>, id: string): Promise<Retried> {
  const { files, layout, writer, tell } = desk.served;
  let isGone = false;
  for await (const { summary, place } of lookAgain(desk, id)) {
    if (place.state !== 'failed') return { kind: isGone ? 'exists' : 'not-failed' };
    if (hasOwnHosts(files, place))
      return {
        kind: 'own-hosts',
        message: `it worked on hosts of its own, which no crew reaches: fjr run --resume ${summary.name} FILE goes on with it`,
      };
    if (retryPlace(files, layout, place.entry, writer) === 'queued') {
      await tell([]).catch(() => undefined);
      return { kind: 'retried', job: summary.name };
    }
    isGone = true;
  }
  return { kind: isGone ? 'exists' : 'unknown' };
}
