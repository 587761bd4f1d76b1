import type { z } from '@hono/zod-openapi';
import type { ValidationTargets } from 'hono';
import { shorten } from '../../job/shorten.js';
import type { Ask } from '../answers.js';
import { type Fault, answerProblem } from './problem.js';

const places: Readonly<Partial<Record<keyof ValidationTargets, Fault['in']>>> = {
  query: 'query',
  param: 'path',
  header: 'header',
};

/** As many as are told of one request, which may hold a hundred thousand. */
const mostFaults = 50;
const longestName = 200;

interface Checked {
  readonly target: keyof ValidationTargets;
  readonly success: boolean;
  readonly error?: z.ZodError;
  /** What was given. */
  readonly data?: unknown;
}

/** Refuses a request whose values are not what the schemas of its route say; names all of them. */
export function refuseFaults({ target, error, data }: Checked, ask: Ask): Response | undefined {
  if (error === undefined) return undefined;
  const place = places[target] ?? 'body';
  const all = error.issues.flatMap((issue) => faultsOf(issue, place, data));
  const errors = all.slice(0, mostFaults);
  const more = all.length > mostFaults ? [`and ${all.length - mostFaults} more`] : [];
  const detail = [...errors.map((fault) => fault.detail), ...more].join('\n');
  return answerProblem(ask, 400, { code: 'invalid_request', detail, errors });
}

function faultsOf(issue: z.core.$ZodIssue, place: Fault['in'], data: unknown): Fault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.message.split('\n').map((detail, index) => ({
      in: place,
      name: nameOf([...issue.path, issue.keys[index] ?? '']),
      detail,
    }));
  const name = nameOf(issue.path);
  const value = valueAt(data, issue.path);
  const what = name === '' ? `the ${place}` : name;
  if (place === 'query' && Array.isArray(value))
    return [{ in: place, name, detail: `${what} is given ${value.length} times: expected once` }];
  const given = value === undefined ? 'is missing' : `is ${show(value)}`;
  return [{ in: place, name, detail: `${what} ${given}: ${issue.message}` }];
}

function nameOf(path: readonly PropertyKey[]): string {
  const name = path.map(String).join('.');
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name;
}

function show(value: unknown): string {
  try {
    return shorten(JSON.stringify(value));
  } catch {
    // It lies in itself more often than there is room for on the stack.
    return 'nested too deeply';
  }
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    data,
  );
}
