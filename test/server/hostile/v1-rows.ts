import { type Row, form, get, inParts, lastBorder, part, request, row, send, shown } from './row.js';

/** Names that stand for no job, as they stand in a path. */
const strangers: readonly string[] = [
  '..%2f..%2fserver%2fkey',
  '..%252f..%252fserver%252fkey',
  '..%5c..%5cserver',
  '%2fetc%2fpasswd',
  'x%00.conf',
  'x%0d%0aSet-Cookie:a=b',
  '%c0%ae%c0%ae%c0%af',
  '%ff%fe',
  '%ed%a0%80',
  '%',
  '%zz',
  '.submit-x',
  'x.tmp',
  '%E2%80%AEfnoc.x',
  'u%CC%88.conf',
  'x'.repeat(300),
  '%C3%BC'.repeat(200),
  '__proto__',
  'constructor',
];

/** Where one may stand. */
const places: readonly (readonly [string, string])[] = [
  ['GET', ''],
  ['GET', '?wait=30s'],
  ['GET', '/log'],
  ['GET', '/log?follow=1'],
  ['POST', '/cancel'],
  ['POST', '/retry'],
];

const names: readonly Row[] = strangers.flatMap((name) => [
  ...places.map(([method, rest]) =>
    row(
      `${method} of the job ${shown(name)}${rest}`,
      method === 'GET' ? get(`/v1/jobs/${name}${rest}`) : send(`${method} /v1/jobs/${name}${rest}`, ''),
      404,
      'unknown_job',
    ),
  ),
  row(`tasks of the run ${shown(name)}`, get(`/v1/runs/${name}/tasks`), 404, 'unknown_job'),
  row(`a task's log of the run ${shown(name)}`, get(`/v1/runs/${name}/tasks/0/log`), 404, 'unknown_job'),
]);

const paths: readonly Row[] = [
  row('a path that climbs', get('/v1/jobs/../../server/key'), 404, 'not_found'),
  row('a path that climbs, encoded', get('/v1/%2e%2e/server/key'), 404, 'not_found'),
  row('a name that climbs', get('/v1/jobs/%2e%2e/log'), 404, 'not_found'),
  row('no name', get('/v1/jobs/'), 404, 'not_found'),
  row('a name in two parts', get('/v1/jobs/a/b'), 404, 'not_found'),
  row('a route that is not there', get('/v1/secrets'), 404, 'not_found'),
  ...[
    ['DELETE', '/v1/jobs'],
    ['DELETE', '/v1/jobs/x'],
    ['PUT', '/v1/jobs/x'],
    ['PATCH', '/v1/jobs/x/log'],
    ['GET', '/v1/jobs/x/cancel'],
    ['GET', '/v1/jobs/x/retry'],
    ['POST', '/v1/counts'],
    ['POST', '/v1/crews'],
    ['POST', '/v1/pools'],
    ['POST', '/v1/throughput'],
    ['OPTIONS', '/v1/jobs'],
    ['TRACE', '/v1/jobs'],
  ].map(([method, path]) =>
    row(`${method} ${path}`, request(`${method} ${path}`), 405, 'method_not_allowed'),
  ),
];

const huge = '9'.repeat(400);

const queries: readonly Row[] = [
  ...['0', '-1', '1001', '1e3', '0x1', '1.0', ' 1', '', 'NaN', '%00', '%D9%A1', huge].map(
    (limit) => `limit=${limit}`,
  ),
  ...['limit=1&limit=2', 'q=a&q=b', 'state=done,none', 'state=__proto__', 'kind=constructor', 'kind=,'],
  ...[
    'cursor=x',
    'cursor=..%2f..%2fetc',
    'cursor=%00',
    `cursor=${huge}`,
    `cursor=${'A'.repeat(8000)}`,
    'cursor=e30',
  ],
  ...['limits=1', '__proto__=1', 'constructor=1', `${'x'.repeat(8000)}=1`, `${'a=1&'.repeat(3000)}b`],
].map((query) =>
  row(
    `jobs with ?${shown(query.replaceAll(' ', '%20'))}`,
    get(`/v1/jobs?${query.replaceAll(' ', '%20')}`),
    400,
    'invalid_request',
  ),
);

