import { type Row, get, inParts, lastBorder, part, request, row, send, shown } from './row.js';

const huge = '9'.repeat(400);

/** What a worker says of itself that cannot be. */
const offers: readonly Row[] = [
  ['', 'missing query.memory'],
  ['memory=', 'string_pattern_mismatch query.memory'],
  ['memory=-1', 'value_error query.memory'],
  ['memory=1.5', 'string_pattern_mismatch query.memory'],
  ['memory=1e3', 'string_pattern_mismatch query.memory'],
  ['memory=0x1', 'string_pattern_mismatch query.memory'],
  ['memory=NaN', 'string_pattern_mismatch query.memory'],
  ['memory=%00', 'string_pattern_mismatch query.memory'],
  ['memory=%D9%A1', 'string_pattern_mismatch query.memory'],
  ['memory=1%0d%0aX:y', 'string_pattern_mismatch query.memory'],
  [`memory=${huge}`, 'number_type query.memory'],
  ['memory=1&limit=0', 'value_error query.limit'],
  ['memory=1&limit=101', 'value_error query.limit'],
  [`memory=1&limit=${huge}`, 'number_type query.limit'],
  ['memory=1&cpu_cores=-1', 'value_error query.cpu_cores'],
  [`memory=1&cpu_cores=${huge}`, 'number_type query.cpu_cores'],
  ['memory=1&gpu_mem=x', 'string_pattern_mismatch query.gpu_mem'],
  ['memory=1&gpu_memory=-1', 'value_error query.gpu_memory'],
  ['memory=1&gpus=10001', 'value_error query.gpus'],
  ['memory=1&older_than=-1', 'string_pattern_mismatch query.older_than'],
  ['memory=1&older_than=1e5', 'string_pattern_mismatch query.older_than'],
  [`memory=1&older_than=${huge}`, 'number_type query.older_than'],
  ['memory=1&wait=x', 'number_type query.wait'],
  ['memory=1&wait=-1s', 'value_error query.wait'],
  [`memory=1&instance=${'x'.repeat(65)}`, 'value_error query.instance'],
].map(([query = '', word]) => row(`an offer of ${shown(query)}`, get(`/jobs?${query}`), 422, word));

/** Ids of what is nobody's, as they stand in a path. */
const strangers: readonly string[] = [
  '1',
  '0',
  '-1',
  huge,
  '..%2f..%2fserver%2fkey',
  '..%252fserver',
  '..%5cserver',
  'decode-1.json',
  'x%00',
  '%ff',
  '%c0%ae',
  '%ed%a0%80',
  '%',
  '%E2%80%AEx',
  '__proto__',
  'constructor',
  'x'.repeat(3000),
];

const gone = 'Job not found';

const ids: readonly Row[] = strangers.flatMap((id) => [
  row(`the status of ${shown(id)}`, get(`/jobs/${id}/status`), 404, gone),
  row(`a word of ${shown(id)}`, request(`PUT /jobs/${id}/status?status=running`), 404, gone),
  row(
    `lines of ${shown(id)}`,
    send(`PUT /jobs/${id}/grow?file=lines&offset=0`, 'x', 'application/octet-stream'),
    404,
    gone,
  ),
  row(`the gang of ${shown(id)}`, get(`/jobs/${id}/gang`), 404, gone),
  row(`where files of ${shown(id)} go`, request(`POST /jobs/${id}/files/url?type=output`), 404, gone),
  row(
    `files of ${shown(id)}`,
    send(
      `POST /jobs/${id}/files/upload?type=output`,
      part('; name="file"; filename="x"', 'x') + lastBorder,
      inParts,
    ),
    404,
    gone,
  ),
]);

const notTheirs = 'File is not in your filesystem or you do not have access';

const files: readonly Row[] = [
  'x',
  '..%2f..%2fetc%2fpasswd',
  '..%252f..%252fetc%252fpasswd',
  '%2e%2e%2fserver%2fkey',
  'a%2f..%2f..%2fserver%2fkey',
  '%2fetc%2fpasswd',
  '..%5c..%5cetc',
  'x%00y',
  '%ff',
  '%c0%ae%c0%ae%c0%af',
  '%',
  '__proto__',
  'job:1:',
  'job:x@k3f9q2m4n7.conf:..%2f..%2fserver%2fkey',
  'job::',
  'a/b/c',
  'x'.repeat(3000),
].flatMap((id) => [
  row(`where the file ${shown(id)} is`, get(`/files/${id}/url`), 403, notTheirs),
  row(`the file ${shown(id)}`, get(`/files/${id}/download`), 403, notTheirs),
]);

