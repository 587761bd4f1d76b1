import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { IniError, type IniSections, type IniValue, readIni } from '../../src/job/ini.js';

/** Made by test/corpus/ini/make.py: what Python's configparser makes of `text`. */
type Snippet = { readonly name: string; readonly text: string } & (
  | { readonly sections: Readonly<Record<string, Readonly<Record<string, IniValue>>>> }
  | { readonly error: string; readonly line: number }
);

// Not an import: as a module's object literal, "__proto__" would set the prototype.
const corpus = JSON.parse(
  readFileSync(new URL('../corpus/ini/python.json', import.meta.url), 'utf8'),
) as readonly Snippet[];

function toObjects(sections: IniSections): unknown {
  return Object.fromEntries([...sections].map(([name, keys]) => [name, Object.fromEntries(keys)]));
}

function refusal(text: string): IniError {
  try {
    readIni(text);
  } catch (error) {
    if (error instanceof IniError) return error;
    throw error;
  }
  throw new Error('the text was accepted');
}

describe('agrees with Python, values and lines', () => {
  test.each(corpus)('$name', (snippet) => {
    if ('error' in snippet) expect(refusal(snippet.text).line).toBe(snippet.line);
    else expect(JSON.stringify(toObjects(readIni(snippet.text)))).toBe(JSON.stringify(snippet.sections));
  });

  test('on a corpus that holds both what Python reads and each of its errors', () => {
    const errors = new Set(corpus.map((snippet) => ('error' in snippet ? snippet.error : 'none')));
    expect([...errors].sort()).toEqual([
      'DuplicateOptionError',
      'DuplicateSectionError',
      'MissingSectionHeaderError',
      'ParsingError',
      'none',
    ]);
  });
});

describe('knows the line of each key', () => {
  test.each([
    ['after comments and blank lines', '# one\n\n[a]\n\n; two\nk: v\n', 6],
    ['whose value goes on for several lines', '[a]\nk:\n  one\n\n  two\n', 2],
    ['after a value of several lines', '[a]\nj: one\n\n  two\nk: v\n', 5],
    ['in a file with CRLF', '[a]\r\n\r\nk: v\r\n', 3],
    ['inherited from [DEFAULT]', '[DEFAULT]\nk: v\n[a]\n', 2],
    ['that hides one of [DEFAULT]', '[DEFAULT]\nk: v\n[a]\nk: w\n', 4],
  ])('%s', (_, text, line) => {
    expect(readIni(text).get('a')?.get('k')?.line).toBe(line);
  });
});

describe('says what is wrong and what to do', () => {
  test.each([
    [
      'a duplicate key',
      '[fjr]\nexecutable: a\nEXECUTABLE = b\n',
      'line 3: duplicate key "executable" (first on line 2)',
      'keep one of the two',
    ],
    [
      'a duplicate section',
      '[fjr]\nk: v\n\n[fjr]\n',
      'line 4: duplicate section "fjr" (first on line 1)',
      'put all its keys below one header',
    ],
    [
      'text before the first section',
      '# mine\nexecutable: a\n',
      'line 2: "executable: a" stands before the first section',
      'put a [section] line above it',
    ],
    [
      'a line without delimiter',
      '[fjr]\nexecutable: a\nsleep 60\n',
      'line 3: neither ":" nor "=" in "sleep 60"',
      'write "key: value", or indent the line to continue the value above it',
    ],
    ['a delimiter without key', '[fjr]\n= a\n', 'line 2: no key before "= a"', 'write "key: value"'],
    [
      'control characters, which it escapes',
      '\x1b[31mred\n',
      'line 1: "\\u001b[31mred" stands before the first section',
      'put a [section] line above it',
    ],
    [
      'a long line, which it cuts',
      `[fjr]\n${'x'.repeat(61)}\n`,
      `line 2: neither ":" nor "=" in "${'x'.repeat(60)}…"`,
      'write "key: value", or indent the line to continue the value above it',
    ],
  ])('of %s', (_, text, message, hint) => {
    const { name, message: actual, hint: actualHint } = refusal(text);
    expect([name, actual, actualHint]).toEqual(['IniError', message, hint]);
  });
});

test('whatever the text, it is read or refused with a line that the text has', () => {
  const token = fc.constantFrom(
    '[',
    ']',
    'a',
    'DEFAULT',
    ':',
    '=',
    ' ',
    '\t',
    '\n',
    '\r',
    '#',
    ';',
    '\uFEFF',
    '\0',
  );
  fc.assert(
    fc.property(fc.string({ unit: token, maxLength: 40 }), (text) => {
      try {
        readIni(text);
      } catch (error) {
        if (!(error instanceof IniError)) throw error;
        expect(error.line).toBeGreaterThan(0);
        expect(error.line).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length);
      }
    }),
  );
});
