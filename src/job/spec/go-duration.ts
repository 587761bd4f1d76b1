/** Seconds in each of the units that Go's durations know. */
const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** `1h30m`, `1.5s`, `250ms`, `0` → seconds, as Go's time.ParseDuration reads them; undefined for what it refuses. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign = '', amount = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (amount === '0') return 0;
  if (amount === '' || amount.replace(part, '') !== '') return undefined;
  let seconds = 0;
  for (const [, number, unit = ''] of amount.matchAll(part)) seconds += Number(number) * (units[unit] ?? NaN);
  return sign === '-' ? -seconds : seconds;
}
