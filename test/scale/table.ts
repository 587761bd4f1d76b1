/** A table of Markdown whose columns are as wide as what stands in them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((word, column) =>
    Math.max(3, word.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padStart(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** A number as people read it: three digits of it, and thousands marked. */
export function inDigits(number: number): string {
  const places = Math.abs(number) >= 100 || number === 0 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  const text = number.toFixed(places);
  const [whole = '', part] = text.split('.');
  const marked = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined || Number(part) === 0 ? marked : `${marked}.${part}`;
}

export function inPercent(share: number): string {
  return `${inDigits(share * 100)}%`;
}

export function inTime(seconds: number): string {
  if (seconds < 120) return `${inDigits(seconds)} s`;
  if (seconds < 7200) return `${inDigits(seconds / 60)} min`;
  if (seconds < 172_800) return `${inDigits(seconds / 3600)} h`;
  return `${inDigits(seconds / 86_400)} d`;
}

export function inBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${inDigits(value)} ${units[unit] ?? ''}`;
}
