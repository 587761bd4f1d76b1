import type { Verdict } from '../finding.js';
import { judgeClock } from '../judge-clock.js';
import type { DoctorSystem, Patient } from '../patient.js';

/** This host's clock beside the file server's. */
export function checkClock({ files }: DoctorSystem, { layout }: Patient): Verdict[] {
  return [judgeClock(files.serverAhead(layout.root) / 1000, 'here')];
}
