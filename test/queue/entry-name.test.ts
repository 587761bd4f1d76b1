import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CountedReason,
  type Counts,
  failuresOf,
  formatEntryName,
  isIgnored,
  longestName,
  parseEntryName,
  tokenOf,
  withFailure,
  withToken,
} from '../../src/queue/entry-name.js';
import { type Token, newToken, tokenAlphabet, tokenLength } from '../../src/queue/token.js';

const token = 'k3f9q2m4n7' as Token;
const other = '0000000000' as Token;

/** Any name that a person may give a file. */
const fileName = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.string({
      unit: fc.constantFrom('@', '+', '.', 'x', '1', ' ', '\n', token),
      minLength: 1,
      maxLength: 12,
    }),
  )
  .filter((name) => !/[/\0]/.test(name));
const anyToken = fc
  .string({
    unit: fc.constantFrom(...Array.from(tokenAlphabet)),
    minLength: tokenLength,
    maxLength: tokenLength,
  })
  .map((text) => text as Token);
const reasons: CountedReason[] = ['exit', 'signal', 'timeout', 'lost', 'spawn-error'];
const anyReason = fc.constantFrom(...reasons);

/** Names that no assignment has made: programs show and pass on these. */
const plainName = fileName.filter((name) => tokenOf(name) === undefined);

describe('an entry’s name', () => {
  test.each<[string, string, Token | undefined, Counts]>([
    ['job1.conf', 'job1.conf', undefined, {}],
    ['job1@k3f9q2m4n7.conf', 'job1.conf', token, {}],
    ['job1@k3f9q2m4n7', 'job1', token, {}],
    ['job1@k3f9q2m4n7+x2+l1.conf', 'job1.conf', token, { exit: 2, lost: 1 }],
    [
      'job1@k3f9q2m4n7+x1+k2+t3+l4+s5',
      'job1',
      token,
      { exit: 1, signal: 2, timeout: 3, lost: 4, 'spawn-error': 5 },
    ],
    ['a.tar@k3f9q2m4n7.gz', 'a.tar.gz', token, {}],
    ['a@k3f9q2m4n7.', 'a.', token, {}],
    ['.hidden@k3f9q2m4n7', '.hidden', token, {}],
    ['me@home@k3f9q2m4n7.conf', 'me@home.conf', token, {}],
    ['a\nb@k3f9q2m4n7.c\nd', 'a\nb.c\nd', token, {}],
  ])('%j is job %j', (name, job, itsToken, counts) => {
    expect(parseEntryName(name)).toEqual({ job, token: itsToken, counts });
    expect(formatEntryName({ job, token: itsToken, counts })).toBe(name);
  });

  test.each([
    ['an address', 'me@example.org'],
    ['a token that is too short', 'a@k3f9q2m4n'],
    ['a token that is too long', 'a@k3f9q2m4n77'],
    ['a letter that tokens leave out', 'a@k3f9q2m4ni'],
    ['a capital letter', 'a@K3f9q2m4n7'],
    ['nothing before the token', '@k3f9q2m4n7.conf'],
    ['something behind the token', 'a@k3f9q2m4n7x.conf'],
    ['an unknown count', 'a@k3f9q2m4n7+z1.conf'],
    ['a count of 0', 'a@k3f9q2m4n7+x0.conf'],
    ['a count with a leading zero', 'a@k3f9q2m4n7+x01.conf'],
    ['a count without a number', 'a@k3f9q2m4n7+x.conf'],
    ['a token before two extensions', 'a@k3f9q2m4n7.tar.gz'],
  ])('is none with %s', (_, name) => {
    expect(parseEntryName(name)).toEqual({ job: name, token: undefined, counts: {} });
  });

  test('comes back as it was, whatever the job’s name', () => {
    fc.assert(
      fc.property(plainName, anyToken, (job, itsToken) => {
        expect(parseEntryName(withToken(job, itsToken))).toEqual({ job, token: itsToken, counts: {} });
      }),
      { numRuns: 2000 },
    );
  });

  test('with its counts, whatever failed in whatever order', () => {
    fc.assert(
      fc.property(plainName, anyToken, fc.array(anyReason, { maxLength: 30 }), (job, itsToken, failures) => {
        const name = failures.reduce(withFailure, withToken(job, itsToken));
        const expected: Partial<Record<CountedReason, number>> = {};
        for (const reason of failures) expected[reason] = (expected[reason] ?? 0) + 1;
        expect(parseEntryName(name)).toEqual({ job, token: itsToken, counts: expected });
        expect(failuresOf(parseEntryName(name).counts)).toBe(failures.length);
      }),
      { numRuns: 2000 },
    );
  });

  test('takes a new token in place of the old one, and keeps its counts', () => {
    fc.assert(
      fc.property(plainName, anyToken, anyToken, anyReason, (job, first, second, reason) => {
        const again = withToken(withFailure(withToken(job, first), reason), second);
        expect(parseEntryName(again)).toEqual({ job, token: second, counts: { [reason]: 1 } });
      }),
    );
  });

  test('still ends like the job: *.conf matches it', () => {
    fc.assert(
      fc.property(plainName, fc.stringMatching(/^[a-z]{1,5}$/), (stem, extension) => {
        const job = `${stem}.${extension}`;
        fc.pre(tokenOf(job) === undefined);
        const name = withFailure(withToken(job, token), 'lost');
        expect(name.endsWith(`.${extension}`)).toBe(true);
        expect(name.startsWith(stem)).toBe(true);
      }),
    );
  });

  test('of another token is another name', () => {
    fc.assert(
      fc.property(plainName, (job) => {
        expect(withToken(job, token)).not.toBe(withToken(job, other));
      }),
    );
  });

  test('fits into 255 bytes with a log’s extension, for the longest job and all that is ever counted', () => {
    const counts = { exit: 1000, lost: 5, 'spawn-error': 1000 };
    const name = formatEntryName({ job: 'x'.repeat(longestName), token, counts });
    expect(Buffer.byteLength(`${name}.out`)).toBeLessThanOrEqual(255);
  });
});

describe('a token', () => {
  test('is made anew each time, of characters that are never confused', () => {
    const tokens = Array.from({ length: 10_000 }, () => newToken());
    expect(new Set(tokens).size).toBe(tokens.length);
    for (const made of tokens) expect(made).toMatch(/^[0-9a-hjkmnp-tv-z]{10}$/);
  });
});

test.each([
  ['.hidden', true],
  ['.submit-k3f9q2m4n7', true],
  ['draft~', true],
  ['draft.tmp', true],
  ['draft@k3f9q2m4n7.tmp', true],
  ['tmp', false],
  ['a.tmp.conf', false],
  ['~a', false],
  ['-rf', false],
])('%j is passed over in the queue: %s', (name, expected) => {
  expect(isIgnored(name)).toBe(expected);
});
