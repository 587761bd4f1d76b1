import { type OpenAPIHono, createRoute, z } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { jobFileLimit } from '../../job/read-job.js';
import { accept } from '../accept/accept.js';
import { cancel } from '../accept/cancel.js';
import { retry } from '../accept/retry.js';
import type { Refusal, Submission } from '../accept/submission.js';
import type { Ask, ServerEnv } from '../answers.js';
import { keyOf, needs } from '../authenticate.js';
import type { Desk } from '../jobmgr-routes.js';
import { limitBody } from '../limit-body.js';
import { allows } from '../tokens.js';
import { findJob } from './find-job.js';
import { flag, query, tellUnknown, text } from './parameters.js';
import { Problem, answerProblem } from './problem.js';
import { answers, idParam } from './responses.js';
import { cancelledShape, retriedShape, submittedShape } from './shapes.js';

/** Bytes of a request's body: a job file, and what multipart needs around it. */
const longestBody = jobFileLimit + 64 * 1024;

const specBody = z
  .strictObject(
    {
      spec: z
        .string('expected the name of a spec')
        .openapi({ description: 'The name of a spec, as in `jobspecs/NAME.toml`.' }),
      parameters: z
        .record(z.string(), z.string('expected a string'), 'expected an object of strings')
        .optional()
        .openapi({ description: 'Parameters of the spec.' }),
    },
    { error: (issue) => tellUnknown(['spec', 'parameters'])(issue) ?? 'expected an object' },
  )
  .openapi('SpecSubmission');

const file = { schema: { type: 'string', format: 'binary' } } as const;

const submitRoute = createRoute({
  method: 'post',
  path: '/v1/jobs',
  summary: 'Starts a job',
  description:
    'Of a spec, as JSON, for which a token with the scope `spec` is enough; or of a job file, `fjr.yaml` or manifest, as it would lie in the queue: by itself, or as the part `file` of a form. When this is answered the job is in the queue, on disk. A request that is sent again with the same `Idempotency-Key` starts nothing twice.',
  request: {
    query: query({
      name: text("The job's name, if the body is its file; a form's file brings its own."),
      executable: flag('The file is a program itself, though it does not begin with `#!`.'),
    }),
    headers: z.object({
      'idempotency-key': z
        .string()
        .optional()
        .openapi({ description: 'Anything that no other request has.' }),
    }),
    body: {
      required: false,
      content: {
        'application/json': { schema: specBody },
        'multipart/form-data': {
          schema: {
            type: 'object',
            properties: { file: { type: 'string', format: 'binary' } },
            required: ['file'],
          },
        },
        'text/plain': file,
        'application/octet-stream': file,
      },
    },
  },
  responses: {
    ...answers({ 201: submittedShape, 200: submittedShape }, 400, 409, 413, 415, 422),
  },
});

const cancelRoute = createRoute({
  method: 'post',
  path: '/v1/jobs/{id}/cancel',
  summary: 'Cancels a job',
  description: 'What waits has failed then, and can be retried. What runs is stopped, a moment later.',
  request: { params: idParam, query: query({}) },
  responses: answers({ 200: cancelledShape }, 400, 404, 409),
});

const retryRoute = createRoute({
  method: 'post',
  path: '/v1/jobs/{id}/retry',
  summary: 'Puts a failed job back into the queue',
  request: { params: idParam, query: query({}) },
  responses: answers({ 200: retriedShape }, 400, 404, 409),
});

