import { fine, note, type Verdict, warning } from './finding.js';
import { time } from './wording.js';

/** Seconds that nobody notices; some file servers tell whole seconds only. */
const unnoticed = 2;
/** Seconds that make the order of journals' lines, and the dates of logs, misleading. */
const misleading = 60;

/** `ahead`: seconds by which the file server's clock is ahead of the host's. No decision of fjr compares clocks. */
export function judgeClock(ahead: number, where: 'here' | 'there'): Verdict {
  const off = Math.abs(ahead);
  if (off < unnoticed) return fine("within 2 s of the file server's");
  const what = `the clock is ${time(off)} ${ahead > 0 ? 'behind' : 'ahead of'} the file server's`;
  if (off < misleading) return note(`${what}; jobs do not mind, but dates of logs may look odd`);
  return warning(
    `${what}; jobs do not mind, but make, and who reads journals and logs, may be misled`,
    `let the network set the clock ${where}: timedatectl set-ntp true`,
  );
}
