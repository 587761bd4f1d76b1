import { z } from '@hono/zod-openapi';
import { STATUS_CODES } from 'node:http';
import { problemShape } from './shapes.js';

export const idParam = z.object({
  id: z.string().openapi({ description: "A job's id or name.", example: 'job1.conf' }),
});

/** A task of a run. */
export const taskParams = idParam.extend({
  task: z
    .string()
    .regex(/^\d{1,10}$/, { error: 'expected the number of a task' })
    .transform(Number)
    .openapi({ type: 'integer', minimum: 0, maximum: 9_999_999_999, description: 'Its number, from 0.' }),
});

type Refused = 400 | 404 | 409 | 413 | 415 | 416 | 422 | 503;

/** Which statuses a route answers with beside these: those that any may have. */
const always = [401, 403, 429, 500] as const;

type Problems = Record<
  Refused | (typeof always)[number],
  {
    description: string;
    content: { 'application/problem+json': { schema: typeof problemShape } };
  }
>;

/** The responses of a route that answers with JSON. */
export function answers<T extends Partial<Record<200 | 201, z.ZodType>>>(
  good: T,
  ...refused: readonly Refused[]
) {
  type Good = {
    [status in keyof T]: { description: string; content: { 'application/json': { schema: T[status] } } };
  };
  const responses = Object.entries(good).map(([status, schema]) => [
    status,
    { description: STATUS_CODES[status] ?? '', content: { 'application/json': { schema } } },
  ]);
  return { ...(Object.fromEntries(responses) as Good), ...problems(...refused) };
}

export function problems(...refused: readonly Refused[]): Partial<Problems> {
  const entries = [...refused, ...always].map((status) => [
    status,
    {
      description: STATUS_CODES[status] ?? '',
      content: { 'application/problem+json': { schema: problemShape } },
    },
  ]);
  return Object.fromEntries(entries) as Partial<Problems>;
}
