import type * as z from 'zod';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Ask } from '../answers.js';

/** A refusal in the form that DECODE's clients know. */
export function refuse(ask: Ask, status: ContentfulStatusCode, detail: string): Response {
  return ask.json({ detail }, status);
}

/** As many as are told of one request. */
const mostIssues = 50;
/** Characters of a value that is sent back. */
const longestInput = 1000;

/** What is wrong with a request, as FastAPI says it. `where`: query or body. */
export function invalid(
  ask: Ask,
  where: 'query' | 'body',
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
): Response {
  const detail = issues.slice(0, mostIssues).map((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    const value = valueAt(input, path);
    const type = value === undefined ? 'missing' : typeOf(issue);
    return {
      type,
      loc: [where, ...path],
      msg: type === 'missing' ? 'Field required' : issue.message,
      input: shortValue(value),
    };
  });
  return ask.json({ detail }, 422);
}

function valueAt(input: unknown, path: readonly (string | number)[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

function shortValue(value: unknown): unknown {
  return value === undefined || JSON.stringify(value).length > longestInput ? null : value;
}

function typeOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return 'enum';
    case 'invalid_type':
      return `${issue.expected}_type`;
    case 'invalid_format':
      return 'string_pattern_mismatch';
    default:
      return 'value_error';
  }
}
