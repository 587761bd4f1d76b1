import { type Row, get, request, row, shown } from './row.js';

/** Streams that do not begin. */
export const eventRows: readonly Row[] = [
  ...['x', 'job.done,x', '__proto__', 'job.done%00', '..%2f', '%ff', 'x'.repeat(8000), 'x,'.repeat(4000)].map(
    (types) =>
      row(`events of the types ${shown(types)}`, get(`/v1/events?types=${types}`), 400, 'invalid_request'),
  ),
  ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method) =>
    row(
      `${method} of events`,
      request(`${method} /v1/events`, 'Content-Length: 0\r\n'),
      405,
      'method_not_allowed',
    ),
  ),
  row('OPTIONS of events', request('OPTIONS /v1/events'), 405, 'method_not_allowed'),
  row('events with a header of 20 KB', get('/v1/events', `Last-Event-ID: ${'x'.repeat(20_000)}\r\n`), 431),
  row('events of a path below', get('/v1/events/..%2f..%2fserver%2fkey'), 404, 'not_found'),
];
