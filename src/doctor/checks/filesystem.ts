import { fine, note, type Verdict } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';

/** What kind of filesystem it is, and what follows from that. */
export function checkFilesystem({ premises }: DoctorSystem, { layout }: Patient): Verdict[] {
  const { type, source, options, shared } = premises.filesystem(layout.root);
  const name = `${type}${source === '' || source === type || source === 'none' ? '' : ` (${source})`}`;
  if (!shared) return [fine(`${name}, of this host: leases of 30 s, doorbells ring at once`)];
  const verdicts: Verdict[] = [fine(`${name}, shared: leases of 60 s, hints over the network`)];
  if (type.startsWith('nfs') && /(^|,)nocto(,|$)/.test(options))
    verdicts.push(
      note(
        'mounted with nocto: programs other than fjr see changes up to half a minute late',
        'mount it without nocto',
      ),
    );
  return verdicts;
}