export function addWritingRoutes(app: OpenAPIHono<ServerEnv>, desk: Desk): void {
  const limit = limitBody(longestBody, (ask, detail) =>
    answerProblem(ask, 413, { code: 'body_too_large', detail }),
  );
  app.on('POST', '/v1/jobs', needs('spec'), limit);
  app.on('POST', '/v1/jobs/:id/*', needs('submit'));
  app.openapi(submitRoute, async (ask) => {
    const submission = await readSubmission(ask as Ask, ask.req.valid('query'));
    const accepted = await accept(desk, submission, keyOf(ask as Ask));
    if (accepted.kind === 'refused') throw refused(accepted);
    const { job: name, number = null, again } = accepted;
    ask.header('Location', `/v1/jobs/${encodeURIComponent(name)}`);
    return ask.json({ name, number, again }, again ? 200 : 201);
  });
  app.openapi(cancelRoute, async (ask) => {
    const { summary } = await findJob(desk, ask.req.valid('param').id);
    const result = await cancel(desk, ask.req.valid('param').id);
    if (result === 'ended')
      throw conflict('job_ended', `"${summary.name}" has ended: there is nothing to cancel`);
    if (result === 'unknown') throw gone(summary.name);
    return ask.json({ name: summary.name, result }, 200);
  });
  app.openapi(retryRoute, async (ask) => {
    const { summary } = await findJob(desk, ask.req.valid('param').id);
    const result = await retry(desk, ask.req.valid('param').id);
    switch (result.kind) {
      case 'retried':
        return ask.json({ name: result.job }, 200);
      case 'not-failed':
        throw conflict(
          'job_not_failed',
          `"${summary.name}" is ${summary.state}: only failed jobs are retried`,
        );
      case 'exists':
        throw conflict('job_exists', `"${summary.name}" is in the queue again already`);
      case 'own-hosts':
        throw conflict('own_hosts', result.message);
      case 'unknown':
        throw gone(summary.name);
    }
  });
}

async function readSubmission(
  ask: Ask,
  { name, executable }: { readonly name: string | undefined; readonly executable: boolean },
): Promise<Submission> {
  const type = (ask.req.header('Content-Type') ?? '').replace(/;.*$/s, '').trim().toLowerCase();
  if (type.endsWith('json')) {
    const { spec, parameters = {} } = specBody.parse(await ask.req.json());
    return { kind: 'spec', name: spec, parameters: new Map(Object.entries(parameters)) };
  }
  if (!allows(ask.get('scopes'), 'submit'))
    throw new Problem(403, {
      code: 'forbidden',
      detail: 'the token does not have the scope "submit": it may start jobs of specs alone',
    });
  // The framework takes both kinds of forms for one.
  if (type === 'application/x-www-form-urlencoded') throw new HTTPException(415);
  if (type === 'multipart/form-data') return readForm(ask, name, executable);
  const content = new Uint8Array(await ask.req.arrayBuffer());
  if (type === '' && content.length === 0) throw invalid('body', 'body', 'there is no body: expected a job');
  if (name === undefined)
    throw invalid('query', 'name', 'name is missing: expected what the job is to be called');
  return { kind: 'file', name, content, executable };
}

async function readForm(ask: Ask, name: string | undefined, executable: boolean): Promise<Submission> {
  const form = await ask.req.formData().catch(() => {
    throw invalid('body', 'body', 'the body is no form, as multipart/form-data has it');
  });
  const parts = [...form].map(([part]) => part);
  const [given] = form.getAll('file');
  if (parts.length !== 1 || !(given instanceof File))
    throw invalid(
      'body',
      'file',
      `expected one part, "file", that is a file: there are ${parts.length} parts`,
    );
  const content = new Uint8Array(await given.arrayBuffer());
  return { kind: 'file', name: name ?? given.name, content, executable };
}

const statuses: Readonly<Record<Refusal['error'], 409 | 413 | 422>> = {
  invalid_job: 422,
  invalid_job_name: 422,
  unknown_job_name: 422,
  invalid_jobspec: 422,
  invalid_params: 422,
  params_too_large: 413,
  job_exists: 409,
  key_reused: 422,
};

function refused({ error, message }: Refusal): Problem {
  return new Problem(statuses[error], { code: error, detail: message });
}

function invalid(place: 'query' | 'body', name: string, detail: string): Problem {
  return new Problem(400, { code: 'invalid_request', detail, errors: [{ in: place, name, detail }] });
}

function conflict(code: string, detail: string): Problem {
  return new Problem(409, { code, detail });
}

function gone(name: string): Problem {
  return new Problem(404, { code: 'unknown_job', detail: `"${name}" is not there any more` });
}
