import {
  type CrewId,
  type Layout,
  parseCrewId,
  parsePodName,
  probePrefix,
  trialPrefix,
} from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { salvageOutput } from '../../queue/salvage-output.js';
import { list } from '../../queue/steps.js';
import type { Files } from '../../system/files.js';
import { fine, note, type Verdict } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { ageBy } from '../server-age.js';
import { count } from '../wording.js';

/** Seconds after which a thing made for a moment was left by somebody who was killed. */
const day = 86_400;
/** Seconds after which a crew that has scratch files and no pod is not being born any more. */
const hour = 3600;

/** What programs make for a moment, and leave when they are killed in it. Nothing rests on any of it. */
export function checkLeftovers(system: DoctorSystem, patient: Patient): Verdict[] {
  const verdicts = [...judgeMoments(system, patient), ...judgeScratch(system, patient)];
  return verdicts.length > 0 ? verdicts : [fine('none')];
}

const momentary = new RegExp(
  `^(${[probePrefix, trialPrefix, '.clock-', '.link-'].map(escape).join('|')})|\\.lock\\.left-`,
);

function escape(prefix: string): string {
  return prefix.replace('.', '\\.');
}

function judgeMoments(system: DoctorSystem, patient: Patient): Verdict[] {
  const { files, premises } = system;
  const { layout } = patient;
  const age = ageBy(system, patient);
  const names = (directory: string): string[] =>
    [...(perform(files, list(directory)) ?? [])].map((name) => `${directory}/${name}`);
  const drafts = names(layout.jobqueue).filter((path) => path.startsWith(layout.queued('.submit-')));
  const moments = [layout.root, layout.logs, ...layout.directories]
    .flatMap(names)
    .filter((path) => momentary.test(path.slice(path.lastIndexOf('/') + 1)));
  const old = [...new Set([...drafts, ...moments])].filter((path) => (age(path) ?? 0) > day);
  if (old.length === 0) return [];
  return [
    note(
      `${count(old.length, 'file')} of programs that were killed: ${old[0] ?? ''}${old.length > 1 ? ' …' : ''}`,
      'fjr gc --older-than 1d removes most of them; fjr doctor --repair all',
      () => {
        for (const path of old) premises.remove(path);
        return `removed ${count(old.length, 'file')}`;
      },
    ),
  ];
}

/** Scratch files of crews that have no pod, in whatever state. */
function judgeScratch(system: DoctorSystem, patient: Patient): Verdict[] {
  const { files } = system;
  const { layout } = patient;
  const scratch = scratchOwners(files, layout);
  if (scratch.length === 0) return [];
  const age = ageBy(system, patient);
  const present = new Set(
    (perform(files, list(layout.jobpods)) ?? []).map((name) => parsePodName(name)?.crew),
  );
  const left = scratch.filter((crew) => !present.has(crew) && (age(layout.scratch(crew)) ?? 0) > hour);
  if (left.length === 0) return [];
  return [
    note(
      `scratch files of ${count(left.length, 'crew')} that ${left.length === 1 ? 'is' : 'are'} gone, in ${layout.logs}`,
      'fjr doctor --repair makes logs of what was printed, and removes the rest',
      () => {
        for (const crew of left) perform(files, salvageOutput(layout, crew));
        return `made logs of what ${count(left.length, 'crew')} left`;
      },
    ),
  ];
}

function scratchOwners(files: Files, layout: Layout): CrewId[] {
  return (perform(files, list(layout.logs)) ?? []).flatMap((name) => {
    const crew = name.startsWith('.') ? parseCrewId(name.slice(1)) : undefined;
    return crew === undefined ? [] : [crew];
  });
}
