import { parseDuration } from '../job/quantities.js';

/**
 * A time limit as Slurm reads it: minutes, M:S, H:M:S, D-H, D-H:M, D-H:M:S; and with units as in job files: 90m, 12h.
 * Returns whole minutes, the unit of Slurm's limits.
 */
export function parseTimeLimit(text: string): number | 'UNLIMITED' | undefined {
  if (/^(unlimited|infinite)$/i.test(text)) return 'UNLIMITED';
  const seconds = slurmSeconds(text) ?? (/[smhd]/i.test(text) ? parseDuration(text) : undefined);
  return seconds === undefined || seconds <= 0 ? undefined : Math.ceil(seconds / 60);
}

function slurmSeconds(text: string): number | undefined {
  const match = /^(?:(\d{1,5})-)?(\d{1,9})(?::(\d{1,9}))?(?::(\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const [days, first, second, third] = match.slice(1).map((part: string | undefined) => part && Number(part));
  const [hours, minutes, rest] =
    days !== undefined || third !== undefined ? [first, second, third] : [0, first, second];
  const sum = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(rest ?? 0);
  return Number(days ?? 0) * 86_400 + sum;
}
