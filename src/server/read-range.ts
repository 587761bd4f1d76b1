import type { ByteRange } from '../system/trees.js';

/**
 * The part that a header Range asks for (RFC 9110, section 14): `bytes=2-4`, `bytes=2-` or the last ones, `bytes=-3`. Undefined:
 * it is not understood, or asks for several parts, and all is sent. `beyond`: there is no such part. Libraries for this
 * take an end that is longer than the file for a mistake, which it is not.
 */
export function readRange(header: string, size: number): ByteRange | 'beyond' | undefined {
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start <= end ? { start, end } : 'beyond';
}
