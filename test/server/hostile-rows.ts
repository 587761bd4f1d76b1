/** What a hostile or broken client sends, byte for byte, and how it is answered. */
export interface Row {
  readonly title: string;
  readonly bytes: string | Buffer;
  readonly status: number;
  /** The word of the refusal; undefined: Node's own answer, or none that is JSON. */
  readonly error: string | undefined;
}

const host = 'Host: 127.0.0.1\r\nConnection: close\r\n';

function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;
}

function post(
  body: string | Buffer,
  headers = 'Content-Type: application/x-www-form-urlencoded\r\n',
): Buffer {
  const bytes = Buffer.from(body);
  const head = `POST /jobs/start HTTP/1.1\r\n${host}${headers}Content-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

function parts(fields: Record<string, string>): string {
  const part = ([name, value]: [string, string]): string =>
    `--border\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  return `${Object.entries(fields).map(part).join('')}--border--\r\n`;
}

function start(name: string, parameters: string): Buffer {
  return post(new URLSearchParams({ name, parameters }).toString());
}

const row = (title: string, bytes: string | Buffer, status: number, error?: string): Row => ({
  ...{ title, bytes, status, error },
});

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
    `the name ${JSON.stringify(name.slice(0, 30))}`,
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
  ['a prototype', '{"__proto__":{"text":"x"}}', 'invalid_params'],
  ['the right name on a prototype only', '{"__proto__":"x","constructor":"y"}', 'invalid_params'],
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
  row('a broken escape in a path', get('/artifacts/file/%/%zz'), 403, 'bad_signature'),
  row('the other method', get('/jobs/start?name=plain&parameters={}'), 404, 'not_found'),
  row('an unknown method', `BREW /jobs/start HTTP/1.1\r\n${host}\r\n`, 400),
  row('a method in lower case', `get / HTTP/1.1\r\n${host}\r\n`, 400),
  row('an absolute path', get('http://example.org/jobs/get?id=1'), 403, 'foreign_host'),
];

const bodies: readonly Row[] = [
  row('no body', post(''), 200, 'missing_params'),
  row('JSON as body', post('{"name":"plain"}', 'Content-Type: application/json\r\n'), 200, 'missing_params'),
  row('no content type', post('name=plain&parameters={}', ''), 200, 'missing_params'),
  row(
    'a form in parts without its border',
    post('x', 'Content-Type: multipart/form-data;\r\n'),
    200,
    'missing_params',
  ),
  row(
    'a form in parts that breaks off',
    post('--x\r\n', 'Content-Type: multipart/form-data; boundary=x\r\n'),
    200,
    'missing_params',
  ),
  row('broken escapes', post('name=%&parameters=%zz'), 200, 'invalid_params'),
  row('bytes that are not UTF-8', post(Buffer.from([0xff, 0xfe, 0x3d, 0xff])), 200, 'missing_params'),
  row(
    'more than a job file holds',
    post(
      parts({ name: 'plain', parameters: JSON.stringify({ text: 'x'.repeat(1e5), more: 'x'.repeat(9e5) }) }),
      'Content-Type: multipart/form-data; boundary=border\r\n',
    ),
    200,
    'params_too_large',
  ),
  row('a megabyte and a byte', post('x'.repeat(1024 * 1024 + 1)), 413, 'body_too_large'),
  row(
    'a length of a terabyte',
    `POST /jobs/start HTTP/1.1\r\n${host}Content-Length: 1000000000000\r\n\r\n`,
    413,
    'body_too_large',
  ),
  row(
    'pieces without an end',
    `POST /jobs/start HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(17)}`,
    413,
    'body_too_large',
  ),
  row('a length below zero', `POST /jobs/start HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400),
  row(
    'two lengths',
    `POST /jobs/start HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`,
    400,
  ),
  row(
    'a length and pieces',
    `POST /jobs/start HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ),
];

const headers: readonly Row[] = [
  row('headers of 20 KB', get('/', `X: ${'x'.repeat(20_000)}\r\n`), 431),
  row('a path of 20 KB', get(`/${'x'.repeat(20_000)}`), 431),
  row('3000 headers', get('/', 'X-Header: y\r\n'.repeat(3000)), 431),
  row('NUL in a header', get('/', 'X: a\0b\r\n'), 400),
  row('a header without a name', get('/', ': x\r\n'), 400),
  row('no HTTP', '\x16\x03\x01\x02\0\x01', 400),
  row('no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400),
  row('two lines in one header', get('/jobs/get?id=1%0d%0aSet-Cookie:x=1'), 200, 'invalid_params'),
];

const pages: readonly Row[] = [
  row(
    'a page of another origin',
    get('/jobs/get?id=1', 'Origin: https://evil.example\r\n'),
    403,
    'foreign_origin',
  ),
  row('a page without origin', get('/jobs/get?id=1', 'Origin: null\r\n'), 403, 'foreign_origin'),
  row(
    'a page of another site',
    get('/jobs/get?id=1', 'Sec-Fetch-Site: cross-site\r\n'),
    403,
    'foreign_origin',
  ),
  row(
    'a form of another origin',
    post(
      'name=plain&parameters=%7B%22text%22%3A%22x%22%7D',
      'Content-Type: application/x-www-form-urlencoded\r\nOrigin: http://evil.example\r\n',
    ),
    403,
    'foreign_origin',
  ),
  row(
    'a page whose name leads here',
    'GET /jobs/get?id=1 HTTP/1.1\r\nHost: evil.example:9845\r\nConnection: close\r\n\r\n',
    403,
    'foreign_host',
  ),
];

export const rows: readonly Row[] = [
  ...[...names, ...parameters, ...numbers, ...links],
  ...[...routes, ...bodies, ...headers, ...pages],
];
