/** Readers for the quantities people write in job files; each returns undefined for what it cannot read. */

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** `90`, `90s`, `1.5h`, `1h30m`, `2d` → seconds. */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(compact)) return Number(compact);
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(compact)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of compact.matchAll(/(\d+(?:\.\d+)?)([smhd])/g))
    seconds += Number(number) * (secondsPerUnit[unit ?? ''] ?? NaN);
  return seconds;
}

const powerPerUnit: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/** `512M`, `4G`, `4GiB`, `1.5 GB`, `1048576` → bytes. All units are powers of 1024, as memory is. */
export function parseMemory(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * 1024 ** (powerPerUnit[(match[2] ?? '').toLowerCase()] ?? NaN));
}

/** A whole number from `least` to `most`. */
export function parseWhole(text: string, least: number, most: number): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(text.trim())) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}
