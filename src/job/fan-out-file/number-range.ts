/** `1..1000`: numbers at equal distances, both ends included. Kept as whole numbers of the last decimal place. */
export interface NumberRange {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Digits behind the point. */
  readonly decimals: number;
  /** Least number of digits, as in `001..100`. */
  readonly width: number;
}

const number = String.raw`-?\d{1,15}(?:\.\d{1,9})?`;
export const rangePattern = new RegExp(String.raw`^(${number})\.\.(${number})(?:\.\.(${number}))?$`);

/** `1..1000`, `0..100..5` and `0.1..0.5..0.1`, as the shell's braces have it; undefined for anything else. */
export function parseRange(text: string): NumberRange | undefined {
  const [, from, to, by] = rangePattern.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const decimals = Math.max(...[from, to, by ?? '1'].map(decimalsOf));
  const [first, last] = [scaled(from, decimals), scaled(to, decimals)];
  const size = Math.abs(scaled(by ?? '1', decimals));
  if (size === 0 || ![first, last, size].every((number) => Number.isSafeInteger(number))) return undefined;
  const step = last < first ? -size : size;
  const count = Math.floor(Math.abs(last - first) / size) + 1;
  return { first, step, count, decimals, width: widthOf(from, to) };
}

/** The how manieth number, from 0, as it is written. */
export function numberAt({ first, step, decimals, width }: NumberRange, index: number): string {
  const value = first + index * step;
  const digits = String(Math.abs(value)).padStart(Math.max(width, decimals + 1), '0');
  const sign = value < 0 ? '-' : '';
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

export function* numbersIn(range: NumberRange): Generator<string> {
  for (let index = 0; index < range.count; index++) yield numberAt(range, index);
}

function decimalsOf(number: string): number {
  return number.split('.')[1]?.length ?? 0;
}

function scaled(number: string, decimals: number): number {
  const [whole = '', fraction = ''] = number.split('.');
  return Number(whole + fraction.padEnd(decimals, '0'));
}

/** Zeros in front mean that all numbers are to have as many digits. */
function widthOf(...ends: readonly string[]): number {
  const padded = ends.some((end) => /^-?0\d/.test(end)) && ends.every((end) => !end.includes('.'));
  return padded ? Math.max(...ends.map((end) => end.replace('-', '').length)) : 0;
}
