/** Numbers as people read them. */

/** `1,234,567` */
export function readableCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 task`, `1,200 tasks` */
export function counted(count: number, noun: string): string {
  return `${readableCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12 ms`, `1.25 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h` */
export function readableDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  // Rounded first: 59.9996 s are a minute, and not "60.0 s".
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${threeDigits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return pair(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(seconds / 3600), 24, 'd', 'h');
}

function pair(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  return `${Math.floor(amount / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** `0.012`, `1.25`, `12.5`, `125`, `1,250` */
export function threeDigits(value: number): string {
  if (value >= 1000) return readableCount(value);
  return String(Number(value.toPrecision(3)));
}

/** `12.5%` */
export function readableShare(share: number): string {
  return `${Number((100 * share).toPrecision(share < 0.0995 ? 2 : 3))}%`;
}

/** `2026-11-24 13:15:22 UTC` */
export function readableTime(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const rates = [
  { unit: 's', ms: 1000 },
  { unit: 'min', ms: 60_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'd', ms: 86_400_000 },
] as const;

/** In which unit of time a rate, in things per millisecond, is a number that one can imagine. */
export function rateUnit(perMs: number): { readonly unit: string; readonly ms: number } {
  return rates.find(({ ms }) => perMs * ms >= 1) ?? rates[3];
}

/** `12.5/s`, `3/min` */
export function readableRate(perMs: number): string {
  const { unit, ms } = rateUnit(perMs);
  return `${threeDigits(perMs * ms)}/${unit}`;
}