const otherQueries: readonly Row[] = [
  '/v1/counts?x',
  '/v1/crews?__proto__=x',
  '/v1/pools?x=1',
  '/v1/throughput?x=1',
  '/v1/jobs/x?wait=-1s',
  '/v1/jobs/x?wait=1',
  `/v1/jobs/x?wait=${huge}`,
  '/v1/jobs/x/log?stream=..%2fout',
  '/v1/jobs/x/log?stream=__proto__',
  '/v1/jobs/x/log?follow=yes',
  '/v1/jobs/x/log?follow=1&follow=1',
  '/v1/runs/x/tasks?cursor=-1',
  `/v1/runs/x/tasks?cursor=${huge}`,
  '/v1/runs/x/tasks?limit=1e1',
  '/v1/runs/x/tasks/-1/log',
  '/v1/runs/x/tasks/0x1/log',
  `/v1/runs/x/tasks/${huge}/log`,
  '/v1/runs/x/tasks/0%00/log',
  '/v1/runs/x/tasks/..%2f0/log',
  '/v1/runs/x/tasks/0/log?stream=in',
  '/v1/runs/x/tasks/0/log?follow=yes',
].map((path) => row(shown(path), get(path), 400, 'invalid_request'));

function spec(body: string | Buffer, type = 'application/json', headers = ''): Buffer {
  return send('POST /v1/jobs', body, type, headers);
}

const depth = 100_000;
const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Bodies that are no job of a spec. */
const json: readonly Row[] = [
  ...[
    ['no JSON', 'x'],
    ['an empty body', ''],
    ['half of it', '{"spec":"plain"'],
    ['two of it', '{"spec":"plain"}{"spec":"plain"}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number beyond all', '1e999'],
    ['no spec', '{}'],
    ['a spec that is a number', '{"spec":1e999}'],
    ['a spec that is a list', '{"spec":["plain"]}'],
    ['the spec twice, the last one wrong', '{"spec":"plain","spec":1}'],
    ['a spec on a prototype', '{"__proto__":{"spec":"plain"}}'],
    ['a key that nobody knows', '{"spec":"plain","name":"x"}'],
    ['a key of 500 KB', `{"${'x'.repeat(500_000)}":1}`],
    ['50,000 keys', `{${Array.from({ length: 50_000 }, (_, index) => `"k${index}":1`).join()}}`],
    ['parameters that are a list', '{"spec":"plain","parameters":["text"]}'],
    ['a parameter that is a number', '{"spec":"plain","parameters":{"text":1}}'],
    [
      '50,000 parameters that are numbers',
      `{"spec":"plain","parameters":{${Array.from({ length: 50_000 }, (_, index) => `"k${index}":1`).join()}}}`,
    ],
    ['a parameter that is an object', '{"spec":"plain","parameters":{"text":{"toString":"x"}}}'],
    ['depth', '['.repeat(depth)],
    ['depth that comes to an end', deep],
    ['a spec of great depth', `{"spec":${deep}}`],
    ['parameters of great depth', `{"spec":"plain","parameters":{"text":${deep}}}`],
    ['unknown keys of great depth', `{"spec":"plain","x":${deep}}`],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe])],
    ['NUL before it', '\0{"spec":"plain"}'],
  ].map(([title, body = '']) => row(`a body of ${title as string}`, spec(body), 400, 'invalid_request')),
  ...[
    '../plain',
    '..',
    '/etc/passwd',
    'sub/plain',
    'plain.toml',
    'plain\\u0000',
    'plain\\n',
    '\\u202eplain',
    '\\ud800',
    '',
  ].map((name) => row(`the spec ${shown(name)}`, spec(`{"spec":"${name}"}`), 422, 'invalid_job_name')),
  row('a spec that there is not', spec('{"spec":"none"}'), 422, 'unknown_job_name'),
  ...[
    '{}',
    '{"text":"a\\u0000b"}',
    '{"text":"\\ud800"}',
    '{"__proto__":"x"}',
    `{"text":"${'x'.repeat(200_000)}"}`,
  ].map((text) =>
    row(
      `the parameters ${shown(text)}`,
      spec(`{"spec":"plain","parameters":${text}}`),
      422,
      'invalid_params',
    ),
  ),
];

