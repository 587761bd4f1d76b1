import { type Row, get, request, row, shown } from './row.js';

/** What is not among the page's files. */
export const pageRows: readonly Row[] = [
  ...[
    '..%2findex.html',
    '..%2f..%2fpackage.json',
    '..%252f..%252fpackage.json',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '..%5c..%5cpackage.json',
    '%c0%ae%c0%ae%c0%afpackage.json',
    '%2fetc%2fpasswd',
    'index.html%00.png',
    'index.html%0d%0aX:y',
    'index.html/',
    'INDEX.HTML',
    'index.html.br.br',
    'x'.repeat(300),
    '%ff',
    '%',
    '__proto__',
    'a/b',
  ].map((name) => row(`the file ${shown(name)}`, get(`/ui/${name}`), 404, 'not_found')),
  row('a path that climbs', get('/ui/../server/key'), 404, 'not_found'),
  row('a path that climbs, encoded', get('/ui/%2e%2e/server/key'), 404, 'not_found'),
  row('POST', request('POST /ui/', 'Content-Length: 0\r\n'), 404, 'not_found'),
  row('DELETE', request('DELETE /ui/index.html'), 404, 'not_found'),
];
