import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginningOf, element, escape, render } from '../../src/report/markup.js';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...Array.from(`<>&"'/=\0\n\u202e]]-`)) }),
);

/** What a browser reads of it. */
function read(markup: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return markup.replace(/&(#?\w+);/g, (_, name: string) => named[name] ?? '?');
}

describe('markup', () => {
  test('of any text is that text to a reader, and no markup', () => {
    fc.assert(
      fc.property(text, (any) => {
        const escaped = escape(any);
        expect(escaped).not.toMatch(/[<>"']/);
        const visible = Array.from(any).filter(
          (character) => !/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(character),
        );
        const seen = Array.from(read(escaped));
        expect(seen).toHaveLength(Array.from(any).length);
        expect(seen.filter((character) => visible.includes(character)).join('')).toContain(visible.join(''));
      }),
    );
  });

  test('shows what nobody would see', () => {
    expect(escape('a\nb\u202ec\u007f')).toBe('a␊b\u{fffd}c␡');
  });

  test('escapes whatever is a mere string, in attributes and in content', () => {
    const made = element('p', { title: '"><script>' }, '<b>', element('b', {}, '&'), undefined, [1 / 3]);
    expect(render(made)).toBe('<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;<b>&amp;</b>0.33</p>');
  });

  test('of a long text is its beginning, without half a character', () => {
    expect(beginningOf('short', 5)).toBe('short');
    expect(beginningOf('ab😀cd', 3)).toBe('ab…');
  });
});
