import { type Badge, badgeName, parseBadge } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { podAnswers } from '../../queue/pod-answers.js';
import { list, unlink } from '../../queue/steps.js';
import { fine, note, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { count, some } from '../wording.js';

/** Badges in `workerqueue`: each stands for a free worker of a crew that has a pod. */
export function checkAnnouncements({ files }: DoctorSystem, { layout }: Patient): Verdict[] {
  const badges: Badge[] = [];
  const foreign: string[] = [];
  for (const name of perform(files, list(layout.workerqueue)) ?? []) {
    const badge = parseBadge(name);
    if (badge !== undefined) badges.push(badge);
    else if (!name.startsWith('.')) foreign.push(name);
  }
  // A pod is never made again under its name: who has none now has none for ever.
  const gone = new Set(
    [...new Set(badges.map(({ crew }) => crew))].filter((crew) => !perform(files, podAnswers(layout, crew))),
  );
  const orphans = badges.filter(({ crew }) => gone.has(crew));
  const verdicts: Verdict[] = [];
  if (orphans.length > 0)
    verdicts.push(
      warning(
        `${count(orphans.length, 'worker')} announced of crews that are gone: ${some(orphans.map(badgeName))}`,
        'a dispatcher removes them when it would use them; so does fjr doctor --repair',
        () => {
          for (const badge of orphans) perform(files, unlink(layout.announced(badge)));
          return `removed ${count(orphans.length, 'badge')}`;
        },
      ),
    );
  if (foreign.length > 0)
    verdicts.push(
      note(
        `${some(foreign)} in ${layout.workerqueue} ${foreign.length === 1 ? 'is no badge' : 'are no badges'}`,
        'jobs belong into jobqueue; move them away',
      ),
    );
  return verdicts.length > 0 ? verdicts : [fine(`${count(badges.length, 'worker')} free`)];
}
