import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { Api, type Asked, type Operation, type Parameter } from '../rig/api.js';
import { ini } from '../rig/project-files.js';
import { test } from '../rig/rig.js';
import { TestServer, parameter, writeShellSpec } from '../rig/server.js';
import { submitTasks } from '../rig/fan-out.js';

type Schema = Readonly<Record<string, unknown>>;

/** Values as a schema of the document has them, as they stand in a request. */
function fromSchema(schema: Schema): fc.Arbitrary<string> {
  const { type, enum: words, minimum, maximum, pattern, items } = schema;
  if (Array.isArray(words)) return fc.constantFrom(...(words as string[]));
  if (type === 'integer') return fc.integer({ min: Number(minimum), max: Number(maximum) }).map(String);
  if (type === 'array')
    return fc.array(fromSchema(items as Schema), { maxLength: 3 }).map((some) => some.join(','));
  if (typeof pattern === 'string')
    return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length < 20);
  return fc.string({ unit: 'binary', maxLength: 30 });
}

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '-1',
    '0',
    '1e9',
    'NaN',
    '../x',
    '%00',
    '\0',
    '99999999999999999999',
    '[]',
    '{}',
    'true',
    '0s',
    '-5s',
  ),
);

/** What a path keeps as it is. */
function isSegment(text: string): boolean {
  return text !== '';
}

const bytesRange = fc
  .tuple(fc.option(fc.nat(20)), fc.option(fc.nat(20)))
  .map(([from, to]) => `bytes=${from ?? ''}-${to ?? ''}`);

interface Fuzzed {
  readonly method: string;
  readonly path: string;
  readonly asked: Asked;
  /** Whether all of it is what the document says. */
  readonly isRight: boolean;
}

/** Requests to an operation: as its document says, or with something wrong. */
function requestsTo(
  path: string,
  method: string,
  operation: Operation,
  ids: readonly string[],
): fc.Arbitrary<Fuzzed> {
  const { parameters = [] } = operation;
  const valueOf = (one: Parameter, isRight: boolean): fc.Arbitrary<string | undefined> => {
    if (one.in === 'path' && one.schema['type'] === 'integer')
      return isRight ? fc.nat(5).map(String) : fc.oneof(anything, fromSchema(one.schema)).filter(isSegment);
    if (one.in === 'path')
      return fc.oneof(fc.constantFrom(...ids), fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }));
    // A cursor is the server's own word.
    if (one.name === 'cursor' && isRight) return fc.constant(undefined);
    if (one.name === 'range') return fc.option(bytesRange, { nil: undefined });
    if (one.in === 'header') return fc.option(fc.stringMatching(/^[!-~]{1,20}$/), { nil: undefined });
    if (one.name === 'wait' && isRight) return fc.constantFrom(undefined, '0', '1ms', '2ms');
    return fc.option(isRight ? fromSchema(one.schema) : fc.oneof(anything, fromSchema(one.schema)), {
      nil: undefined,
    });
  };
  return fc.boolean().chain((isRight) =>
    fc
      .record({
        values: fc.tuple(
          ...parameters.map((one) => valueOf(one, isRight).map((value) => [one, value] as const)),
        ),
        strange: isRight
          ? fc.constant(undefined)
          : fc.option(fc.tuple(anything, anything), { nil: undefined }),
        body: bodyOf(operation, isRight),
      })
      .map(({ values, strange, body }) => {
        const given = (place: Parameter['in']): [string, string][] =>
          values.flatMap(([one, value]) =>
            one.in === place && value !== undefined ? [[one.name, value]] : [],
          );
        const query = [...given('query'), ...(strange === undefined ? [] : [strange])];
        const headers = { ...Object.fromEntries(given('header')), ...body.headers };
        const asked = { path: Object.fromEntries(given('path')), query, headers, body: body.body };
        return { method, path, asked, isRight };
      }),
  );
}

interface Body {
  readonly headers: Record<string, string>;
  readonly body: RequestInit['body'];
}

