import { fine, type Verdict, warning } from '../finding.js';
import type { DoctorSystem, Patient } from '../patient.js';
import { readPods } from '../pods.js';
import { command, count } from '../wording.js';

/** Two versions in one project might not understand each other's files. */
export function checkVersions(system: DoctorSystem, patient: Patient): Verdict[] {
  const files = readPods(system, patient.layout).flatMap(({ file }) => (file === undefined ? [] : [file]));
  const others = files.filter(({ version }) => version !== patient.version);
  if (others.length === 0)
    return [
      fine(`fjr ${patient.version} here${files.length > 0 ? ` and in ${count(files.length, 'crew')}` : ''}`),
    ];
  return others.map(({ id, host, version }) =>
    warning(
      `crew ${id} on ${host} runs fjr ${version}, and this is ${patient.version}`,
      `install one version everywhere; then ${command(patient, 'fjr-recruiter', 'fire --drain')}, and hire again`,
    ),
  );
}
