import { isIgnored } from '../../queue/entry-name.js';
import { perform } from '../../queue/perform.js';
import { list } from '../../queue/steps.js';
import { fine, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { readPods } from '../pods.js';
import { command, count } from '../wording.js';

/** Whether jobs that wait have somebody to hand them out, and somebody to run them. */
export function checkWork(system: DoctorSystem, patient: Patient): Verdict[] {
  const { files, locks, host } = system;
  const { layout } = patient;
  const waiting = (perform(files, list(layout.jobqueue)) ?? []).filter((name) => !isIgnored(name)).length;
  if (waiting === 0) return [fine('no job waits')];
  const owner = locks.owner(layout.dispatcherLock);
  const dispatched = owner !== undefined && host.judge(owner) !== 'dead';
  const crews = readPods(system, layout).filter(
    ({ name, liveness }) => name.kind === 'live' && liveness !== 'dead',
  );
  const what = `${count(waiting, 'job')} ${waiting === 1 ? 'waits' : 'wait'}`;
  const verdicts = [
    ...(dispatched
      ? []
      : [
          warning(
            `${what}, and nobody hands them out`,
            `start a dispatcher: ${command(patient, 'fjr-dispatcher')}`,
          ),
        ]),
    ...(crews.length > 0
      ? []
      : [
          warning(
            `${what}, and there is no worker`,
            `hire some: ${command(patient, 'fjr-recruiter', 'hire')}`,
          ),
        ]),
  ];
  return verdicts.length > 0 ? verdicts : [fine(what)];
}