/** Files that cannot be jobs, or not under that name. */
const files: readonly Row[] = [
  ...[
    '..%2f..%2fx.sh',
    '..',
    '.',
    '%2fx.sh',
    '.hidden',
    'x.tmp',
    'x~',
    'x%00',
    '',
    'x'.repeat(300),
    '%C3%BC'.repeat(120),
    'x@k3f9q2m4n7.sh',
    'x.run',
  ].map((name) =>
    row(
      `the job name ${shown(name)}`,
      send(`POST /v1/jobs?name=${name}`, '#!/bin/sh\n', 'text/plain'),
      422,
      'invalid_job_name',
    ),
  ),
  row('a job without a name', send('POST /v1/jobs', '#!/bin/sh\n', 'text/plain'), 400, 'invalid_request'),
  row(
    'a job with two names',
    send('POST /v1/jobs?name=a&name=b', '#!/bin/sh\n', 'text/plain'),
    400,
    'invalid_request',
  ),
  row('a job that is no job', send('POST /v1/jobs?name=a.conf', 'x', 'text/plain'), 422, 'invalid_job'),
  row(
    'a job of NUL',
    send('POST /v1/jobs?name=a.conf', '\0'.repeat(10_000), 'application/octet-stream'),
    422,
    'invalid_job',
  ),
  row(
    'a job that says it is of a spec',
    send('POST /v1/jobs?name=a.json', '{"jobspec":"plain","id":1}', 'text/plain'),
    422,
    'invalid_job',
  ),
  row(
    'a job that says it is a part of a run',
    send('POST /v1/jobs?name=a.json', '{"slice":{"of":"../x"}}', 'text/plain'),
    422,
    'invalid_job',
  ),
  row(
    'a job that is too large',
    send('POST /v1/jobs?name=a.sh', `#!/bin/sh\n${'#'.repeat(1_200_000)}`, 'text/plain'),
    413,
    'body_too_large',
  ),
  row(
    'a job that says it is larger than it is',
    request('POST /v1/jobs?name=a.sh', 'Content-Type: text/plain\r\nContent-Length: 1000000000000\r\n'),
    413,
    'body_too_large',
  ),
  row(
    'a job in pieces without an end',
    request(
      'POST /v1/jobs?name=a.sh',
      'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n',
      `10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(20),
    ),
    413,
    'body_too_large',
  ),
  ...['../../x.sh', '..', '.hidden', 'x@k3f9q2m4n7.sh', '\u202ex\0'].map((name) =>
    row(
      `a form whose file is called ${shown(name)}`,
      spec(part(`; name="file"; filename="${name}"`, '#!/bin/sh\n') + lastBorder, inParts),
      422,
      'invalid_job_name',
    ),
  ),
  ...[
    ['no part', lastBorder],
    ['a part of another name', part('; name="other"; filename="a.sh"', '#!/bin/sh\n') + lastBorder],
    ['the file twice', part('; name="file"; filename="a.sh"', '#!/bin/sh\n').repeat(2) + lastBorder],
    ['a file that is a field', part('; name="file"', '#!/bin/sh\n') + lastBorder],
    ['15,000 parts', part('; name="x"', 'y').repeat(15_000) + lastBorder],
    ['no name', part('', 'x') + lastBorder],
    ['no end', part('; name="file"; filename="a.sh"', '#!/bin/sh\n')],
    ['headers without an end', `--border\r\n${'X: y\r\n'.repeat(50_000)}`],
    ['another border', part('; name="file"; filename="a.sh"', 'x').replaceAll('--border', '--other')],
  ].map(([title = '', body = '']) =>
    row(`a form with ${title}`, spec(body, inParts), 400, 'invalid_request'),
  ),
  row('a form without its border', spec('--x--', 'multipart/form-data'), 400, 'invalid_request'),
];

const types: readonly Row[] = [
  ...[form, 'text/html', 'application/xml', 'application/toml', 'x', '/', 'application', '\x80'].map((type) =>
    row(`the type ${shown(type)}`, spec('{"spec":"plain"}', type), 415, 'unsupported_type'),
  ),
  ...[
    'text/json',
    'application/x-json',
    'xjson',
    'application/problem+json',
    'application/json, text/plain',
  ].map((type) =>
    row(
      `the type ${shown(type)}, of what is no JSON`,
      spec('x', type),
      type.endsWith('+json') ? 400 : 415,
      type.endsWith('+json') ? 'invalid_request' : 'unsupported_type',
    ),
  ),
  row('no type, and a body', spec('x', ''), 415, 'unsupported_type'),
];

export const v1Rows: readonly Row[] = [
  ...[names, paths, queries, otherQueries].flat(),
  ...[json, files, types].flat(),
];
