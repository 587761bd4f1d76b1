import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Postbox } from '../system/postbox.js';

/**
 * A hint says "look there", straight from one program to another, because a shared filesystem tells nobody of other
 * hosts' changes. Nothing rests on hints: they may be lost, late, doubled or replayed, and whoever hears one only looks
 * where he would have looked a little later anyway. With every hint lost, all that is lost is time.
 *
 * - `hello`: a dispatcher shows a crew where it listens. `here`: the answer, which shows that hints arrive.
 * - `entries`: these names are new in your pod: entries, and badges of workers that were claimed for them.
 * - `idle`: workers of mine are announced. `ended`: my journal has grown.
 * - `queued`: these names are new in the queue.
 */
export interface Hint {
  readonly about: 'hello' | 'here' | 'entries' | 'idle' | 'ended' | 'queued';
  /** Who says so: a crew's id or a dispatcher's. */
  readonly from: string;
  readonly names: readonly string[];
}

/** A longer list than fits a datagram is left out: "look" without saying at what. */
const mostBytes = 1200;

/** Speaks and hears the hints of one project: what is not sealed with its key is not heard. */
export class HintLine {
  readonly #postbox: Postbox;
  readonly #key: string;
  readonly #self: string;

  constructor(postbox: Postbox, key: string, self: string) {
    this.#postbox = postbox;
    this.#key = key;
    this.#self = self;
  }

  get addresses(): readonly string[] {
    return this.#postbox.addresses;
  }

  tell(addresses: Iterable<string>, about: Hint['about'], names: readonly string[] = []): void {
    let body = JSON.stringify({ about, from: this.#self, names });
    if (body.length > mostBytes) body = JSON.stringify({ about, from: this.#self, names: [] });
    const sealed = Buffer.from(`${seal(this.#key, body)}${body}`);
    for (const address of addresses) this.#postbox.send(sealed, address);
  }

  listen(hear: (hint: Hint, address: string) => void): void {
    this.#postbox.listen((bytes, address) => {
      const hint = openHint(this.#key, bytes);
      if (hint !== undefined && hint.from !== this.#self) hear(hint, address);
    });
  }

  async close(): Promise<void> {
    await this.#postbox.close();
  }
}

const sealLength = 44;

function seal(key: string, body: string): string {
  return createHmac('sha256', key).update(body).digest('base64');
}

/** What a datagram says; undefined for what was not sealed with this key. */
export function openHint(key: string, bytes: Uint8Array): Hint | undefined {
  if (bytes.length <= sealLength) return undefined;
  const text = Buffer.from(bytes).toString('utf8');
  const [given, body] = [text.slice(0, sealLength), text.slice(sealLength)];
  const expected = Buffer.from(seal(key, body));
  const received = Buffer.from(given);
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) return undefined;
  const { about, from, names } = JSON.parse(body) as Hint;
  // Names become parts of paths.
  return { about, from, names: names.filter((name) => !name.includes('/')) };
}