const statuses: readonly Row[] = [
  ['', 'missing query.status'],
  ['status=', 'enum query.status'],
  ['status=gone', 'enum query.status'],
  ['status=__proto__', 'enum query.status'],
  ['status=FINISHED', 'enum query.status'],
  ['status=running%00', 'enum query.status'],
].map(([query = '', word]) =>
  row(`a status of ${shown(query)}`, request(`PUT /jobs/1/status?${query}`), 422, word),
);

const depth = 100_000;
const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;

const ends: readonly Row[] = [
  ['no JSON', 'x', 'json_invalid body'],
  ['depth', '['.repeat(depth), 'json_invalid body'],
  ['depth that comes to an end', deep, 'json_invalid body'],
  ['an outcome of great depth', `{"outcome":${deep}}`, 'json_invalid body'],
  ['a list', '[]', 'value_error body'],
  ['null', 'null', 'value_error body'],
  ['an unknown outcome', '{"outcome":{"kind":"glory"}}', 'value_error body'],
  ['a code of 256', '{"outcome":{"kind":"exit","code":256}}', 'value_error body.outcome.code'],
  ['a code beyond all', '{"outcome":{"kind":"exit","code":1e999}}', 'value_error body'],
  [
    'a signal of 21 letters',
    `{"outcome":{"kind":"signal","signal":"${'X'.repeat(21)}"}}`,
    'value_error body.outcome.signal',
  ],
  [
    'a reason of 20 KB',
    `{"outcome":{"kind":"rejected","reason":"${'x'.repeat(20_000)}"}}`,
    'value_error body.outcome.reason',
  ],
  [
    'a slice with fewer tasks than none',
    '{"slice":{"tasks":-1,"failed":0,"ms":0}}',
    'value_error body.slice.tasks',
  ],
  ['an outcome on a prototype', '{"__proto__":{"outcome":{"kind":"cancelled"}}}', 'value_error body'],
].map(([title = '', body = '', word]) =>
  row(`an end of ${title}`, send('PUT /jobs/1/status?status=finished', body), 422, word),
);

const growth: readonly Row[] = [
  ['offset=0', 'missing query.file'],
  ['file=..%2fx&offset=0', 'enum query.file'],
  ['file=__proto__&offset=0', 'enum query.file'],
  ['file=lines', 'missing query.offset'],
  ['file=lines&offset=-1', 'value_error query.offset'],
  ['file=lines&offset=1e9', 'string_pattern_mismatch query.offset'],
  [`file=pack&offset=${huge}`, 'number_type query.offset'],
].map(([query = '', word]) =>
  row(`growth by ${shown(query)}`, send(`PUT /jobs/1/grow?${query}`, 'x', 'text/plain'), 422, word),
);

const uploads: readonly Row[] = [
  ['', 'missing query.type'],
  ['type=', 'enum query.type'],
  ['type=..', 'enum query.type'],
  ['type=__proto__', 'enum query.type'],
  ['type=output%00', 'enum query.type'],
].flatMap(([query = '', word]) =>
  ['url', 'upload'].map((last) =>
    row(
      `an upload of ${shown(query)} by ${last}`,
      send(`POST /jobs/1/files/${last}?${query}`, '', inParts),
      422,
      word,
    ),
  ),
);

function job(parts: Record<string, unknown>, more = ''): string {
  const whole = {
    job: {
      app: { cmd: ['true'], env: null },
      handler: { image_url: 'x', files_down: null, files_up: null },
      meta: { job_id: 7, date_created: '2026-01-01T00:00:00' },
      hardware: {},
    },
    paths_upload: { output: 'out', log: 'log', artifact: 'artifact' },
    ...parts,
  };
  return JSON.stringify(whole).replace('"true"', `"true"${more}`);
}

function inJob(place: string, value: unknown): string {
  const [section = '', key = ''] = place.split('.');
  const { job: whole } = JSON.parse(job({})) as { job: Record<string, Record<string, unknown>> };
  return job({ job: { ...whole, [section]: { ...whole[section], [key]: value } } });
}

const missing = 'missing body.job, missing body.paths_upload';

