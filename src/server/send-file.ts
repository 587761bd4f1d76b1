import fresh from 'fresh';
import type { ByteRange, TreeFile } from '../system/trees.js';
import type { Ask } from './answers.js';
import { readRange } from './byte-range.js';

/** All of it, a part, or that it is what the client has already. Closes the file. */
export async function sendFile(
  ask: Ask,
  file: TreeFile,
  {
    etag,
    type,
    headers: given = {},
  }: { readonly etag: string; readonly type: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  const headers = { ...given, ETag: etag, 'Accept-Ranges': 'bytes' };
  const isHead = ask.req.method === 'HEAD';
  const part = partOf(ask, file.size, etag);
  // Only that header: a client that wants no cache's answer does not want ours less.
  const isKnown = fresh({ 'if-none-match': ask.req.header('If-None-Match') }, { etag });
  if (isKnown || part === 'beyond' || isHead) await file.close();
  if (isKnown) return new Response(null, { status: 304, headers });
  if (part === 'beyond')
    return new Response(null, {
      status: 416,
      headers: { ...headers, 'Content-Length': '0', 'Content-Range': `bytes */${file.size}` },
    });
  const { start, end } = part ?? { start: 0, end: file.size - 1 };
  const range = part === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${file.size}` };
  return new Response(isHead ? null : file.content({ start, end }), {
    status: part === undefined ? 200 : 206,
    headers: { ...headers, ...range, 'Content-Type': type, 'Content-Length': String(end - start + 1) },
  });
}

/** Undefined: all of it is wanted, or several parts, which are sent as a whole. */
function partOf(ask: Ask, size: number, etag: string): ByteRange | 'beyond' | undefined {
  const asked = ask.req.header('Range');
  // Of another version than the one that the client has a part of, it wants all. HEAD knows no parts.
  if (asked === undefined || ask.req.method === 'HEAD' || (ask.req.header('If-Range') ?? etag) !== etag)
    return undefined;
  const range = readRange(asked, size);
  if (range.kind === 'part') return { start: range.from, end: range.to - 1 };
  return range.kind === 'beyond' ? 'beyond' : undefined;
}
