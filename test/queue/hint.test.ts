import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hint, HintLine, openHint } from '../../src/queue/hint.js';
import type { Postbox } from '../../src/system/postbox.js';

/** A postbox that keeps what is sent and hands on what is given to it. */
class RecordingPostbox implements Postbox {
  readonly addresses = ['192.0.2.1:4242'];
  readonly sent: [string, Uint8Array][] = [];
  hear: (bytes: Uint8Array, from: string) => void = () => undefined;

  send(bytes: Uint8Array, address: string): void {
    this.sent.push([address, bytes]);
  }
  listen(hear: (bytes: Uint8Array, from: string) => void): void {
    this.hear = hear;
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function told(key: string, about: Hint['about'], names: readonly string[]): Uint8Array {
  const postbox = new RecordingPostbox();
  new HintLine(postbox, key, 'dispatcher-a').tell(['192.0.2.9:1'], about, names);
  return postbox.sent[0]?.[1] ?? new Uint8Array();
}

describe('A hint', () => {
  test('is heard by who has the key, whatever its names are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 10 }), (names) => {
        const plain = names.filter((name) => !name.includes('/'));
        expect(openHint('key', told('key', 'entries', plain))).toEqual({
          about: 'entries',
          from: 'dispatcher-a',
          names: plain,
        });
      }),
    );
  });

  test('sealed with another key is not heard', () => {
    expect(openHint('key', told('another', 'entries', ['job']))).toBeUndefined();
  });

  test('in which a single bit was changed is not heard', () => {
    const bytes = told('key', 'entries', ['job']);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (index, bit) => {
        const changed = Uint8Array.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        expect(openHint('key', changed)).toBeUndefined();
      }),
    );
  });

  test('is never anything that came by chance', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(openHint('key', bytes)).toBeUndefined();
      }),
    );
  });

  test('names no path', () => {
    expect(openHint('key', told('key', 'entries', ['../x', 'a/b', 'job']))?.names).toEqual(['job']);
  });

  test('with more names than a datagram carries says "look" and no names', () => {
    const names = Array.from({ length: 100 }, (_, n) => `a-job-with-a-long-name-${n}`);
    const bytes = told('key', 'queued', names);
    expect(bytes.length).toBeLessThan(1300);
    expect(openHint('key', bytes)).toEqual({ about: 'queued', from: 'dispatcher-a', names: [] });
  });

  test('of our own is not heard', () => {
    const postbox = new RecordingPostbox();
    const heard: Hint[] = [];
    new HintLine(postbox, 'key', 'dispatcher-a').listen((hint) => heard.push(hint));
    postbox.hear(told('key', 'hello', []), '192.0.2.1:1');
    expect(heard).toEqual([]);
    new HintLine(postbox, 'key', 'dispatcher-b').listen((hint) => heard.push(hint));
    postbox.hear(told('key', 'hello', []), '192.0.2.1:1');
    expect(heard).toEqual([{ about: 'hello', from: 'dispatcher-a', names: [] }]);
  });
});
