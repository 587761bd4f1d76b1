import { z } from '@hono/zod-openapi';
import { eventTypes } from '../events/event-feed.js';
import { jobKinds, jobStates } from '../feed/job-index.js';

/** What this API answers. What is not known is null, and nothing is left out. */

const time = z.iso.datetime().openapi({ example: '2026-03-01T12:00:00.000Z' });
const count = z.int().min(0);

export const problemShape = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'A word that programs go by.', example: 'unknown_job' }),
    detail: z.string().openapi({ description: 'All that is wrong, a line for each.' }),
    errors: z
      .array(
        z.object({
          in: z.enum(['query', 'path', 'header', 'body']),
          name: z.string(),
          detail: z.string(),
        }),
      )
      .optional()
      .openapi({ description: 'Each value that is wrong.' }),
  })
  .openapi('Problem', { description: 'A refusal, as RFC 9457 has it.' });

const summary = {
  id: z.string().openapi({
    description:
      'What its file is called where it is now: its name until it is first assigned, and from then on with a token. No two have the same.',
    example: 'job1@k3f9q2m4n7.conf',
  }),
  name: z.string().openapi({ description: 'What people call it.', example: 'job1.conf' }),
  kind: z.enum(jobKinds).openapi({ description: '`run`: one job with many tasks.' }),
  state: z.enum(jobStates),
  changed: time.openapi({ description: 'When it came to this state.' }),
  started: time.nullable(),
  ended: time.nullable(),
  crew: z.string().nullable().openapi({ description: 'Who has it, or had it last.' }),
  host: z.string().nullable(),
  worker: z.int().min(1).nullable(),
  outcome: z.string().nullable().openapi({ description: 'How it ended.', example: 'exit code 1' }),
};

export const jobSummaryShape = z.object(summary).openapi('JobSummary');

export const jobPageShape = z
  .object({
    jobs: z.array(jobSummaryShape),
    next: z.string().nullable().openapi({
      description:
        'The cursor of the next page; null: there is none. A search may give short pages before the last.',
    }),
  })
  .openapi('JobPage');

export const attemptShape = z
  .object({
    id: z.string(),
    started: time.nullable(),
    ended: time.nullable(),
    crew: z.string().nullable(),
    worker: z.int().min(1).nullable(),
    outcome: z.string().nullable(),
  })
  .openapi('Attempt', { description: 'One execution.' });

export const taskCountsShape = z.object({ tasks: count, done: count, failed: count }).openapi('TaskCounts');

export const artifactShape = z
  .object({
    name: z.string(),
    mime: z.string(),
    size: count.openapi({ description: 'Bytes.' }),
    url: z.string().openapi({ description: 'A link that needs no token, and is good for a while.' }),
  })
  .openapi('Artifact');

export const jobShape = z
  .object({
    ...summary,
    text: z.string().nullable().openapi({ description: 'Its file; null: it is too large, or no text.' }),
    attempts: z
      .array(attemptShape)
      .openapi({ description: "Oldest first; the newest hundred. Of a run there are its tasks' instead." }),
    tasks: taskCountsShape.nullable().openapi({ description: 'Of a run.' }),
    artifacts: z.array(artifactShape),
  })
  .openapi('Job');

export const crewsShape = z
  .object({
    crews: z.array(
      z
        .object({
          crew: z.string(),
          host: z.string(),
          workers: count,
          free: count,
          busy: z.array(
            z.object({
              worker: z.int().min(1).nullable(),
              id: z.string(),
              name: z.string().openapi({ description: 'The job; of a task the run that it is of.' }),
              since: time.nullable(),
            }),
          ),
          cpus: z.number(),
          memory: z.number().openapi({ description: 'Bytes.' }),
          gpus: count,
        })
        .openapi('Crew'),
    ),
  })
  .openapi('Crews');

export const poolsShape = z
  .object({
    pools: z.array(
      z
        .object({
          pool: z.string(),
          items: z.array(
            z.object({
              item: z.string(),
              free: z.boolean(),
              holder: z
                .object({
                  crew: z.string(),
                  id: z.string().nullable().openapi({ description: 'The entry that it is used for.' }),
                })
                .nullable()
                .openapi({ description: 'Null: it is free, or another program has locked it.' }),
            }),
          ),
        })
        .openapi('Pool'),
    ),
  })
  .openapi('Pools');

export const countsShape = z
  .object({ waiting: count, assigned: count, running: count, done: count, failed: count })
  .openapi('Counts', { description: 'How many jobs are in each state.' });

export const throughputShape = z
  .object({ minutes: z.array(z.object({ minute: time, done: count, failed: count })) })
  .openapi('Throughput', {
    description: 'Jobs and tasks that ended in each of the last 60 minutes, oldest first.',
  });

export const taskPageShape = z
  .object({
    tasks: z.array(
      z
        .object({
          task: count,
          state: z.enum(['done', 'failed', 'retrying']).openapi({
            description: '`retrying`: its newest execution failed, and it is to be tried again.',
          }),
          begin: time.nullable(),
          end: time.nullable(),
          crew: z.string().nullable(),
          worker: z.int().min(1).nullable(),
          outcome: z.string().nullable(),
        })
        .openapi('Task', { description: 'A task that has been executed, as its newest execution left it.' }),
    ),
    next: z.string().nullable(),
  })
  .openapi('TaskPage');

export const eventTypeShape = z.enum(eventTypes);

export const submittedShape = z
  .object({
    name: z.string().openapi({ description: 'What the job is called.' }),
    number: z.int().min(1).nullable().openapi({ description: 'Of a job of a spec.' }),
    again: z.boolean().openapi({ description: 'The key was known: nothing new was started.' }),
  })
  .openapi('Submitted');

export const cancelledShape = z
  .object({
    name: z.string(),
    result: z.enum(['cancelled', 'asked']).openapi({ description: '`asked`: its crew was told to stop it.' }),
  })
  .openapi('Cancelled');

export const retriedShape = z.object({ name: z.string() }).openapi('Retried');
