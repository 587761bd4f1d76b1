import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitLines } from '../../../src/job/fan-out-file/split-lines.js';
import { linesOf } from './world.js';

/** A text in pieces of these sizes, all in one buffer that is used again and again. */
function* pieces(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  const buffer = new Uint8Array(64);
  for (let [at, index] = [0, 0]; at < bytes.length; index++) {
    const piece = bytes.subarray(at, at + (sizes[index % sizes.length] ?? 1));
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
    at += piece.length;
  }
}

describe('the lines of a file', () => {
  test('are those of its text, however it is read', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'ä', '€', '😀', '\uFEFF', '\0') });
    const sizes = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 });
    fc.assert(
      fc.property(text, sizes, (text, sizes) => {
        expect([...splitLines('in.txt', pieces(Buffer.from(text), sizes))]).toEqual(linesOf(text));
      }),
    );
  });

  test.each([1, 3, 64])('in another encoding are refused with their place, in pieces of %i', (size) => {
    const bytes = Buffer.concat([Buffer.from('a\nä\n'), Buffer.from('caf\xe9\nb\n', 'latin1')]);
    expect(() => [...splitLines('in.txt', pieces(bytes, [size]))]).toThrow(
      'in.txt, line 3: not text in UTF-8',
    );
  });

  test('that end within a character are, too', () => {
    expect(() => [...splitLines('in.txt', [Buffer.from('a\n€').subarray(0, 4)])]).toThrow(
      'in.txt, line 2: not text in UTF-8',
    );
  });
});
