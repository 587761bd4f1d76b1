import { fault, fine, type Verdict } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { some } from '../wording.js';

/** All directories are there, and on one filesystem: jobs move between them by rename. */
export function checkDirectories({ premises, files }: DoctorSystem, { layout }: Patient): Verdict[] {
  const seen = layout.directories.map((path) => ({ path, fixture: premises.look(path) }));
  const missing = seen.filter(({ fixture }) => fixture === undefined).map(({ path }) => path);
  const wrong = seen.filter(({ fixture }) => fixture !== undefined && fixture.kind !== 'directory');
  const home = premises.look(layout.root)?.device;
  const apart = seen.filter(({ fixture }) => fixture?.kind === 'directory' && fixture.device !== home);
  const verdicts: Verdict[] = [];
  if (missing.length > 0)
    verdicts.push(
      fault(
        `${some(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`,
        `mkdir -m 700 ${missing.join(' ')}`,
        () => {
          for (const path of missing) files.ensureDirectory(path);
          return `made ${missing.join(', ')}`;
        },
      ),
    );
  for (const { path } of wrong)
    verdicts.push(fault(`${path} is no directory`, 'move it away, and run this again with --repair'));
  for (const { path } of apart)
    verdicts.push(
      fault(
        `${path} lies on another filesystem than ${layout.root}`,
        'move it there: jobs move between the directories by rename',
      ),
    );
  return verdicts.length > 0 ? verdicts : [fine(`all ${seen.length} are there, on one filesystem`)];
}
