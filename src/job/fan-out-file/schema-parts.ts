/**
 * What the schema of a fan-out file is made of. Each part's error message is what was expected, and nothing else:
 * `schema-problems.ts` makes sentences of it. A value that came from a template is a string, so numbers are also read
 * from strings; and numbers are taken where text is expected, as YAML makes one of `password: 12345`.
 */
// All of it by one name: so the bundler can leave out what is not used, which is half a megabyte of translations.
import * as z from 'zod';

/** A map with exactly these keys. Its message for unknown keys is the list of known ones. */
export function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  expected = `a map with ${Object.keys(shape).join(', ')}`,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : expected),
  });
}

/** Any scalar, as text: `command: true` is a word for who wrote it. May be empty. */
export function word(expected = 'text') {
  return z.union([z.string(), z.number(), z.boolean()], { error: expected }).transform(String);
}

/** Text that is not empty. */
export function text(expected = 'text') {
  return parsed((value) => (value.trim() === '' ? undefined : value), expected);
}

/** Text that is read further; `read` returns undefined for what it cannot read. */
export function parsed<T>(read: (value: string) => T | undefined, expected: string) {
  return z
    .union([z.string(), z.number()], { error: expected })
    .transform((value, context) => readOrComplain(read, String(value), expected, context));
}

/** Text of a certain form. */
export function matching<T>(pattern: RegExp, read: (value: string) => T | undefined, expected: string) {
  return z
    .string({ error: expected })
    .regex(pattern, { error: expected })
    .transform((value, context) => readOrComplain(read, value, expected, context));
}

export function readOrComplain<T>(
  read: (value: string) => T | undefined,
  value: string,
  expected: string,
  context: z.core.$RefinementCtx,
): T {
  const result = read(value);
  if (result !== undefined) return result;
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}

export function whole(least: number, most: number, expected: string) {
  const number = z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
  return z.preprocess((value) => (isWhole(value) ? Number(value) : value), number);
}

function isWhole(value: unknown): boolean {
  return typeof value === 'string' && /^-?(0|[1-9]\d{0,14})$/.test(value);
}

export function yesNo() {
  return z.preprocess(
    (value) => (value === 'true' || value === 'false' ? value === 'true' : value),
    z.boolean({ error: 'true or false' }),
  );
}

export function choice<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: values.length === 1 ? values[0] : `one of ${values.join(', ')}` });
}

/** A list that may be empty. */
export function listOf<Item extends z.ZodType>(item: Item, expected = 'a list of words') {
  return z.array(item, { error: expected });
}

/** Words, one at least. */
export function words(expected = 'a list of words') {
  return listOf(word(), expected).min(1, { error: expected });
}

/** Variables and their values. One without a value is empty. */
export function environment(name: RegExp, expected: string) {
  const value = z
    .union([z.string(), z.number(), z.boolean(), z.null()], { error: 'text' })
    .transform((given) => (given === null ? '' : String(given)));
  return z.record(z.string().regex(name, { error: expected }), value, { error: 'a map of names and values' });
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
