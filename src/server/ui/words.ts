import type { JobState } from './api.js';

/** How numbers and times are written; all of it in one place, so that it reads the same everywhere. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 12,345: with a thin space, which takes less room than a comma and cannot be taken for a decimal point. */
export function count(value: number): string {
  return whole.format(value).replaceAll(',', '\u202f');
}

export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `0.4 s`, `12 s`, `3 m 05 s`, `2 h 07 m`, `3 d 4 h` */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 10 && seconds % 1 !== 0) return `${seconds.toFixed(1)} s`;
  const rest = Math.floor(seconds);
  if (rest < 60) return `${rest} s`;
  if (rest < 3600) return `${Math.floor(rest / 60)} m ${two(rest % 60)} s`;
  if (rest < 86_400) return `${Math.floor(rest / 3600)} h ${two(Math.floor((rest % 3600) / 60))} m`;
  return `${Math.floor(rest / 86_400)} d ${Math.floor((rest % 86_400) / 3600)} h`;
}

/** The same for what goes on: whole seconds, which do not flicker. */
export function elapsed(milliseconds: number): string {
  return duration(Math.floor(Math.max(0, milliseconds) / 1000) * 1000);
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let unit = -1;
  let scaled = value;
  do {
    scaled /= 1000;
    unit += 1;
  } while (scaled >= 999.5 && unit < units.length - 1);
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit] ?? ''}`;
}

/** `14:05:09`, and the day before it if that is another one. */
export function moment(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const time = clockTime(at);
  return at.toDateString() === now.toDateString() ? time : `${day(at)} ${time}`;
}

export function clockTime(at: Date, withSeconds = true): string {
  const parts = [at.getHours(), at.getMinutes(), ...(withSeconds ? [at.getSeconds()] : [])];
  return parts.map(two).join(':');
}

function day(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Control characters, and those that turn the direction of what stands beside them. */
// eslint-disable-next-line no-control-regex
const unseen = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A name of which nothing is hidden: what would not show, or would make the rest show otherwise, is spelled out. */
export function readable(name: string): string {
  return name.replaceAll(unseen, (character) => {
    const code = character.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** A state is told by its sign's shape and its word; the colour comes last. */
export const signs: Readonly<Record<JobState, string>> = {
  waiting: '○',
  assigned: '◔',
  running: '●',
  done: '✓',
  failed: '✕',
};
