/** Rules that hold between the keys of a map, for readers and, as far as JSON Schema can say so, for editors. */
import type * as z from 'zod';
import { isMap } from './schema-parts.js';

type Section<Shape extends z.core.$ZodLooseShape> = z.ZodObject<Shape, z.core.$strict>;

/** Of these keys, exactly one is there. */
export function exactlyOne<Shape extends z.core.$ZodLooseShape>(
  object: Section<Shape>,
  keys: readonly string[],
): Section<Shape> {
  return ruled(object, (value, context) => {
    const present = keys.filter((key) => value[key] !== undefined);
    if (present.length === 0)
      addIssue(context, `none of ${keys.join(', ')} is there`, 'it takes one of them');
    if (present.length > 1) addIssue(context, `${listed(present)} exclude each other`, 'leave one of them');
  }).meta({ oneOf: keys.map((key) => ({ required: [key] })) });
}

/** Of these two keys, one is there or none. */
export function notBoth<Shape extends z.core.$ZodLooseShape>(
  object: Section<Shape>,
  keys: readonly [string, string],
): Section<Shape> {
  return ruled(object, (value, context) => {
    if (keys.every((key) => value[key] !== undefined))
      addIssue(context, `${listed(keys)} exclude each other`, 'leave one of them');
  }).meta({ not: { required: keys } });
}

/** A rule that is looked at even if something else is wrong with the map, so that all is told at once. */
export function ruled<Shape extends z.core.$ZodLooseShape>(
  object: Section<Shape>,
  rule: (value: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx) => void,
): Section<Shape> {
  return object.superRefine((value: unknown, context) => (isMap(value) ? rule(value, context) : undefined), {
    when: ({ value }) => isMap(value),
  });
}

/** A rule's issue says what is wrong in its message, and what to do in its parameters. */
export function addIssue(context: z.core.$RefinementCtx, what: string, hint: string): void {
  context.addIssue({ code: 'custom', message: what, params: { hint } });
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
