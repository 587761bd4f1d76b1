import { type Row, form, get, request, row } from './row.js';

/** Bytes that are no request, or more than one. */

const host = 'Host: 127.0.0.1\r\nConnection: close\r\n';

/** A request with these lines between the first and the body. */
function framed(lines: readonly string[], body = 'name=plain'): string {
  return `POST /jobs/start HTTP/1.1\r\n${host}Content-Type: ${form}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

const lengths: readonly Row[] = [
  row('a length below zero', framed(['Content-Length: -1']), 400),
  row('a length with a sign', framed(['Content-Length: +10']), 400),
  row('a length in hexadecimal digits', framed(['Content-Length: 0xa']), 400),
  row('a length with a blank', framed(['Content-Length: 1 0']), 400),
  row('a length of 400 digits', framed([`Content-Length: ${'9'.repeat(400)}`]), 400),
  row('two lengths', framed(['Content-Length: 1', 'Content-Length: 2']), 400),
  row('two lengths in one header', framed(['Content-Length: 1, 2']), 400),
  row('a length and pieces', framed(['Content-Length: 1', 'Transfer-Encoding: chunked'], '0\r\n\r\n'), 400),
  row('pieces and a length', framed(['Transfer-Encoding: chunked', 'Content-Length: 1'], '0\r\n\r\n'), 400),
  row('an unknown encoding of the transfer', framed(['Transfer-Encoding: x']), 400),
  row('pieces that are not the last encoding', framed(['Transfer-Encoding: chunked, identity']), 400),
  row('pieces by a name with a blank before the colon', framed(['Transfer-Encoding : chunked']), 400),
  row('a header that goes on in the next line', framed(['X: a', ' b: c', 'Content-Length : 1']), 400),
  row('a piece whose length is no number', framed(['Transfer-Encoding: chunked'], 'x\r\n\r\n'), 400),
  row(
    'a piece of more than there can be',
    framed(['Transfer-Encoding: chunked'], `${'f'.repeat(20)}\r\n`),
    400,
  ),
  row(
    'a piece with an extension of 20 KB',
    framed(['Transfer-Encoding: chunked'], `1;${'x'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`),
    413,
  ),
  row('a length of a terabyte', framed(['Content-Length: 1000000000000'], ''), 413, 'body_too_large'),
  row(
    'pieces without an end',
    framed(['Transfer-Encoding: chunked'], `10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(17)),
    413,
    'body_too_large',
  ),
];

const lines: readonly Row[] = [
  row('an unknown method', request('BREW /jobs/start'), 400),
  row('a method in lower case', request('get /'), 400),
  row('a tunnel', request('CONNECT 127.0.0.1:22'), 405),
  row('a request for what it was sent', request('TRACE /'), 404, 'not_found'),
  row('a request for all that it can', request('OPTIONS *'), 400),
  row('no HTTP', '\x16\x03\x01\x02\0\x01', 400),
  row('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400),
  row('HTTP/9.9', `GET / HTTP/9.9\r\n${host}\r\n`, 400),
  row('HTTP/0.9', 'GET /\r\n\r\n', 400),
  row('a path of 20 KB', get(`/${'x'.repeat(20_000)}`), 431),
  row('a path with a blank', get('/jobs get'), 400),
  row(
    'a path with a line break and a header',
    get('/jobs/get?id=1%0d%0aSet-Cookie:x=1'),
    200,
    'invalid_params',
  ),
  row('a path that is not ASCII', get('/jöbs'), 400),
];

const headers: readonly Row[] = [
  row('headers of 20 KB', get('/', `X: ${'x'.repeat(20_000)}\r\n`), 431),
  row('3000 headers', get('/', 'X-Header: y\r\n'.repeat(3000)), 431),
  row('NUL in a header', get('/', 'X: a\0b\r\n'), 400),
  row('a header without a name', get('/', ': x\r\n'), 400),
  row('a header without a colon', get('/', 'X\r\n'), 400),
  row('a lone carriage return', get('/', 'X: a\rSet-Cookie: b\r\n'), 400),
  row('an expectation that nobody knows', get('/jobs/get?id=1', 'Expect: the unexpected\r\n'), 417),
];

const hosts: readonly Row[] = [
  row('no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400),
  row('two hosts', request('GET /jobs/get?id=1', 'Host: evil.example\r\n'), 403, 'foreign_host'),
  ...['', '[::1', '127.0.0.1:99999', 'a b', '127.0.0.1/../x', 'user@127.0.0.1', '127.0.0.1#', '%00'].map(
    (name) =>
      row(
        `the host ${JSON.stringify(name)}`,
        `GET /jobs/get?id=1 HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`,
        400,
      ),
  ),
];

export const httpRows: readonly Row[] = [...lengths, ...lines, ...headers, ...hosts];
