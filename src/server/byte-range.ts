/** Which part of a file is asked for, as RFC 9110 has it. */

export interface Part {
  /** The first byte. */
  readonly from: number;
  /** Behind the last one. */
  readonly to: number;
}

/** `whole`: nothing is asked for that could be understood, so that all is sent. `beyond`: it has no such bytes. */
export type RangeAsked = { readonly kind: 'whole' | 'beyond' } | ({ readonly kind: 'part' } & Part);

/** `bytes=A-B`, `bytes=A-` or `bytes=-N`, of a file of this size. Several ranges at once are not served: all is sent. */
export function readRange(header: string | undefined, size: number): RangeAsked {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') {
    if (Number(last) === 0 || size === 0) return { kind: 'beyond' };
    return { kind: 'part', from: Math.max(0, size - Number(last)), to: size };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return { kind: 'whole' };
  if (from >= size) return { kind: 'beyond' };
  return { kind: 'part', from, to: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** Where somebody who follows a file begins, whatever its length. */
export function followFrom(header: string | undefined, size: number): number {
  const [, first, last = ''] = /^bytes=(?:(\d{1,15})-|-(\d{1,15}))$/i.exec(header?.trim() ?? '') ?? [];
  if (first !== undefined) return Number(first);
  return last === '' ? 0 : Math.max(0, size - Number(last));
}