/** What is submitted for them. */
const submissions: readonly Row[] = [
  ...[
    ['no body', '', 'missing body'],
    ['no JSON', 'x', 'json_invalid body'],
    ['half of it', '{"job":', 'json_invalid body'],
    ['depth', '['.repeat(depth), 'json_invalid body'],
    ['depth that comes to an end', deep, 'json_invalid body'],
    ['a list', '[]', 'object_type body'],
    ['null', 'null', 'object_type body'],
    ['nothing in it', '{}', missing],
    ['all of it on a prototype', `{"__proto__":${job({})}}`, missing],
    ['a priority beyond all', job({}).replace(/^\{/, '{"priority":1e999,'), 'number_type body.priority'],
    [
      'a priority twice, the last one wrong',
      job({}).replace(/^\{/, '{"priority":1,"priority":"x",'),
      'number_type body.priority',
    ],
    ['a priority that is half', job({ priority: 0.5 }), 'int_type body.priority'],
    ['an unknown environment', job({ environment: '__proto__' }), 'enum body.environment'],
    [
      'a path that climbs',
      job({ paths_upload: { output: '../x', log: 'l', artifact: 'a' } }),
      'value_error body.paths_upload.output',
    ],
    [
      'a path with NUL',
      job({ paths_upload: { output: 'o', log: 'l\0', artifact: 'a' } }),
      'value_error body.paths_upload.log',
    ],
    [
      'files from above',
      inJob('handler.files_down', { x: 'a/../../b' }),
      'value_error body.job.handler.files_down.x',
    ],
    [
      'files to above',
      inJob('handler.files_down', { '../x': 'a' }),
      'value_error body.job.handler.files_down.../x',
    ],
    [
      'uploads from above',
      inJob('handler.files_up', { output: '../../etc' }),
      'value_error body.job.handler.files_up.output',
    ],
    [
      'uploads of another kind',
      inJob('handler.files_up', { secret: 'x' }),
      'value_error body.job.handler.files_up',
    ],
    ['a variable with an equals sign', inJob('app.env', { 'A=B': 'x' }), 'value_error body.job.app.env.A=B'],
    ['a variable without a name', inJob('app.env', { '': 'x' }), 'value_error body.job.app.env.'],
    ['a variable with NUL', inJob('app.env', { A: 'x\0y' }), 'value_error body.job.app.env.A'],
    ['a word of the command with NUL', inJob('app.cmd', ['a\0b']), 'value_error body.job.app.cmd.0'],
    [
      'an entry point with NUL',
      inJob('handler.entrypoint', 'a\0b'),
      'value_error body.job.handler.entrypoint',
    ],
    ['an image with NUL', inJob('handler.image_url', 'a\0b'), 'value_error body.job.handler.image_url'],
    ['a variable that is a number', inJob('app.env', { A: 1 }), 'string_type body.job.app.env.A'],
    ['a command that is text', inJob('app.cmd', 'rm -rf /'), 'array_type body.job.app.cmd'],
    ['cores below none', inJob('hardware.cpu_cores', -1), 'value_error body.job.hardware.cpu_cores'],
    ['half a core', inJob('hardware.cpu_cores', 0.5), 'int_type body.job.hardware.cpu_cores'],
    [
      'memory beyond all',
      inJob('hardware.memory', 1e300),
      'value_error body.job.hardware.memory, value_error body.job.hardware.memory',
    ],
    ['a command of great depth', job({}, `,${deep}`), 'json_invalid body'],
    ['meta of great depth', job({}).replace('"job_id":7', `"job_id":7,"x":${deep}`), 'json_invalid body'],
    ['great depth instead of a job', `{"job":${deep},"paths_upload":1}`, 'json_invalid body'],
  ].map(([title = '', body = '', word]) => row(`a job of ${title}`, send('POST /_jobs', body), 422, word)),
  row(
    'a job that is too large',
    send('POST /_jobs', ' '.repeat(1_100_000)),
    413,
    'a body may have 1048576 bytes',
  ),
  row(
    'a job that would become too large',
    send('POST /_jobs', job({ group: '\u0001'.repeat(174_700) })),
    413,
    "the job's file would have more than 1048576 bytes",
  ),
  row(
    'a job that says it is larger than it is',
    request('POST /_jobs', 'Content-Length: 1000000000000\r\n'),
    413,
    'a body may have 1048576 bytes',
  ),
];

const methods: readonly Row[] = [
  ['DELETE', '/jobs'],
  ['POST', '/jobs'],
  ['DELETE', '/jobs/1/status'],
  ['POST', '/jobs/1/status'],
  ['GET', '/jobs/1/grow'],
  ['PUT', '/jobs/1/gang'],
  ['GET', '/jobs/1/files/upload'],
  ['GET', '/jobs/1/files/url'],
  ['PUT', '/files/x/download'],
  ['GET', '/_jobs'],
  ['OPTIONS', '/_jobs'],
  ['PATCH', '/jobs/1/status'],
].map(([method, path]) => row(`${method} ${path}`, request(`${method} ${path}`), 404, 'not_found'));

export const workerRows: readonly Row[] = [
  ...[offers, ids, files, statuses, ends].flat(),
  ...[growth, uploads, submissions, methods].flat(),
  row('an offer that nobody hears the answer to', request('HEAD /jobs?memory=1'), 405),
  row(
    'a word of 2 MB',
    send('PUT /jobs/1/status?status=running', 'x'.repeat(2_000_000)),
    413,
    'a body may have 1048576 bytes',
  ),
  row(
    'lines of a terabyte',
    request('PUT /jobs/1/grow?file=lines&offset=0', 'Content-Length: 1000000000000\r\n'),
    413,
    'a body may have 8388608 bytes',
  ),
];
