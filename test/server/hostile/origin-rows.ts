import { type Row, form, get, row, send } from './row.js';

/** What a browser sends on behalf of a page that somebody visits. */

const origins: readonly Row[] = [
  'https://evil.example',
  'null',
  'http://127.0.0.1:1',
  'http://127.0.0.1.evil.example',
  'http://localhost',
  'http://[::1]',
  'file://',
  'chrome-extension://abc',
  'x',
].flatMap((origin) =>
  [
    ['/jobs/get?id=1', 'foreign_origin'],
    ['/v1/jobs', 'foreign_origin'],
    ['/v1/events', 'foreign_origin'],
    ['/jobs?memory=1', 'foreign_origin'],
  ].map(([path = '', word]) =>
    row(`a page of ${origin} that asks for ${path}`, get(path, `Origin: ${origin}\r\n`), 403, word),
  ),
);

const sites: readonly Row[] = ['cross-site', 'same-site', 'x'].flatMap((site) =>
  ['/jobs/get?id=1', '/v1/jobs', '/jobs?memory=1', '/openapi.json'].map((path) =>
    row(
      `a page of ${site} that asks for ${path}`,
      get(path, `Sec-Fetch-Site: ${site}\r\n`),
      403,
      'foreign_origin',
    ),
  ),
);

const evil = 'Origin: http://evil.example\r\n';

const forms: readonly Row[] = [
  ['POST /jobs/start', form, 'name=plain&parameters=%7B%22text%22%3A%22x%22%7D'],
  ['POST /v1/jobs?name=x.sh', 'text/plain', '#!/bin/sh\n'],
  ['POST /v1/jobs/x/cancel', form, ''],
  ['POST /v1/jobs/x/retry', 'text/plain', ''],
  ['POST /_jobs', 'text/plain', '{}'],
  ['POST /jobs/1/files/upload?type=output', 'multipart/form-data; boundary=x', '--x--'],
  ['PUT /jobs/1/status?status=error', 'text/plain', ''],
].map(([line = '', type = '', body = '']) =>
  row(`a form of another origin to ${line}`, send(line, body, type, evil), 403, 'foreign_origin'),
);

/** Names that lead here because whoever has them says so. */
const names: readonly Row[] = [
  'evil.example:9845',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'localhost.',
  '0.0.0.0',
  '[::ffff:8.8.8.8]',
].flatMap((name) =>
  ['/jobs/get?id=1', '/v1/jobs', '/jobs?memory=1', '/v1/events', '/'].map((path) =>
    row(
      `a page whose name ${name} leads here, for ${path}`,
      `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`,
      403,
      'foreign_host',
    ),
  ),
);

export const originRows: readonly Row[] = [
  ...[...origins, ...sites, ...forms, ...names],
  row('an absolute path to another host', get('http://example.org/jobs/get?id=1'), 403, 'foreign_host'),
];
