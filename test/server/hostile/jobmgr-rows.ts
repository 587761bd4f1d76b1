import { type Row, form, get, inParts, lastBorder, part, request, row, send, shown } from './row.js';

function post(body: string | Buffer, type = form, headers = ''): Buffer {
  return send('POST /jobs/start', body, type, headers);
}

function start(name: string, parameters: string): Buffer {
  return post(new URLSearchParams({ name, parameters }).toString());
}

/** Names of jobs, each with parameters that would do. */
const names: readonly Row[] = [
  '../../../etc/passwd',
  '..',
  '.',
  '/etc/passwd',
  'sub/plain',
  'sub\\plain',
  'plain.toml',
  'plain\0',
  'plain\n',
  ' plain',
  'pla in',
  '\u202eplain',
  '%2e%2e%2fplain',
  'x'.repeat(181),
  'ü'.repeat(91),
].map((name) =>
  row(
    `the name ${shown(name)}`,
    start(name, '{"text":"x"}'),
    200,
    name.startsWith('%') ? 'unknown_job_name' : 'invalid_job_name',
  ),
);

const parameters: readonly Row[] = [
  ['no JSON', 'text=x', 'invalid_params'],
  ['half of it', '{"text":"x"', 'invalid_params'],
  ['two of it', '{"text":"x"}{"text":"y"}', 'invalid_params'],
  ['a list', '["text"]', 'invalid_params'],
  ['null', 'null', 'invalid_params'],
  ['a string', '"text"', 'invalid_params'],
  ['a number as value', '{"text":1}', 'invalid_params'],
  ['an object as value', '{"text":{"toString":"x"}}', 'invalid_params'],
  ['null as value', '{"text":null}', 'invalid_params'],
  ['NUL in a value', '{"text":"a\\u0000b"}', 'invalid_params'],
  ['half a character', '{"text":"\\ud800"}', 'invalid_params'],
  ['a value of 200 KB', JSON.stringify({ text: 'x'.repeat(200_000) }), 'invalid_params'],
  ['depth', '['.repeat(100_000), 'invalid_params'],
  ['depth that comes to an end', `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'invalid_params'],
  ['a number beyond all', '{"text":1e999}', 'invalid_params'],
  ['a name twice, the last one wrong', '{"text":"x","text":1}', 'invalid_params'],
].map(([title = '', text = '', error]) =>
  row(`parameters that are ${title}`, start('plain', text), 200, error),
);

const numbers: readonly Row[] = [
  '-1',
  '1e3',
  '0x1',
  '1.0',
  ' 1',
  '%00',
  '1%00',
  '../1',
  '9'.repeat(16),
  '9'.repeat(5000),
  'NaN',
  '%D9%A1',
  '1;DROP TABLE jobs',
  '%ff',
].flatMap((id) => [
  row(
    `the job's number ${id.slice(0, 20)}`,
    get(`/jobs/get?id=${id.replaceAll(' ', '%20')}`),
    200,
    'invalid_params',
  ),
  row(
    `the artifact's number ${id.slice(0, 20)}`,
    get(`/artifacts/download?id=${id.replaceAll(' ', '%20')}`),
    200,
    'invalid_params',
  ),
]);

const links: readonly Row[] = [
  ['without a signature', '/artifacts/file/1/x'],
  ['with an empty signature', '/artifacts/file/1/x?expires=99999999999&signature='],
  ['with a made up signature', `/artifacts/file/1/x?expires=99999999999&signature=${'A'.repeat(43)}`],
  ['with two signatures', '/artifacts/file/1/x?expires=1&signature=a&signature=b'],
  ['that climbs', '/artifacts/file/..%2f..%2fkey/x?expires=99999999999&signature=x'],
].map(([title = '', path = '']) => row(`a link ${title}`, get(path), 403, 'bad_signature'));

const routes: readonly Row[] = [
  row('a path that climbs', get('/artifacts/file/../../server/key'), 404, 'not_found'),
  row('a path that climbs, encoded', get('/%2e%2e/%2e%2e/etc/passwd'), 404, 'not_found'),
  row('a path that climbs, encoded twice', get('/%252e%252e/%252e%252e/etc/passwd'), 404, 'not_found'),
  row('a path that climbs by backslashes', get('/..\\..\\etc\\passwd'), 400),
  row('a path that climbs by overlong UTF-8', get('/%c0%ae%c0%ae/%c0%af/etc/passwd'), 404, 'not_found'),
  row('a path with two slashes', get('//evil.example/jobs/get?id=1'), 404, 'not_found'),
  row('a path with NUL', get('/jobs/get%00?id=1'), 404, 'not_found'),
  row('a path in capitals', get('/JOBS/GET?id=1'), 404, 'not_found'),
  row('a broken escape in a path', get('/artifacts/file/%/%zz'), 403, 'bad_signature'),
  row('the other method', get('/jobs/start?name=plain&parameters={}'), 404, 'not_found'),
  row('a method that it does not have', request('DELETE /jobs/get?id=1'), 404, 'not_found'),
  row('OPTIONS', request('OPTIONS /jobs/start'), 404, 'not_found'),
  row('HEAD where a form is expected', request('HEAD /jobs/start'), 404),
];

const waits: readonly Row[] = ['-1s', '1', 'NaN', '1e9s', '1s1', '', '%00', 's', '9'.repeat(400)].map(
  (wait) => row(`a wait of ${shown(wait)}`, get(`/jobs/get?id=1&wait=${wait}`), 200, 'invalid_params'),
);

const bodies: readonly Row[] = [
  row('no body', post(''), 200, 'missing_params'),
  row('JSON as body', post('{"name":"plain"}', 'application/json'), 200, 'missing_params'),
  row('no content type', post('name=plain&parameters={}', ''), 200, 'missing_params'),
  row('a content type of 10 KB', post('name=plain', `x/${'y'.repeat(10_000)}`), 200, 'missing_params'),
  row('a form in parts without its border', post('x', 'multipart/form-data;'), 200, 'missing_params'),
  row(
    'a form in parts that breaks off',
    post('--x\r\n', 'multipart/form-data; boundary=x'),
    200,
    'missing_params',
  ),
  row(
    'a form in parts whose name is a file',
    post(
      part('; name="name"; filename="../../x"', 'plain') + part('; name="parameters"', '{}') + lastBorder,
      inParts,
    ),
    200,
    'missing_params',
  ),
  row(
    'a form in 15,000 parts',
    post(part('; name="x"', 'y').repeat(15_000) + lastBorder, inParts),
    200,
    'missing_params',
  ),
  row('a form of 100,000 fields', post('a=b&'.repeat(100_000)), 200, 'missing_params'),
  row('broken escapes', post('name=%&parameters=%zz'), 200, 'invalid_params'),
  row('bytes that are not UTF-8', post(Buffer.from([0xff, 0xfe, 0x3d, 0xff])), 200, 'missing_params'),
  row(
    'more than a job file holds',
    post(
      part('; name="name"', 'plain') +
        part('; name="parameters"', JSON.stringify({ text: 'x'.repeat(1e5), more: 'x'.repeat(9e5) })) +
        lastBorder,
      inParts,
    ),
    200,
    'params_too_large',
  ),
  row('a megabyte and a byte', post('x'.repeat(1024 * 1024 + 1)), 413, 'body_too_large'),
];

export const jobmgrRows: readonly Row[] = [
  ...[...names, ...parameters, ...numbers],
  ...[...links, ...routes, ...waits, ...bodies],
];
