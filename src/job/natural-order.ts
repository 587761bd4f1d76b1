/**
 * A key whose plain string order is natural order: `job2` before `job10`. Each run of digits is put behind its own
 * length (without leading zeros), so that longer numbers sort later; the name itself breaks ties (`a01`, `a1`).
 */
export function naturalKey(name: string): string {
  return `${name.replace(/\d+/g, lengthThenDigits)}\u0000${name}`;
}

function lengthThenDigits(digits: string): string {
  const significant = digits.replace(/^0+(?=\d)/, '');
  // Offset by '0': numbers keep the place among other characters that a digit had.
  return String.fromCharCode(0x30 + Math.min(significant.length, 0x7000)) + significant;
}

/** Orders names as people count: -1, 0 or 1. */
export function compareNatural(a: string, b: string): number {
  const keyA = naturalKey(a);
  const keyB = naturalKey(b);
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}