function bodyOf({ requestBody }: Operation, isRight: boolean): fc.Arbitrary<Body> {
  if (requestBody === undefined) return fc.constant({ headers: {}, body: null });
  const types = Object.keys(requestBody.content);
  const spec = fc.record({
    spec: fc.oneof(fc.constant('greet'), fc.string({ maxLength: 20 })),
    parameters: fc.option(fc.dictionary(fc.constantFrom('who', 'x', '__proto__'), fc.string()), {
      nil: undefined,
    }),
  });
  const json = (
    isRight
      ? spec
      : fc.oneof(
          fc.json(),
          spec.map((one) => JSON.stringify(one).slice(1)),
          anything,
        )
  ).map((value) => ({
    headers: { 'Content-Type': 'application/json' },
    body: typeof value === 'string' ? value : JSON.stringify(value),
  }));
  const file = fc
    .record({
      type: fc.constantFrom('text/plain', 'application/octet-stream'),
      content: fc.uint8Array({ maxLength: 200 }),
    })
    .map(({ type, content }) => ({ headers: { 'Content-Type': type }, body: Buffer.from(content) }));
  const form = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => {
    const data = new FormData();
    data.set(isRight ? 'file' : 'other', new File([text], 'form.sh'));
    return { headers: {}, body: data };
  });
  const torn = fc.string({ maxLength: 60 }).map((body) => ({
    headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    body,
  }));
  expect(types).toEqual([
    'application/json',
    'multipart/form-data',
    'text/plain',
    'application/octet-stream',
  ]);
  return isRight ? fc.oneof(json, file, form) : fc.oneof(json, file, form, torn);
}

describe('The OpenAPI document', () => {
  test('is one of version 3.1, that anybody may read, and tells of every route', async ({ rig }) => {
    const server = await TestServer.start(rig, []);
    const { document } = await Api.open(server);
    expect(
      await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>),
    ).toEqual({
      valid: true,
    });
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(operations.sort()).toEqual([
      'get /v1/counts',
      'get /v1/crews',
      'get /v1/events',
      'get /v1/jobs',
      'get /v1/jobs/{id}',
      'get /v1/jobs/{id}/log',
      'get /v1/metrics',
      'get /v1/pools',
      'get /v1/runs/{id}/tasks',
      'get /v1/runs/{id}/tasks/{task}/log',
      'get /v1/throughput',
      'post /v1/jobs',
      'post /v1/jobs/{id}/cancel',
      'post /v1/jobs/{id}/retry',
    ]);
    await server.stop();
  });

  test('says what is answered, whatever is asked', { timeout: 60_000 }, async ({ rig }) => {
    writeShellSpec(rig, 'greet', 'true', parameter('who'));
    const server = await TestServer.start(rig);
    await server.hire();
    const api = await Api.open(server);
    rig.project().submit('printed.sh', '#!/bin/sh\necho 0123456789\n', 0o700);
    rig.project().submit('failed.conf', ini('/bin/false'));
    submitTasks(rig.project().root, 'sweep.run', 'true', ['1', '2', '3']);
    const ids = ['printed.sh', 'failed.conf', 'sweep.run'];
    for (const id of ids) await api.job(id, id === 'failed.conf' ? 'failed' : 'done');
    const requests = Object.entries(api.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => requestsTo(path, method, operation, ids)),
    );
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(...requests), async ({ method, path, asked, isRight }) => {
        const stop = new AbortController();
        const response = await api.open(method, path, asked, stop.signal);
        const isStream = response.headers.get('X-Accel-Buffering') === 'no';
        const text = isStream ? '' : await response.text();
        if (isStream) stop.abort();
        // A path that clients shorten is another path.
        if (Object.values(asked.path ?? {}).some((value) => ['.', '..'].includes(value))) return;
        const answer = api.check(method, path, response, text);
        expect(answer.status).toBeLessThan(500);
        if (isRight && answer.status === 400) expect(answer.text).toMatch(/name is missing|there is no body/);
        seen.set(
          `${method} ${path} ${answer.status}`,
          (seen.get(`${method} ${path} ${answer.status}`) ?? 0) + 1,
        );
      }),
      { numRuns: 600 },
    );
    expect(seen.size).toBeGreaterThan(20);
    expect((await api.get('/v1/counts')).status).toBe(200);
    await server.stop();
  });
});
