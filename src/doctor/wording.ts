import type { Patient } from './patient.js';

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The first names of a list, and how many more there are. */
export function some(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}

/** `0.02 s`, `3.2 s`, `4 min`, `2 h`, `3 days`. */
export function time(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 100) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** `12 GiB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes < 10 && unit > 0 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit] ?? ''}`;
}

/** A command line to type, for the project that is examined. */
export function command({ project }: Patient, program: string, rest = ''): string {
  return [
    program,
    ...(project === 'default' ? [] : ['--project', project]),
    ...(rest === '' ? [] : [rest]),
  ].join(' ');
}
