import { createParser } from 'eventsource-parser';
import { Refusal, ask } from './ask-server.js';
import { clockTime } from './words.js';

export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nobody sees the tab, and a connection is not held for nobody: browsers allow a server only six. */
  | { readonly kind: 'resting' }
  | { readonly kind: 'cut'; readonly since: Date; readonly reason: string; readonly next: Date };

export interface StreamListener {
  /** `resumed`: what came meanwhile is told now; otherwise all that is known may be out of date. */
  connected(resumed: boolean): void;
  event(type: string, data: unknown): void;
  state(state: StreamState): void;
  /** The token is no good, or not any more. */
  refused(refusal: Refusal): void;
}

/** Milliseconds. The server says something at least every 15 s. */
const longestSilence = 40_000;
const firstPause = 1000;
const longestPause = 30_000;
const restAfter = 60_000;

/**
 * What changes, as the server tells it, for as long as the page is open: connects again after each loss, from where it
 * stopped hearing. EventSource would do all that, but cannot carry a token.
 */
export class EventStream {
  readonly #listener: StreamListener;
  #lastId: string | undefined;
  #attempt: AbortController | undefined;
  #pause = firstPause;
  #timer: number | undefined;
  #cutSince: Date | undefined;
  #restTimer: number | undefined;
  #stopped = true;

  constructor(listener: StreamListener) {
    this.#listener = listener;
    document.addEventListener('visibilitychange', this.#seen);
    globalThis.addEventListener('online', this.tryNow);
  }

  start(): void {
    this.#stopped = false;
    this.#lastId = undefined;
    this.#cutSince = undefined;
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#attempt?.abort();
    this.#attempt = undefined;
  }

  /** Does not wait until the pause is over. */
  readonly tryNow = (): void => {
    if (this.#stopped || this.#attempt !== undefined) return;
    clearTimeout(this.#timer);
    this.#pause = firstPause;
    void this.#connect();
  };

  readonly #seen = (): void => {
    clearTimeout(this.#restTimer);
    if (document.visibilityState === 'visible') this.tryNow();
    else this.#restTimer = setTimeout(this.#rest, restAfter);
  };

  readonly #rest = (): void => {
    clearTimeout(this.#timer);
    this.#attempt?.abort();
    this.#attempt = undefined;
    if (!this.#stopped) this.#listener.state({ kind: 'resting' });
  };

  async #connect(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    if (this.#cutSince === undefined) this.#listener.state({ kind: 'connecting' });
    const silence = new Silence(() => attempt.abort());
    let reason = 'The server has ended the connection.';
    try {
      await this.#listen(attempt.signal, silence);
    } catch (error) {
      if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
        if (this.#attempt !== attempt) return;
        this.stop();
        this.#listener.refused(error);
        return;
      }
      if (error instanceof Error) reason = error.message;
      if (attempt.signal.aborted) reason = 'Nothing is heard of the server.';
    } finally {
      silence.end();
    }
    if (this.#attempt === attempt) this.#tryLater(reason);
  }

  async #listen(signal: AbortSignal, silence: Silence): Promise<void> {
    const resumes = this.#lastId;
    const headers = {
      Accept: 'text/event-stream',
      ...(resumes === undefined ? {} : { 'Last-Event-ID': resumes }),
    };
    const response = await ask('v1/events', { headers, signal, cache: 'no-store' });
    let isReset = false;
    const parser = createParser({
      onEvent: ({ event, id, data }) => {
        if (signal.aborted) return;
        if (id !== undefined) this.#lastId = id;
        if (event !== 'reset') this.#listener.event(event ?? 'message', JSON.parse(data));
        else if (!isReset) {
          isReset = true;
          this.#listener.connected(false);
        }
      },
    });
    this.#pause = firstPause;
    this.#cutSince = undefined;
    this.#listener.state({ kind: 'live' });
    this.#listener.connected(resumes !== undefined);
    const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const chunk = await text?.read();
      if (chunk?.value === undefined) return;
      silence.broken();
      parser.feed(chunk.value);
    }
  }

  #tryLater(reason: string): void {
    this.#attempt = undefined;
    this.#cutSince ??= new Date();
    // Pages that were cut off together do not come back together.
    const pause = this.#pause * (0.75 + Math.random() / 2);
    this.#pause = Math.min(longestPause, this.#pause * 2);
    const next = new Date(Date.now() + pause);
    this.#listener.state({ kind: 'cut', since: this.#cutSince, reason, next });
    this.#timer = setTimeout(() => void this.#connect(), pause);
  }
}

/** Notices when nothing was heard for too long: a cable that was pulled says nothing. */
class Silence {
  readonly #tooLong: () => void;
  #timer: number | undefined;

  constructor(tooLong: () => void) {
    this.#tooLong = tooLong;
    this.broken();
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tooLong, longestSilence);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

export function describeStream(state: StreamState): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting';
    case 'live':
      return 'Live';
    case 'resting':
      return 'Resting';
    case 'cut':
      return `Cut off since ${clockTime(state.since)}`;
  }
}
