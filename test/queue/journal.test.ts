import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JournalReader } from '../../src/queue/journal-reader.js';
import { type JournalLine, formatJournalLine, parseJournal } from '../../src/queue/journal.js';
import { Layout } from '../../src/queue/layout.js';

const odd = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\n', '"', '\u2028', '{"event":"', '\0'),
);
const line: fc.Arbitrary<JournalLine> = fc.oneof(
  fc.record({ event: fc.constant('start' as const), time: odd, entry: odd, worker: fc.nat() }),
  fc.record({
    event: fc.constant('finish' as const),
    time: odd,
    entry: odd,
    worker: fc.nat(),
    to: fc.constantFrom('done' as const, 'failed' as const, 'queue' as const),
    outcome: fc.oneof(
      fc.record({ kind: fc.constant('exit' as const), code: fc.nat(255) }),
      fc.record({ kind: fc.constant('spawn-error' as const), reason: odd }),
    ),
    ms: fc.nat(),
    printed: fc.subarray(['out' as const, 'err' as const]),
  }),
  fc.record({ event: fc.constantFrom('born' as const, 'buried' as const), time: odd, crew: odd }),
);

/** `JSON.stringify` writes one line; so one that is cut anywhere is no line. */
const written = fc.array(line).map((lines) => ({ lines, text: lines.map(formatJournalLine).join('') }));

describe('a journal', () => {
  test('reads as it was written, whatever names and reasons it holds', () => {
    fc.assert(
      fc.property(written, ({ lines, text }) => {
        expect(parseJournal(text)).toEqual(lines);
      }),
    );
  });

  test('whose last line is torn holds all lines before it', () => {
    fc.assert(
      fc.property(written, line, fc.nat(), ({ lines, text }, last, cut) => {
        const torn = formatJournalLine(last).slice(0, -1);
        expect(parseJournal(text + torn.slice(0, cut % torn.length))).toEqual(lines);
      }),
    );
  });

  test('passes over what is not its own', () => {
    const own = formatJournalLine({ event: 'born', time: 't', crew: 'c' });
    const text = `\n# a note\n{"other":1}\n[]\n{"event":"torn\n${own}\u0000\u0000\n"event"\n`;
    expect(parseJournal(text)).toEqual([{ event: 'born', time: 't', crew: 'c' }]);
  });
});

/** A file that grows. */
class Growing {
  bytes = Buffer.alloc(0);
  reads = 0;

  append(bytes: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }

  size(): number {
    return this.bytes.length;
  }

  readFrom(_path: string, offset: number, limit: number): Uint8Array {
    this.reads += 1;
    return this.bytes.subarray(offset, Math.min(offset + limit, this.remembered));
  }

  /** As much as this host knows of; all of it, unless somebody remembers less. */
  remembered = Infinity;

  refresh(): void {
    this.remembered = Infinity;
  }
}

const layout = new Layout('/p');

describe('somebody who follows a journal', () => {
  test('hears of each line once and in order, wherever the writes are cut', () => {
    fc.assert(
      fc.property(
        written,
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        ({ lines, text }, cuts) => {
          const file = new Growing();
          const reader = new JournalReader(file, layout);
          const heard: JournalLine[] = [];
          const all = Buffer.from(text);
          for (let at = 0, n = 0; at < all.length; n++) {
            const size = cuts[n % cuts.length] ?? 1;
            file.append(all.subarray(at, at + size));
            at += size;
            heard.push(...reader.read('c.jsonl'));
          }
          expect(heard).toEqual(lines);
          expect(reader.read('c.jsonl')).toEqual([]);
        },
      ),
    );
  });

  test('may pass over what was there before', () => {
    const file = new Growing();
    const reader = new JournalReader(file, layout);
    file.append(Buffer.from(formatJournalLine({ event: 'born', time: 't', crew: 'old' })));
    reader.skip('c.jsonl');
    file.append(Buffer.from(formatJournalLine({ event: 'left', time: 't', crew: 'new' })));
    expect(reader.read('c.jsonl')).toEqual([{ event: 'left', time: 't', crew: 'new' }]);
  });

  test('hears of nothing in a journal that is not there', () => {
    const reader = new JournalReader(
      { size: () => undefined, readFrom: () => undefined, refresh: () => undefined },
      layout,
    );
    reader.skip('c.jsonl');
    expect(reader.read('c.jsonl')).toEqual([]);
  });

  test('who asks for fresh lines hears those that this host did not know of', () => {
    const file = new Growing();
    const reader = new JournalReader(file, layout);
    file.append(Buffer.from(formatJournalLine({ event: 'born', time: 't', crew: 'c' })));
    file.remembered = 0;
    expect(reader.read('c.jsonl')).toEqual([]);
    expect(reader.readFresh('c.jsonl')).toEqual([{ event: 'born', time: 't', crew: 'c' }]);
    expect(reader.readFresh('c.jsonl')).toEqual([]);
  });

  test('reads a journal of many megabytes in parts', () => {
    const file = new Growing();
    const entry = 'x'.repeat(1000);
    const count = 10_000;
    const one = formatJournalLine({ event: 'start', time: 't', entry, worker: 1 });
    file.append(Buffer.from(one.repeat(count)));
    const reader = new JournalReader(file, layout);
    expect(reader.read('c.jsonl')).toHaveLength(count);
    expect(file.reads).toBeGreaterThan(2);
    expect(file.reads).toBeLessThan(30);
  });
});
