import { isIgnored } from '../../queue/entry-name.js';
import { parsePodName } from '../../queue/layout.js';
import { perform } from '../../queue/perform.js';
import { list } from '../../queue/steps.js';
import { fine, note, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { ageBy } from '../server-age.js';
import { count, some } from '../wording.js';

/** Seconds after which a file that the queue passes over is not being written any more. */
const hour = 3600;

/** Names that do not belong where they are. */
export function checkNames(system: DoctorSystem, patient: Patient): Verdict[] {
  const verdicts = [
    ...judgeUndecodable(system, patient),
    ...judgePassedOver(system, patient),
    ...judgeForeign(system, patient),
  ];
  return verdicts.length > 0 ? verdicts : [fine('all belong where they are')];
}

function judgeUndecodable({ premises }: DoctorSystem, { layout }: Patient): Verdict[] {
  return [layout.jobqueue, layout.done, layout.failed].flatMap((directory) => {
    const names = premises.undecodable(directory);
    if (names.length === 0) return [];
    const hint =
      directory === layout.jobqueue
        ? 'a dispatcher moves them to failed; rename them, if they are jobs'
        : 'rename them: no program of fjr can show them';
    return [
      warning(
        `${count(names.length, 'name')} in ${directory} ${names.length === 1 ? 'is' : 'are'} not UTF-8: ${some(names)}`,
        hint,
      ),
    ];
  });
}

/** People call their jobs so, and wonder why they do not run. */
function judgePassedOver(system: DoctorSystem, patient: Patient): Verdict[] {
  const { layout } = patient;
  const age = ageBy(system, patient);
  const names = (perform(system.files, list(layout.jobqueue)) ?? []).filter(
    (name) => !name.startsWith('.') && isIgnored(name) && (age(layout.queued(name)) ?? 0) > hour,
  );
  if (names.length === 0) return [];
  return [
    note(
      `${some(names)} in ${layout.jobqueue}: names that end in ~ or .tmp are passed over`,
      'rename them, if they are jobs',
    ),
  ];
}

function judgeForeign({ files }: DoctorSystem, { layout }: Patient): Verdict[] {
  // What file servers make of files that were removed while open goes away by itself.
  const names = (perform(files, list(layout.jobpods)) ?? []).filter(
    (name) => parsePodName(name) === undefined && !/^\.(nfs|fuse_hidden|doctor-)/.test(name),
  );
  if (names.length === 0) return [];
  return [
    warning(
      `${some(names)} in ${layout.jobpods} ${names.length === 1 ? 'is no pod' : 'are no pods'}`,
      `jobs belong into ${layout.jobqueue}; move ${names.length === 1 ? 'it' : 'them'} away`,
    ),
  ];
}
