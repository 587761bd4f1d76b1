import { z } from '@hono/zod-openapi';
import { didYouMean } from '../../job/did-you-mean.js';
import { shorten } from '../../job/shorten.js';
import { readWait } from '../wait-for-end.js';

/** What requests may say behind the question mark: how it is read, and how it is told of in the OpenAPI document. */

type Schema = z.ZodType<unknown, string | undefined>;

/** A parameter that may be left out. */
function optional<T>(
  read: (text: string) => T | undefined,
  expected: string,
  absent: T,
  description: string,
  schema: object,
): z.ZodType<T, string | undefined> {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return absent;
      const value = read(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `expected ${expected}` });
      return z.NEVER;
    })
    .openapi({ description, ...schema, param: { required: false, ...paramOf(schema) } });
}

/** Lists are written with commas between their words. */
function paramOf(schema: object): object {
  return 'items' in schema ? { style: 'form', explode: false } : {};
}

export function whole(least: number, most: number, absent: number, description: string) {
  const schema = { type: 'integer', minimum: least, maximum: most, default: absent };
  return optional(
    (text) => {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
      return number >= least && number <= most ? number : undefined;
    },
    `a whole number from ${least} to ${most}`,
    absent,
    description,
    schema,
  );
}

export function words<T extends string>(known: readonly T[], description: string) {
  const isKnown = (word: string): word is T => known.some((one) => one === word);
  return optional<readonly T[]>(
    (text) => {
      const given = text === '' ? [] : text.split(',');
      return given.every(isKnown) ? given : undefined;
    },
    `some of ${known.join(', ')}, with commas between them`,
    [],
    description,
    { type: 'array', items: { type: 'string', enum: known } },
  );
}

export function text(description: string, schema: object = {}) {
  return optional<string | undefined>((value) => value, 'text', undefined, description, {
    type: 'string',
    ...schema,
  });
}

export function choice<T extends string>(known: readonly [T, ...T[]], description: string) {
  return optional<T>(
    (value) => known.find((one) => one === value),
    known.join(' or '),
    known[0],
    description,
    { type: 'string', enum: known, default: known[0] },
  );
}

export function flag(description: string) {
  return optional(
    (value) =>
      value === '1' || value === 'true' ? true : value === '0' || value === 'false' ? false : undefined,
    '1, true, 0 or false',
    false,
    description,
    { type: 'string', enum: ['1', 'true', '0', 'false'] },
  );
}

/** Seconds. */
export function wait(description: string) {
  return optional(readWait, 'a duration such as 30s or 1m30s', 0, description, {
    type: 'string',
    pattern: '^\\+?(0|((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|ms|s|m|h))+)$',
    example: '30s',
  });
}

/** `next` of the page before. */
export function cursor() {
  return text('Where the page begins: `next` of the page before it.');
}

/** Parameters that are not these are mistakes, and told. */
export function query<T extends Record<string, Schema>>(parameters: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(parameters, { error: tellUnknown(Object.keys(parameters)) });
}

/** A line for each key that is not known. */
export function tellUnknown(known: readonly string[]) {
  return (issue: z.core.$ZodRawIssue): string | undefined => {
    if (issue.code !== 'unrecognized_keys') return undefined;
    const expected = known.length === 0 ? 'nothing is expected here' : `expected ${known.join(', ')}`;
    return issue.keys
      .map((key) => {
        const near = didYouMean(key, known);
        return `there is no "${shorten(key)}": ${near === undefined ? expected : `did you mean "${near}"?`}`;
      })
      .join('\n');
  };
}
